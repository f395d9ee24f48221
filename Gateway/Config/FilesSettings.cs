using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary><c>files_settings</c>: the accounts whose files and batches are served, one for each provider.</summary>
internal static class FilesSettings
{
    /// <summary>Reads the list; each entry is a deployment that is called without a model.</summary>
    public static ImmutableArray<DeploymentConfig> Read(YamlSection root)
    {
        var accounts = ImmutableArray.CreateBuilder<DeploymentConfig>();
        foreach (var entry in root.Sections("files_settings", ConfigSections.Files))
        {
            var provider = entry.Text("custom_llm_provider");
            var account = ReadAccount(entry, provider ?? "");
            entry.ReportUnread();
            if (provider is null)
                entry.Report(FindingKind.Invalid, "has no custom_llm_provider; the entry is left out");
            else if (accounts.Any(other => other.Params.CustomLlmProvider == provider))
                entry.Report(FindingKind.Invalid, "custom_llm_provider", "is that of an entry before this one, which is left out");
            else
                accounts.Add(account);
        }
        return accounts.ToImmutable();
    }

    private static DeploymentConfig ReadAccount(YamlSection entry, string provider) => new()
    {
        ModelName = "files_settings",
        Params = new LiteLlmParams
        {
            Model = $"{provider}/files",
            CustomLlmProvider = provider,
            ApiKey = entry.Node("api_key") is YamlScalar { Text: "" } ? null : entry.Secret("api_key"),
            ApiBase = entry.Text("api_base") ?? entry.Text("base_url"),
            ApiVersion = entry.Text("api_version"),
            Organization = entry.Text("organization"),
            Timeout = entry.Duration("timeout", zero: false),
        },
        Info = new ModelInfo { Id = $"files_settings.{provider}" },
        File = entry.Map.File,
        Line = entry.Map.Line,
        Path = entry.Path,
    };
}
