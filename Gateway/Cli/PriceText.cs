using System.Globalization;
using Gateway.Pricing;

namespace Gateway.Cli;

/// <summary>What <c>gateway price</c> computes the cost of.</summary>
/// <param name="Searches">Null: as many as the model makes by itself.</param>
internal sealed record PricedRequest(Usage Usage, TimeSpan Duration, ServiceTier Service, long? Searches);

/// <summary>Writes a cost with its arithmetic.</summary>
internal static class PriceText
{
    public static void Write(FoundPrice found, PricedRequest request, TextWriter output)
    {
        var (price, usage) = (found.Price, request.Usage);
        output.WriteLine($"price: {price.Id}");
        output.WriteLine($"why:   {found.Why}");
        foreach (var note in Notes(found, request))
            output.WriteLine($"note:  {note}");
        var sum = 0m;
        var searches = SearchesOf(found, request);
        foreach (var line in price.LinesOf(usage, request.Duration, request.Service, searches))
        {
            output.WriteLine($"{line.Name,-14}{Number(line.Count),14} × {Unit(line),-28} = {Dollars(line.Usd)} USD");
            sum += line.Usd;
        }
        WriteAdjustment(price.Adjustment, sum, output);
        output.WriteLine($"{"sum",-62}{price.CostOf(usage, request.Duration, request.Service, searches)} USD");
    }

    /// <summary>The searches that are billed; their fee is that of the medium size where sizes differ.</summary>
    private static SearchCharge SearchesOf(FoundPrice found, PricedRequest request)
    {
        var terms = SearchTerms.Of(found.Provider, found.Upstream, found.Price, default);
        return new(request.Searches ?? terms.Expected, FeeOf(found)?.Medium ?? 0);
    }

    private static SearchFee? FeeOf(FoundPrice found) => SearchTerms.FeeOf(found.Provider, found.Upstream, found.Price);

    private static IEnumerable<string> Notes(FoundPrice found, PricedRequest request)
    {
        var price = found.Price;
        var own = price.Services.FirstOrDefault(s => s.Service == request.Service);
        if (request.Service != ServiceTier.Standard && own is null)
            yield return $"no price is known for {request.Service.ToString().ToLowerInvariant()}; the list price counts";
        var tiers = own?.Tiers ?? price.Tiers;
        var passed = tiers.LastOrDefault(t => request.Usage.Prompt > t.Above);
        if (passed.Above > 0)
            yield return $"the prompt has more than {Number(passed.Above)} tokens, which sets the rates of the whole request";
        if (SearchesOf(found, request).Count == 0)
            yield break;
        if (FeeOf(found) is not { } fee)
            yield return "no fee is known for searches; they are left out";
        else if (fee.Low != fee.High)
            yield return $"a search costs {Each(fee.Low)} (low), {Each(fee.Medium)} (medium) or {Each(fee.High)} (high) USD; medium counts";
    }

    private static void WriteAdjustment(PriceAdjustment adjustment, decimal sum, TextWriter output)
    {
        var (discount, margin) = ((decimal)adjustment.Discount / PriceAdjustment.Whole, (decimal)adjustment.Margin / PriceAdjustment.Whole);
        if (discount > 0)
            Line("discount", $"{Dollars(discount * 100)} % of {Dollars(sum)} USD", -sum * discount);
        sum -= sum * discount;
        if (margin > 0)
            Line("margin", $"{Dollars(margin * 100)} % of {Dollars(sum)} USD", sum * margin);
        if (adjustment.Fixed > 0)
            Line("margin", "per request", (decimal)adjustment.Fixed / 1_000_000m / NanoUsd.PerUsd);

        void Line(string name, string what, decimal usd) => output.WriteLine($"{name,-14}{what,-45} = {Dollars(usd)} USD");
    }

    /// <summary>Tokens and seconds are priced by the million, a request by itself.</summary>
    private static string Unit(PriceLine line) => line.Name is "request" or "seconds" or "search"
        ? $"{Each(line.Rate)} USD"
        : $"{Dollars((decimal)line.Rate / NanoUsd.PerUsd)} USD per million";

    /// <summary>The price of one of what is priced by the million.</summary>
    private static string Each(long rate) => Dollars((decimal)rate / NanoUsd.PerUsd / 1_000_000);

    private static string Number(decimal count) => count.ToString("#,0.###", CultureInfo.InvariantCulture);

    private static string Dollars(decimal usd) => usd.ToString("0.##################", CultureInfo.InvariantCulture);
}
