using System.Text.Json;
using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>Puts a config's price map in front of a price book.</summary>
internal static class ConfiguredPrices
{
    /// <summary>The book with the map; the book itself where the config names none.</summary>
    /// <param name="file">What the config names. Null: nothing.</param>
    /// <param name="prices">The book.</param>
    /// <param name="findings">Grows by the map's entries that are left out.</param>
    public static PriceBook Over(PriceMapFile? file, PriceBook prices, List<ConfigFinding> findings)
    {
        if (file is null)
            return prices;
        var problems = new List<string>();
        try
        {
            return prices.With(PriceMap.Read(file.Json, file.Name, problems));
        }
        catch (JsonException e)
        {
            problems.Add($"{e.Message}; no price of it counts");
            return prices;
        }
        finally
        {
            findings.AddRange(problems.Select(problem => new ConfigFinding(FindingKind.Invalid, file.File, 0, "", problem)));
        }
    }
}
