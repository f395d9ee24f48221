using Microsoft.ML.Tokenizers;

namespace Gateway.Tests.Dialects;

/// <summary>What OpenAI counts, by its tokenizers and its cookbook (How_to_count_tokens_with_tiktoken).</summary>
internal static class RealTokenizers
{
    public static readonly Tokenizer O200k = TiktokenTokenizer.CreateForEncoding("o200k_base");
    public static readonly Tokenizer Cl100k = TiktokenTokenizer.CreateForEncoding("cl100k_base");
    public static readonly Tokenizer[] All = [O200k, Cl100k];

    /// <summary>
    /// The tokens of a text. A control token in it is text to OpenAI's service, and one token to the library; cut between its punctuation
    /// and its letters, where both encodings cut, it is text to both.
    /// </summary>
    public static long Count(this Tokenizer tokenizer, string text)
    {
        var (sum, start) = (0L, 0);
        for (var cut = text.IndexOf("<|end", StringComparison.Ordinal); cut >= 0; cut = text.IndexOf("<|end", start, StringComparison.Ordinal))
        {
            sum += tokenizer.CountTokens(text[start..(cut + 2)]);
            start = cut + 2;
        }
        return sum + tokenizer.CountTokens(text[start..]);
    }

    /// <summary>A conversation of messages.</summary>
    public static long CountChat(Tokenizer tokenizer, params (string Role, string Content)[] messages) =>
        3 + messages.Sum(message => 3L + tokenizer.Count(message.Role) + tokenizer.Count(message.Content));

    /// <summary>A function whose properties are strings with a description and some values.</summary>
    public static long CountTool(Tokenizer tokenizer, ToolCase tool) =>
        12 + 10 + tokenizer.Count($"{tool.Name}:{tool.Description}") + 3 + tool.Properties.Sum(property =>
            3L + tokenizer.Count($"{property}:string:{tool.Description}") + tool.Values.Sum(value => 3L + tokenizer.Count(value)));
}
