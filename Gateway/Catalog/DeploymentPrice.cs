using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>Turns the prices that a deployment says itself into a <see cref="ModelPrice"/>.</summary>
internal static class DeploymentPrice
{
    /// <summary>How a price of the config is named in the ledger.</summary>
    public const string Id = "custom";

    /// <summary>
    /// The deployment's own price. What it leaves out is filled in from its other rates, never from the price book, so that a
    /// price is either ours or theirs.
    /// </summary>
    /// <param name="custom">Prices in USD.</param>
    /// <param name="problems">One sentence per value that cannot be a price; it counts as absent.</param>
    /// <returns>Null: it says none.</returns>
    public static ModelPrice? Of(CustomPrice custom, ICollection<string> problems)
    {
        if (custom.IsEmpty)
            return null;
        var input = Rate("input_cost_per_token", custom.InputCostPerToken);
        var output = Rate("output_cost_per_token", custom.OutputCostPerToken);
        var seconds = (Rate("input_cost_per_second", custom.InputCostPerSecond) ?? 0)
            + (Rate("output_cost_per_second", custom.OutputCostPerSecond) ?? 0);
        var price = new ModelPrice
        {
            Id = Id,
            Rates = PriceRates.Of(
                input ?? 0,
                output ?? 0,
                Rate("cache_read_input_token_cost", custom.CacheReadInputTokenCost),
                Rate("cache_creation_input_token_cost", custom.CacheCreationInputTokenCost),
                Rate("cache_creation_input_token_cost_above_1hr", custom.CacheCreationInputTokenCostAbove1Hr),
                Rate("input_cost_per_audio_token", custom.InputCostPerAudioToken),
                Rate("output_cost_per_reasoning_token", custom.OutputCostPerReasoningToken),
                Rate("output_cost_per_audio_token", custom.OutputCostPerAudioToken)),
            PerRequest = Rate("input_cost_per_request", custom.InputCostPerRequest) ?? 0,
            PerSecond = Math.Min(seconds, PriceRates.Max),
        };
        if (problems.Count > 0 && price.IsFree)
            return null;   // nothing usable was said: better unknown than free
        if (input is null && output is > 0)
            problems.Add("gives a price for output and none for input, which then costs nothing; add input_cost_per_token");
        return price;

        long? Rate(string name, decimal? usd)
        {
            if (usd is not { } value)
                return null;
            if (PriceRates.TryFromUsd(value, out var rate))
                return rate;
            problems.Add($"{name} must be between 0 and 1000 USD");
            return null;
        }
    }

    /// <summary>The config's own figures, then the price book's.</summary>
    public static ModelLimits LimitsOf(ModelInfo info, ModelLimits known) => new(
        info.MaxInputTokens ?? known.ContextWindow,
        info.MaxOutputTokens ?? info.MaxTokens ?? known.MaxOutputTokens);
}
