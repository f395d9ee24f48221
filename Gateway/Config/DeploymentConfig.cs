namespace Gateway.Config;

/// <summary>One entry of <c>model_list</c>.</summary>
public sealed record DeploymentConfig
{
    public required string ModelName { get; init; }
    public required LiteLlmParams Params { get; init; }
    public ModelInfo Info { get; init; } = new();

    /// <summary>Where the entry stands, for messages: its file, its line and its place in the list.</summary>
    public required string File { get; init; }
    public required int Line { get; init; }
    public string Path { get; init; } = "model_list[]";

    /// <summary>
    /// One deployment, or one for each organization when a list of them is given. None, with a finding, when there is no
    /// model name or no model: then LiteLLM leaves the entry out too.
    /// </summary>
    /// <param name="s">The entry.</param>
    /// <param name="credentials">The settings that entries share.</param>
    /// <param name="leftOut">Grows by the name, when the entry is left out for want of an environment variable.</param>
    internal static IEnumerable<DeploymentConfig> Read(YamlSection s, Credentials credentials, List<string> leftOut)
    {
        var name = s.Text("model_name");
        var infoSection = s.Section("model_info", ConfigSections.Info);
        var info = infoSection is null ? new ModelInfo() : ModelInfo.Read(infoSection);
        var infoPrice = infoSection is null ? new CustomPrice() : CustomPrice.Read(infoSection);
        var paramsSection = s.Section("litellm_params", ConfigSections.Params);
        var rpm = s.Whole("rpm");
        var tpm = s.Whole("tpm");
        infoSection?.ReportUnread();
        s.ReportUnread();
        if (name is null)
            Skip(s, "model_name");
        if (paramsSection is null)
        {
            s.Report(FindingKind.Invalid, "has no litellm_params; the entry is left out");
            return [];
        }
        paramsSection = credentials.Apply(paramsSection);
        var parameters = LiteLlmParams.Read(paramsSection, info, infoPrice);
        paramsSection.ReportUnread();
        if (parameters is null)
            Skip(paramsSection, "model");
        if (name is not null && parameters is null && paramsSection.Blame("model") == FindingKind.MissingVariable)
            leftOut.Add(name);
        if (name is null || parameters is null)
            return [];

        // LiteLLM's order: the entry's own limits, then those of litellm_params, then those of model_info.
        parameters = parameters with { Rpm = rpm ?? parameters.Rpm, Tpm = tpm ?? parameters.Tpm };
        var organizations = paramsSection.Words("organization") ?? [];
        return (organizations is [] ? [null] : organizations.Cast<string?>()).Select(organization => new DeploymentConfig
        {
            ModelName = name,
            Params = parameters with { Organization = organization },
            Info = info,
            File = s.Map.File,
            Line = s.Map.Line,
            Path = s.Path,
        });
    }

    /// <summary>Says that an entry is left out, and blames a missing variable where that is why.</summary>
    private static void Skip(YamlSection s, string key)
    {
        if (!s.Has(key) || s.Node(key) is YamlScalar { Text: "" })
            s.Report(FindingKind.Invalid, $"has no {key}; the entry is left out");
        else
            s.Report(s.Blame(key), $"the entry is left out, as its {key} came to nothing");
    }
}
