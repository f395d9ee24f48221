using System.Buffers;
using Microsoft.ML.Tokenizers;

namespace Gateway.Dialects;

/// <summary>
/// Counts the text of a request with the model's own tokenizer, for <c>token_counting: exact</c>. OpenAI's are known (o200k_base,
/// cl100k_base), at OpenAI and at Azure; Anthropic's, Google's and others' are not public or not built in, and there bytes stay the bound.
/// A tokenizer takes 20 to 50 MB and half a second to load, so the first request that asks for one starts that in the background;
/// until it is there, bytes count.
/// </summary>
public static class TokenCounter
{
    /// <summary>Larger bodies count by their bytes: so much prose takes a tokenizer 0.05 s, random letters 0.3 s.</summary>
    public const int MostBytes = 1 << 20;

    private static readonly Lazy<Task<TiktokenTokenizer>> O200k = Loading("o200k_base");
    private static readonly Lazy<Task<TiktokenTokenizer>> Cl100k = Loading("cl100k_base");

    /// <summary>By https://github.com/openai/tiktoken/blob/main/tiktoken/model.py; what it does not name counts by its bytes.</summary>
    private static readonly (string Family, Lazy<Task<TiktokenTokenizer>> Tokenizer)[] Families =
    [
        ("gpt-4o", O200k), ("chatgpt-4o", O200k), ("gpt-4.1", O200k), ("gpt-4.5", O200k), ("gpt-5", O200k),
        ("o1", O200k), ("o3", O200k), ("o4-mini", O200k),
        ("gpt-4", Cl100k), ("gpt-3.5-turbo", Cl100k), ("gpt-35-turbo", Cl100k), ("davinci-002", Cl100k), ("babbage-002", Cl100k),
        ("text-embedding-3", Cl100k), ("text-embedding-ada-002", Cl100k),
    ];

    /// <summary>
    /// The size of a body's input with the text counted, or as it is by bytes where that is less, the tokenizer is not known or not
    /// loaded, or the body is too large. Never less than what OpenAI counts for its chat format.
    /// </summary>
    /// <param name="model">The model's name at OpenAI; for Azure the base model. Elsewhere a name says nothing of the tokenizer.</param>
    /// <param name="byBytes">What <see cref="InputBound"/> found in the same body.</param>
    public static InputSize Measure(ReadOnlySequence<byte> body, string model, in InputSize byBytes)
    {
        if (body.Length > MostBytes || Find(model) is not { Value.IsCompletedSuccessfully: true } loaded)
            return byBytes;
        var chars = ArrayPool<char>.Shared.Rent((int)body.Length);
        try
        {
            var counted = InputBound.CountText(body, new(loaded.Value.Result, chars));
            return byBytes with { TextAtMost = Math.Min(byBytes.TextAtMost, counted) };
        }
        catch (InvalidOperationException)
        {
            return byBytes; // half of a surrogate pair, or no UTF-8: there is no saying what the provider makes of it
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }
    }

    /// <summary>Loads the model's tokenizer. False: it is not known.</summary>
    public static async Task<bool> LoadAsync(string model)
    {
        if (Find(model) is not { } tokenizer)
            return false;
        await tokenizer.Value;
        return true;
    }

    private static Lazy<Task<TiktokenTokenizer>>? Find(string model)
    {
        var name = ModelNames.Bare(model);
        foreach (var (family, tokenizer) in Families)
        {
            if (ModelNames.IsOf(name, family))
                return tokenizer;
        }
        return null;
    }

    private static Lazy<Task<TiktokenTokenizer>> Loading(string encoding) =>
        new(() => Task.Run(() => TiktokenTokenizer.CreateForEncoding(encoding)));
}
