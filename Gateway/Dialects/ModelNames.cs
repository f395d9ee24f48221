namespace Gateway.Dialects;

/// <summary>Tells the family of a model by the name that providers write.</summary>
internal static class ModelNames
{
    /// <summary>A fine-tuned model of OpenAI's: <c>ft:gpt-4o-mini:company::id</c>.</summary>
    private const string FineTuned = "ft:";

    /// <summary>The name without a vendor or path before it.</summary>
    public static ReadOnlySpan<char> Bare(ReadOnlySpan<char> model)
    {
        var name = model[(model.LastIndexOf('/') + 1)..];
        return name.StartsWith(FineTuned, StringComparison.OrdinalIgnoreCase) ? name[FineTuned.Length..] : name;
    }

    /// <summary>
    /// True when the name is the family's or a variant of it (<c>o1-pro</c>, <c>gpt-4o:extended</c>), and not that of a later one
    /// (<c>gpt-5.4</c> is no <c>gpt-5</c>). A family that ends with a point stands for all versions after it.
    /// </summary>
    public static bool IsOf(ReadOnlySpan<char> name, string family) =>
        name.StartsWith(family, StringComparison.OrdinalIgnoreCase)
        && (name.Length == family.Length || family[^1] == '.' || name[family.Length] is '-' or ':' or '@');
}
