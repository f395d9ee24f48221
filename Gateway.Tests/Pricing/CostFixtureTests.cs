using System.Globalization;
using System.Runtime.CompilerServices;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;
using Gateway.Tests.Config;

namespace Gateway.Tests.Pricing;

/// <summary>Costs that were computed by hand (Costs.txt), against what config text, catalog and price book make of them.</summary>
public sealed class CostFixtureTests
{
    private static IEnumerable<TestCaseData> Cases() => File.ReadLines(InFolder("Costs.txt"))
        .Select((line, number) => (line, number))
        .Where(l => l.line.Length > 0 && l.line[0] != '#')
        .Select(l => new TestCaseData([.. l.line.Split('|').Select(column => column.Trim()).Take(5)])
            .SetArgDisplayNames($"line {l.number + 1}"));

    [TestCaseSource(nameof(Cases))]
    public void ACostIsWhatTheArithmeticSays(string model, string at, string usage, string settings, string cost)
    {
        var time = DateTimeOffset.Parse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        var counts = usage.Split(' ').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
        var catalog = Load(model, settings, time);
        var deployment = catalog.Deployments.Single();
        var price = catalog.PriceFor(deployment, deployment.UpstreamModel, time);
        var service = Enum.Parse<ServiceTier>(counts.GetValueOrDefault("tier", "standard"), ignoreCase: true);
        var seconds = TimeSpan.FromSeconds(double.Parse(counts.GetValueOrDefault("seconds", "0"), CultureInfo.InvariantCulture));
        Assert.That(price?.CostOf(UsageOf(counts), seconds, service).ToString() ?? "unknown", Is.EqualTo(cost));
    }

    [Test]
    public void ThereAreSixtyCasesAtLeast() => Assert.That(Cases().Count(), Is.GreaterThanOrEqualTo(60));

    private static ModelCatalog Load(string model, string settings, DateTimeOffset time)
    {
        var given = settings.Split("; ", StringSplitOptions.RemoveEmptyEntries).ToDictionary(part => part[0], part => part[2..]);
        var yaml = $$"""
            model_list:
            - model_name: m
              litellm_params: {model: "{{model}}", mock_response: x{{Also('p')}}}
              model_info: {mode: chat{{Also('i')}}}
            litellm_settings: {drop_params: false{{Also('s').Replace("MAP", InFolder("overlay.json"))}}}
            """;
        var loaded = ConfigText.Read(yaml);
        var findings = new List<ConfigFinding>(loaded.Findings);
        var catalog = ModelCatalog.Build(loaded.Config, loaded.Environment, PriceBook.Embedded, time, findings);
        Assert.That(findings, Is.Empty);
        return catalog;

        string Also(char section) => given.TryGetValue(section, out var text) ? ", " + text : "";
    }

    private static Usage UsageOf(Dictionary<string, string> counts)
    {
        return new Usage
        {
            Input = Of("in"),
            CachedRead = Of("cached"),
            CacheWrite = Of("write"),
            CacheWriteHour = Of("write1h"),
            InputAudio = Of("audioin"),
            InputImage = Of("imagein"),
            Output = Of("out"),
            Reasoning = Of("reasoning"),
            OutputAudio = Of("audioout"),
            OutputImage = Of("imageout"),
        };

        long Of(string bucket) => long.Parse(counts.GetValueOrDefault(bucket, "0"), CultureInfo.InvariantCulture);
    }

    internal static string InFolder(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
