using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>Prices of a deployment's own, in USD; null: not given. From litellm_params, else model_info.</summary>
public sealed record CustomPrice
{
    public decimal? InputCostPerToken { get; init; }
    public decimal? OutputCostPerToken { get; init; }
    public decimal? CacheReadInputTokenCost { get; init; }
    public decimal? CacheCreationInputTokenCost { get; init; }
    public decimal? CacheCreationInputTokenCostAbove1Hr { get; init; }
    public decimal? InputCostPerAudioToken { get; init; }
    public decimal? OutputCostPerAudioToken { get; init; }
    public decimal? OutputCostPerReasoningToken { get; init; }
    public decimal? InputCostPerRequest { get; init; }
    public decimal? InputCostPerSecond { get; init; }
    public decimal? OutputCostPerSecond { get; init; }

    /// <summary>
    /// Prices for long prompts (<c>…_above_200k_tokens</c>, <c>tiered_pricing</c>), for an urgency (<c>…_flex</c>, <c>…_priority</c>,
    /// <c>…_batches</c>) and for images, in file order, each <see cref="PriceField"/> once.
    /// </summary>
    public ImmutableArray<CustomTierPrice> Further { get; init; } = [];

    internal static CustomPrice Read(YamlSection s) => new()
    {
        InputCostPerToken = s.Usd("input_cost_per_token"),
        OutputCostPerToken = s.Usd("output_cost_per_token"),
        CacheReadInputTokenCost = s.Usd("cache_read_input_token_cost"),
        CacheCreationInputTokenCost = s.Usd("cache_creation_input_token_cost"),
        CacheCreationInputTokenCostAbove1Hr = s.Usd("cache_creation_input_token_cost_above_1hr"),
        InputCostPerAudioToken = s.Usd("input_cost_per_audio_token"),
        OutputCostPerAudioToken = s.Usd("output_cost_per_audio_token"),
        OutputCostPerReasoningToken = s.Usd("output_cost_per_reasoning_token"),
        InputCostPerRequest = s.Usd("input_cost_per_request"),
        InputCostPerSecond = s.Usd("input_cost_per_second"),
        OutputCostPerSecond = s.Usd("output_cost_per_second"),
        Further = ReadFurther(s),
    };

    /// <summary>These prices, with the other's where one is not given.</summary>
    internal CustomPrice Or(CustomPrice other) => new()
    {
        InputCostPerToken = InputCostPerToken ?? other.InputCostPerToken,
        OutputCostPerToken = OutputCostPerToken ?? other.OutputCostPerToken,
        CacheReadInputTokenCost = CacheReadInputTokenCost ?? other.CacheReadInputTokenCost,
        CacheCreationInputTokenCost = CacheCreationInputTokenCost ?? other.CacheCreationInputTokenCost,
        CacheCreationInputTokenCostAbove1Hr = CacheCreationInputTokenCostAbove1Hr ?? other.CacheCreationInputTokenCostAbove1Hr,
        InputCostPerAudioToken = InputCostPerAudioToken ?? other.InputCostPerAudioToken,
        OutputCostPerAudioToken = OutputCostPerAudioToken ?? other.OutputCostPerAudioToken,
        OutputCostPerReasoningToken = OutputCostPerReasoningToken ?? other.OutputCostPerReasoningToken,
        InputCostPerRequest = InputCostPerRequest ?? other.InputCostPerRequest,
        InputCostPerSecond = InputCostPerSecond ?? other.InputCostPerSecond,
        OutputCostPerSecond = OutputCostPerSecond ?? other.OutputCostPerSecond,
        Further = Joined(Further, other.Further),
    };

    public bool IsEmpty => Equals(Empty);
    private static readonly CustomPrice Empty = new();

    /// <summary>The keys that are made of several parts, so that nobody can ask for each of them by name.</summary>
    private static ImmutableArray<CustomTierPrice> ReadFurther(YamlSection s)
    {
        var further = ImmutableArray.CreateBuilder<CustomTierPrice>();
        foreach (var entry in s.Unread().ToArray())
        {
            if (PriceField.TryRead(entry.Key, out var field) && s.Usd(entry.Key) is { } usd)
                further.Add(new CustomTierPrice(entry.Key, field, usd));
        }
        foreach (var tier in s.Sections("tiered_pricing", ConfigSections.TieredPricing))
            further.AddRange(ReadTier(tier));
        return Joined(further.ToImmutable(), []);
    }

    /// <summary><c>{range: [32000, 128000], input_cost_per_token: …}</c>: holds above the start of its range.</summary>
    private static IEnumerable<CustomTierPrice> ReadTier(YamlSection tier)
    {
        if (tier.Words("range") is not [var from, ..] || !ScalarText.TryWhole(from, out var above) || above is < 0 or > MostTokens)
        {
            tier.Report(FindingKind.Invalid, "range", "must be two numbers of tokens, as [0, 32000]; the tier is left out");
            yield break;
        }
        foreach (var entry in tier.Map.Entries)
        {
            if (PriceField.TryRead(entry.Key, out var field) && field is { IsPerToken: true, Above: 0 } && tier.Usd(entry.Key) is { } usd)
                yield return new CustomTierPrice($"tiered_pricing.{entry.Key}", field with { Above = above }, usd);
        }
        tier.ReportUnread();
    }

    private static ImmutableArray<CustomTierPrice> Joined(ImmutableArray<CustomTierPrice> first, ImmutableArray<CustomTierPrice> second) =>
        [.. first.Concat(second).DistinctBy(price => price.Field)];

    /// <summary>Far above any model's window.</summary>
    private const long MostTokens = 1_000_000_000_000;

    /// <summary>Compares by value, lists too: two readings of one entry are one price.</summary>
    public bool Equals(CustomPrice? other) => other is not null && Further.SequenceEqual(other.Further) && Plain == other.Plain;

    public override int GetHashCode() => HashCode.Combine(Plain, Further.Length);

    private (decimal?, decimal?, decimal?, decimal?, decimal?, decimal?, decimal?, decimal?, decimal?, decimal?, decimal?) Plain =>
        (InputCostPerToken, OutputCostPerToken, CacheReadInputTokenCost, CacheCreationInputTokenCost, CacheCreationInputTokenCostAbove1Hr,
            InputCostPerAudioToken, OutputCostPerAudioToken, OutputCostPerReasoningToken, InputCostPerRequest, InputCostPerSecond,
            OutputCostPerSecond);
}
