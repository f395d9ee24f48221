namespace Gateway.Dialects;

/// <summary>The most output tokens that a drawn picture is billed at, with up to three partial ones and the words around it.</summary>
public static class ImageOutput
{
    /// <summary>
    /// gpt-image-1, its mini and 1.5 draw 6,240 tokens at most (1024 × 1536, high) and 100 for each partial picture:
    /// platform.openai.com/docs/guides/image-generation.
    /// </summary>
    private const long OfFirst = 8_192;

    /// <summary>Later ones draw up to 3840 × 2160 pixels: at the same tokens for a pixel some 33,000.</summary>
    private const long OfOthers = 40_960;

    /// <summary>The most tokens of one picture.</summary>
    /// <param name="model">A name as providers write it.</param>
    public static long AtMost(string model) =>
        ModelNames.Bare(model).StartsWith("gpt-image-1", StringComparison.OrdinalIgnoreCase) ? OfFirst : OfOthers;
}
