using System.CommandLine;
using System.Text.Json;
using Gateway.Cli;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Cli;

/// <summary>What <c>gateway compat</c> prints.</summary>
public sealed class CompatCommandTests
{
    private static string Run(params string[] arguments)
    {
        using var output = new StringWriter();
        Assert.That(CompatCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output }), Is.Zero);
        return output.ToString();
    }

    [Test]
    public void TheTableHasARowForEachFeatureAndAColumnForEachFormat()
    {
        var lines = Run().Split('\n');
        Assert.That(lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..], Is.EqualTo(HubDialects.Providers.Select(half => half.Name)));
        foreach (var feature in Enum.GetNames<Feature>())
        {
            var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(feature);
            Assert.That(lines.Count(line => line.StartsWith(name + " ", StringComparison.Ordinal)), Is.EqualTo(1), name);
        }
    }

    [Test]
    public void TheJsonSaysWhatTheTablesOfTheCodeSay()
    {
        var json = JsonDocument.Parse(Run("--format", "json")).RootElement;
        foreach (var (name, half) in HubDialects.Providers)
        {
            foreach (var feature in Enum.GetValues<Feature>())
            {
                Assert.That(
                    json.GetProperty(name).GetProperty(JsonNamingPolicy.SnakeCaseLower.ConvertName(feature.ToString())).GetString(),
                    Is.EqualTo(half.Features[feature].ToString()).IgnoreCase);
            }
        }
    }
}
