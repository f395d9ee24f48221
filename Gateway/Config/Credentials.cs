namespace Gateway.Config;

/// <summary><c>credential_list</c>: sets of settings that deployments share by name.</summary>
internal sealed class Credentials
{
    private readonly Dictionary<string, YamlMap> _byName = [];

    /// <summary>Takes one entry of the list.</summary>
    public void Add(YamlSection s)
    {
        var name = s.Text("credential_name");
        var values = s.Node("credential_values") as YamlMap;
        if (name is not null && values is not null)
            _byName[name] = values;
        else if (s.Map.Entries.Count > 0)
            s.Report(FindingKind.Invalid, "needs credential_name and a map credential_values; it is left out");
        s.ReportUnread();
    }

    /// <summary>The parameters with those of the credential that they name. As in LiteLLM, a deployment's own win.</summary>
    public YamlSection Apply(YamlSection parameters)
    {
        if (parameters.Text("litellm_credential_name") is not { } name)
            return parameters;
        if (!_byName.TryGetValue(name, out var values))
        {
            parameters.Report(FindingKind.Invalid, "litellm_credential_name", "names no entry of credential_list");
            return parameters;
        }
        var missing = values.Entries.Where(entry => parameters.Map.Find(entry.Key) is null);
        return parameters.With(new YamlMap([.. parameters.Map.Entries, .. missing], parameters.Map.File, parameters.Map.Line));
    }
}
