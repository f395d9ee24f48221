using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Cli;

/// <summary>What the model catalog has to say of a config.</summary>
internal static class ModelFindings
{
    public static IReadOnlyList<ConfigFinding> Of(LoadedConfig loaded)
    {
        var findings = new List<ConfigFinding>();
        ModelCatalog.Build(loaded.Config, loaded.Environment, PriceBook.Embedded, TimeProvider.System.GetUtcNow(), findings);
        return findings;
    }
}
