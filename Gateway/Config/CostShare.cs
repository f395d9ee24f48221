using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>A discount or a margin on what a provider's answers cost: <c>cost_discount_config</c>, <c>cost_margin_config</c>.</summary>
/// <param name="Provider">LiteLLM's prefix, or <see cref="EveryProvider"/>.</param>
/// <param name="Percentage">A share of the cost: 0.05 is 5 %.</param>
/// <param name="FixedAmount">USD per request.</param>
public sealed record CostShare(string Provider, decimal Percentage, decimal FixedAmount)
{
    /// <summary>The name under which a margin holds for all providers that have none of their own.</summary>
    public const string EveryProvider = "global";

    /// <summary>More than 1,000 % is 10 written for 10 %; LiteLLM's limit too.</summary>
    private const decimal MostMargin = 10;

    /// <summary>No request is worth more on top than this.</summary>
    private const decimal MostFixed = 1000;

    /// <summary>Where it stands, for messages.</summary>
    public string File { get; init; } = "";
    public int Line { get; init; }
    public string Path { get; init; } = "";

    /// <summary><c>{openai: 0.05}</c>: a share of the cost that is taken off.</summary>
    internal static ImmutableArray<CostShare> ReadDiscounts(YamlSection s) =>
        Read(s, "cost_discount_config", (section, provider) => section.Fraction(provider, 1) is { } share ? (share, 0) : null);

    /// <summary><c>{global: 0.1, openai: {percentage: 0.08, fixed_amount: 0.0005}}</c>: what is put on.</summary>
    internal static ImmutableArray<CostShare> ReadMargins(YamlSection s) => Read(s, "cost_margin_config", (section, provider) =>
    {
        if (section.Node(provider) is not YamlMap)
            return section.Fraction(provider, MostMargin) is { } share ? (share, 0) : null;
        var margin = section.Section(provider, ConfigSections.CostMargin)!;
        var read = ReadMargin(margin);
        margin.ReportUnread();
        return read;
    });

    internal static (decimal Percentage, decimal FixedAmount) ReadMargin(YamlSection s) =>
        (s.Fraction("percentage", MostMargin) ?? 0, s.Fraction("fixed_amount", MostFixed) ?? 0);

    private static ImmutableArray<CostShare> Read(
        YamlSection s, string key, Func<YamlSection, string, (decimal Percentage, decimal FixedAmount)?> read)
    {
        if (s.Section(key, ConfigSections.Any) is not { } section)
            return [];
        var shares = ImmutableArray.CreateBuilder<CostShare>();
        foreach (var entry in section.Map.Entries)
        {
            if (read(section, entry.Key) is var (percentage, amount))
            {
                shares.Add(new CostShare(entry.Key, percentage, amount)
                {
                    File = entry.File,
                    Line = entry.Line,
                    Path = section.PathOf(entry.Key),
                });
            }
        }
        return shares.ToImmutable();
    }
}
