namespace Gateway;

/// <summary>What a provider says of its bill beside the tokens. A member that is null was not said, or cannot be believed.</summary>
public sealed record ReportedBill
{
    /// <summary><c>usage.cost</c> in USD (OpenRouter); with a key of one's own there, what that key's owner pays is added.</summary>
    public decimal? Cost { get; init; }

    /// <summary><c>usage.cost.total_cost</c> in USD (Perplexity).</summary>
    public decimal? TotalCost { get; init; }

    /// <summary><c>usage.cost_in_usd_ticks</c> (xAI), in USD.</summary>
    public decimal? CostOfTicks { get; init; }

    /// <summary>Searches that were made: <c>num_search_queries</c>, <c>server_tool_use.web_search_requests</c>.</summary>
    public long? Searches { get; init; }

    /// <summary>Sources that were used: <c>num_sources_used</c>.</summary>
    public long? Sources { get; init; }

    /// <summary>What is billed by the piece. Null: nothing was counted.</summary>
    public BilledUnits? Units { get; init; }
}
