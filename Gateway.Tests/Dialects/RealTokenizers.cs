using Microsoft.ML.Tokenizers;

namespace Gateway.Tests.Dialects;

/// <summary>What OpenAI counts, by its tokenizers and its cookbook (How_to_count_tokens_with_tiktoken).</summary>
internal static class RealTokenizers
{
    /// <summary>The control tokens are none in a client's text.</summary>
    private static readonly Dictionary<string, int> NoControlTokens = [];

    public static readonly Tokenizer O200k = TiktokenTokenizer.CreateForEncoding("o200k_base", NoControlTokens);
    public static readonly Tokenizer Cl100k = TiktokenTokenizer.CreateForEncoding("cl100k_base", NoControlTokens);
    public static readonly Tokenizer[] All = [O200k, Cl100k];

    /// <summary>A conversation of messages.</summary>
    public static long CountChat(Tokenizer tokenizer, params (string Role, string Content)[] messages) =>
        3 + messages.Sum(message => 3L + tokenizer.CountTokens(message.Role) + tokenizer.CountTokens(message.Content));

    /// <summary>A function whose properties are strings with a description and some values.</summary>
    public static long CountTool(Tokenizer tokenizer, ToolCase tool) =>
        12 + 10 + tokenizer.CountTokens($"{tool.Name}:{tool.Description}") + 3 + tool.Properties.Sum(property =>
            3L + tokenizer.CountTokens($"{property}:string:{tool.Description}") + tool.Values.Sum(value => 3L + tokenizer.CountTokens(value)));
}
