namespace Gateway.Pricing;

/// <summary>Where a provider says what an answer has cost.</summary>
public enum CostReport
{
    /// <summary>Nowhere that is believed.</summary>
    None,

    /// <summary><c>usage.cost</c>.</summary>
    Cost,

    /// <summary><c>usage.cost.total_cost</c>.</summary>
    TotalCost,

    /// <summary><c>usage.cost_in_usd_ticks</c>.</summary>
    Ticks,
}

/// <summary>
/// What the answer to one call costs: the deployment's own price comes first, then what the provider says it has cost, then what the price
/// book makes of its tokens, its urgency and its searches.
/// </summary>
public sealed record AnswerPrice
{
    /// <summary>The model in LiteLLM's spelling.</summary>
    public required string Model { get; init; }

    /// <summary>Null: unknown.</summary>
    public ModelPrice? Price { get; init; }

    /// <summary>The discount and the margin, on a cost that the provider says too.</summary>
    public PriceAdjustment Adjustment { get; init; }

    /// <summary>Whether and where the provider's word on the cost counts.</summary>
    public CostReport Believed { get; init; }

    /// <summary>The urgency that the request asks for. Null: none, or <c>auto</c>.</summary>
    public ServiceTier? AskedService { get; init; }

    public SearchTerms Search { get; init; }

    /// <summary>What an answer costs. Null: nobody knows.</summary>
    /// <param name="service">The urgency that the answer says was billed. Null: it says none; then the one that was asked for counts.</param>
    /// <param name="bill">What the provider says of its bill.</param>
    /// <param name="duration">The time that the provider took.</param>
    public NanoUsd? CostOf(in Usage usage, ServiceTier? service, ReportedBill? bill, TimeSpan duration) => ReportedCost(bill) is { } usd
        ? ModelPrice.Adjust(usd, Adjustment)
        : Price?.CostOf(usage, duration, ServiceOf(service), Search.ChargeOf(bill), bill?.Units ?? default);

    /// <summary>Names the price that counts: <c>openrouter/MODEL@usage.cost</c> where it is the provider's word. Null: unknown.</summary>
    public string? IdOf(ReportedBill? bill) => ReportedCost(bill) is null ? Price?.Id : $"{Model}@{FieldName}";

    /// <summary>The lines that add up to the cost before discount and margin. Null: nobody knows it.</summary>
    public IEnumerable<PriceLine>? LinesOf(Usage usage, ServiceTier? service, ReportedBill? bill, TimeSpan duration) =>
        ReportedCost(bill) is { } usd
            ? [PriceLine.Of(FieldName, usd)]
            : Price?.LinesOf(usage, duration, ServiceOf(service), Search.ChargeOf(bill), bill?.Units ?? default);

    /// <summary>What the provider says the answer has cost, in USD, where its word counts. Null: the price counts.</summary>
    public decimal? ReportedCost(ReportedBill? bill) => bill is null || Price?.Source == PriceSource.Deployment ? null : Believed switch
    {
        CostReport.Cost => bill.Cost,
        CostReport.TotalCost => bill.TotalCost,
        CostReport.Ticks => bill.CostOfTicks,
        _ => null,
    };

    private ServiceTier ServiceOf(ServiceTier? said) => said ?? AskedService ?? ServiceTier.Standard;

    private string FieldName => Believed switch
    {
        CostReport.TotalCost => "usage.cost.total_cost",
        CostReport.Ticks => "usage.cost_in_usd_ticks",
        _ => "usage.cost",
    };
}
