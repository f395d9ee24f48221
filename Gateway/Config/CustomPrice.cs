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
    };

    public bool IsEmpty => this == Empty;
    private static readonly CustomPrice Empty = new();
}
