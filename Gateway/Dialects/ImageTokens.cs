namespace Gateway.Dialects;

/// <summary>The most tokens that a model counts for one picture, whatever its size.</summary>
public static class ImageTokens
{
    /// <summary>
    /// The dearest of all, and what counts for a model that is not in the table: gpt-4o-mini takes 2,833 tokens and 5,667 for each of up to
    /// eight tiles (https://platform.openai.com/docs/guides/images-vision: a picture is scaled into 768 × 2,048 pixels, tiles have 512).
    /// Above what is known of others: 10,000 patches × 2.46 (OpenAI's small models, detail "original"), 16,384 (Qwen-VL), 6,404 (Llama 4).
    /// </summary>
    public const long Dearest = 2_833 + 8 * 5_667;

    /// <summary>
    /// What a name begins with, the longest first where one begins with another, and its tokens. Only models whose makers publish a cap:
    /// newer ones, which take pictures as they are (gpt-5.4 and later), and Gemini before 3, whose tiles have none, count as the dearest.
    /// OpenAI: base + eight tiles, or 1,536 patches × the model's factor. Rounded up.
    /// </summary>
    private static readonly (string Prefix, long Tokens)[] Table =
    [
        ("gpt-4o-mini", Dearest),
        ("gpt-4o", 85 + 8 * 170),
        ("chatgpt-4o", 85 + 8 * 170),
        ("gpt-4-turbo", 85 + 8 * 170),
        ("gpt-4.1-mini", 2_489), // × 1.62
        ("gpt-4.1-nano", 3_779), // × 2.46
        ("gpt-4.1", 85 + 8 * 170),
        ("gpt-4.5", 85 + 8 * 170),
        ("gpt-5-mini", 2_489),
        ("gpt-5-nano", 3_779),
        ("o4-mini", 2_642), // × 1.72
        ("o1", 75 + 8 * 150),
        ("o3", 75 + 8 * 150),

        // Width × height / 750, the longer edge scaled down to at most 2,576 pixels (1,568 before Opus 4.7): the square is the dearest.
        // https://platform.claude.com/docs/en/build-with-claude/vision; measured: 4,005 for twelve megapixels.
        ("claude", 2_576 * 2_576 / 750 + 1),

        // The finest of the resolutions that a client can ask for: https://ai.google.dev/gemini-api/docs/media-resolution.
        ("gemini-3", 2_240),
        ("gemini-3.", 2_240),
    ];

    /// <summary>The most tokens of one picture.</summary>
    /// <param name="model">A name as providers write it; a vendor before it (<c>anthropic/</c>) and <c>ft:</c> do not matter.</param>
    public static long AtMost(string model)
    {
        var name = ModelNames.Bare(model);
        foreach (var (prefix, tokens) in Table)
        {
            if (ModelNames.IsOf(name, prefix))
                return tokens;
        }
        return Dearest;
    }
}
