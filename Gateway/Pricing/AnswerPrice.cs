using System.Globalization;
using System.Text;

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

    /// <summary>The longest time that is charged where a model is priced by the second. Null: as long as it takes.</summary>
    private TimeSpan? Longest { get; init; }

    /// <summary>This price, of a call for which no more time than this was set aside.</summary>
    public AnswerPrice UpTo(TimeSpan longest) => Price is { PerSecond: > 0 } ? this with { Longest = longest } : this;

    /// <summary>What an answer costs. Null: nobody knows.</summary>
    /// <param name="service">The urgency that the answer says was billed. Null: it says none; then the one that was asked for counts.</param>
    /// <param name="bill">What the provider says of its bill.</param>
    /// <param name="duration">The time that the provider took.</param>
    public NanoUsd? CostOf(in Usage usage, ServiceTier? service, ReportedBill? bill, TimeSpan duration) => ReportedCost(bill) is { } usd
        ? ModelPrice.Adjust(usd, Adjustment)
        : Price?.CostOf(usage, Charged(duration), ServiceOf(service), Search.ChargeOf(bill), bill?.Units ?? default);

    /// <summary>Names the price that counts: <c>openrouter/MODEL@usage.cost</c> where it is the provider's word. Null: unknown.</summary>
    public string? IdOf(ReportedBill? bill) => ReportedCost(bill) is null ? Price?.Id : $"{Model}@{FieldName}";

    /// <summary>The lines that add up to the cost before discount and margin. Null: nobody knows it.</summary>
    public IEnumerable<PriceLine>? LinesOf(Usage usage, ServiceTier? service, ReportedBill? bill, TimeSpan duration) =>
        ReportedCost(bill) is { } usd
            ? [PriceLine.Of(FieldName, usd)]
            : Price?.LinesOf(usage, Charged(duration), ServiceOf(service), Search.ChargeOf(bill), bill?.Units ?? default);

    /// <summary>
    /// The rates that were applied, as JSON: the lines of <see cref="LinesOf"/> in USD per million, then <c>discount</c>, <c>margin</c>
    /// (shares) and <c>fixed</c> (USD) where there are any: <c>{"input":2.5,"output":10,"margin":0.1}</c>. Null: there are none.
    /// </summary>
    public string? RatesOf(Usage usage, ServiceTier? service, ReportedBill? bill, TimeSpan duration)
    {
        var json = new StringBuilder();
        var isReported = ReportedCost(bill) is not null;
        foreach (var line in isReported ? [] : LinesOf(usage, service, bill, duration) ?? [])
            Add(line.Name, (decimal)line.Rate / NanoUsd.PerUsd);
        var adjustment = isReported ? Adjustment : Price?.Adjustment ?? default;
        if (adjustment.Discount > 0)
            Add("discount", (decimal)adjustment.Discount / PriceAdjustment.Whole);
        if (adjustment.Margin > 0)
            Add("margin", (decimal)adjustment.Margin / PriceAdjustment.Whole);
        if (adjustment.Fixed > 0)
            Add("fixed", (decimal)adjustment.Fixed / PriceAdjustment.Whole / NanoUsd.PerUsd);
        return json.Length == 0 ? null : json.Append('}').ToString();

        void Add(string name, decimal value) =>
            json.Append(json.Length == 0 ? '{' : ',').Append(CultureInfo.InvariantCulture, $"\"{name}\":{value}");
    }

    /// <summary>What the provider says the answer has cost, in USD, where its word counts. Null: the price counts.</summary>
    public decimal? ReportedCost(ReportedBill? bill) => bill is null || Price?.Source == PriceSource.Deployment ? null : Believed switch
    {
        CostReport.Cost => bill.Cost,
        CostReport.TotalCost => bill.TotalCost,
        CostReport.Ticks => bill.CostOfTicks,
        _ => null,
    };

    private TimeSpan Charged(TimeSpan duration) => duration > Longest ? Longest.Value : duration;

    private ServiceTier ServiceOf(ServiceTier? said) => said ?? AskedService ?? ServiceTier.Standard;

    private string FieldName => Believed switch
    {
        CostReport.TotalCost => "usage.cost.total_cost",
        CostReport.Ticks => "usage.cost_in_usd_ticks",
        _ => "usage.cost",
    };
}
