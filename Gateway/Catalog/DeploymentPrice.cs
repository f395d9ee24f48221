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
        var sheet = new PriceSheet();
        foreach (var (name, field, usd) in PricesOf(custom))
        {
            if (usd is not { } value)
                continue;
            if (PriceRates.TryFromUsd(value, out var rate))
                sheet.Add(field, rate);
            else
                problems.Add($"{name} must be between 0 and 1000 USD");
        }
        var price = sheet.ToPrice(Id, PriceSource.Deployment);
        if (problems.Count > 0 && price.IsFree)
            return null;   // nothing usable was said: better unknown than free
        if (sheet.Find(new(PriceUnit.Input)) is null && sheet.Find(new(PriceUnit.Output)) is > 0)
            problems.Add("gives a price for output and none for input, which then costs nothing; add input_cost_per_token");
        return price;
    }

    private static IEnumerable<(string Name, PriceField Field, decimal? Usd)> PricesOf(CustomPrice custom) =>
    [
        ("input_cost_per_token", new(PriceUnit.Input), custom.InputCostPerToken),
        ("output_cost_per_token", new(PriceUnit.Output), custom.OutputCostPerToken),
        ("cache_read_input_token_cost", new(PriceUnit.CachedRead), custom.CacheReadInputTokenCost),
        ("cache_creation_input_token_cost", new(PriceUnit.CacheWrite), custom.CacheCreationInputTokenCost),
        ("cache_creation_input_token_cost_above_1hr", new(PriceUnit.CacheWriteHour), custom.CacheCreationInputTokenCostAbove1Hr),
        ("input_cost_per_audio_token", new(PriceUnit.InputAudio), custom.InputCostPerAudioToken),
        ("output_cost_per_audio_token", new(PriceUnit.OutputAudio), custom.OutputCostPerAudioToken),
        ("output_cost_per_reasoning_token", new(PriceUnit.Reasoning), custom.OutputCostPerReasoningToken),
        ("input_cost_per_request", new(PriceUnit.Request), custom.InputCostPerRequest),
        ("input_cost_per_second", new(PriceUnit.InputSecond), custom.InputCostPerSecond),
        ("output_cost_per_second", new(PriceUnit.OutputSecond), custom.OutputCostPerSecond),
        .. custom.Further.Select(further => (further.Name, further.Field, (decimal?)further.Usd)),
    ];

    /// <summary>The config's own figures, then the price book's.</summary>
    public static ModelLimits LimitsOf(ModelInfo info, ModelLimits known) => new(
        info.MaxInputTokens ?? known.ContextWindow,
        info.MaxOutputTokens ?? info.MaxTokens ?? known.MaxOutputTokens);
}
