using System.Text.RegularExpressions;

namespace Gateway.Tests.Telemetry;

/// <summary>One sample of a scrape.</summary>
internal sealed record ScrapeLine(string Name, IReadOnlyDictionary<string, string> Labels, string Value)
{
    /// <summary>Name, value and sorted labels, for comparing.</summary>
    public override string ToString() =>
        $"{Name} {Value} " + string.Join(' ', Labels.Select(label => $"{label.Key}={label.Value}").Order());
}

/// <summary>The text that a scrape gives, taken apart.</summary>
internal sealed partial record ScrapeText(string Body, string ContentType)
{
    /// <summary>The samples with exactly that name.</summary>
    public ScrapeLine[] Of(string name) =>
    [
        .. Body.Split('\n').Select(line => Sample().Match(line)).Where(match => match.Groups["name"].Value == name).Select(match =>
            new ScrapeLine(name, Label().Matches(match.Groups["labels"].Value).ToDictionary(
                label => label.Groups["name"].Value, label => label.Groups["value"].Value), match.Groups["value"].Value)),
    ];

    public string[] LinesOf(string name) => [.. Of(name).Select(line => line.ToString())];

    /// <summary>The value of the only sample with that name.</summary>
    public string ValueOf(string name) => Of(name).Single().Value;

    [GeneratedRegex("""^(?<name>\w+)(\{(?<labels>.*)\})? (?<value>\S+)""")]
    private static partial Regex Sample();

    [GeneratedRegex("""(?<name>\w+)="(?<value>[^"]*)",?""")]
    private static partial Regex Label();
}
