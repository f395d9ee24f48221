namespace Gateway.Pricing;

/// <summary>The names under which a model may stand in the price data, likeliest first.</summary>
internal static class ModelNames
{
    private const string FireworksPath = "accounts/fireworks/models/";
    private const string FineTuned = "ft:";
    private const string Latest = "-latest";

    /// <summary>
    /// The name itself; without what a provider puts before it (region, API, path); then without <c>ft:</c>, then without a date
    /// or <c>-latest</c> at the end.
    /// </summary>
    public static IEnumerable<string> Of(string provider, string model)
    {
        yield return model;
        var bare = WithoutPath(provider, model);
        if (bare != model)
            yield return bare;
        if (provider == "fireworks_ai" && !bare.Contains('/'))
            yield return FireworksPath + bare;
        var trained = WithoutFineTuning(bare);
        if (trained != bare)
            yield return trained;
        var undated = WithoutDate(trained);
        if (undated != trained)
            yield return undated;
    }

    private static string WithoutPath(string provider, string model) => provider switch
    {
        // azure/eu/gpt-4o, bedrock/converse/eu.anthropic.claude…, bedrock/us-east-1/anthropic.claude…
        "azure" or "azure_ai" or "bedrock" => model[(model.LastIndexOf('/') + 1)..],
        "fireworks_ai" when model.StartsWith(FireworksPath, StringComparison.Ordinal) => model[FireworksPath.Length..],
        _ => model,
    };

    /// <summary><c>ft:gpt-4o-mini-2024-07-18:org::id</c> → <c>gpt-4o-mini-2024-07-18</c>.</summary>
    private static string WithoutFineTuning(string model)
    {
        if (!model.StartsWith(FineTuned, StringComparison.Ordinal))
            return model;
        var end = model.IndexOf(':', FineTuned.Length);
        return end < 0 ? model[FineTuned.Length..] : model[FineTuned.Length..end];
    }

    /// <summary>Takes off <c>-2024-08-06</c>, <c>-20241022</c>, <c>@20241022</c>, <c>-001</c> (Google's stable versions) and <c>-latest</c>.</summary>
    private static string WithoutDate(string model)
    {
        if (model.EndsWith(Latest, StringComparison.Ordinal))
            return model[..^Latest.Length];
        foreach (var shape in (ReadOnlySpan<string>)["-0000-00-00", "-00000000", "@00000000", "-000"])
        {
            if (model.Length > shape.Length && HasShape(model.AsSpan(model.Length - shape.Length), shape))
                return model[..^shape.Length];
        }
        return model;
    }

    private static bool HasShape(ReadOnlySpan<char> text, string shape)
    {
        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] == '0' ? !char.IsAsciiDigit(text[i]) : text[i] != shape[i])
                return false;
        }
        return true;
    }
}
