using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Tests.Catalog;

/// <summary>Builds catalogs of a few lines.</summary>
internal sealed class CatalogFixture
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private CatalogFixture(GatewayConfig config, Dictionary<string, string> environment) =>
        Catalog = ModelCatalog.Build(config, environment, PriceBook.Embedded, Now, Findings);

    public ModelCatalog Catalog { get; }
    public List<ConfigFinding> Findings { get; } = [];

    /// <summary>The findings as text, one per line, without file and line number.</summary>
    public string Said => string.Join('\n', Findings.Select(f => $"{f.Kind} {f.Path}: {f.Message}"));

    public static DeploymentConfig Entry(string name, string model, string? apiBase = "http://server:1/v1") =>
        Entry(name, new LiteLlmParams { Model = model, ApiBase = apiBase });

    public static DeploymentConfig Entry(string name, LiteLlmParams settings, ModelInfo? info = null) =>
        new() { ModelName = name, Params = settings, Info = info ?? new(), File = "config.yaml", Line = 7 };

    public static CatalogFixture Of(params DeploymentConfig[] models) => Of(new GatewayConfig { ModelList = [.. models] });

    public static CatalogFixture Of(GatewayConfig config, params (string Name, string Value)[] environment) =>
        new(config, environment.ToDictionary(e => e.Name, e => e.Value));

    public static CatalogFixture With((string Name, string Value)[] environment, params DeploymentConfig[] models) =>
        Of(new GatewayConfig { ModelList = [.. models] }, environment);
}
