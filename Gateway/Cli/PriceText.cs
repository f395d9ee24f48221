using System.Globalization;
using Gateway.Pricing;

namespace Gateway.Cli;

/// <summary>What <c>gateway price</c> computes the cost of.</summary>
internal sealed record PricedRequest(Usage Usage, TimeSpan Duration, ServiceTier Service);

/// <summary>Writes a cost with its arithmetic.</summary>
internal static class PriceText
{
    public static void Write(FoundPrice found, PricedRequest request, TextWriter output)
    {
        var (price, usage) = (found.Price, request.Usage);
        output.WriteLine($"price: {price.Id}");
        output.WriteLine($"why:   {found.Why}");
        foreach (var note in Notes(price, request))
            output.WriteLine($"note:  {note}");
        var sum = 0m;
        foreach (var line in price.LinesOf(usage, request.Duration, request.Service))
        {
            output.WriteLine($"{line.Name,-14}{Number(line.Count),14} × {Unit(line),-28} = {Dollars(line.Usd)} USD");
            sum += line.Usd;
        }
        WriteAdjustment(price.Adjustment, sum, output);
        output.WriteLine($"{"sum",-62}{price.CostOf(usage, request.Duration, request.Service)} USD");
    }

    private static IEnumerable<string> Notes(ModelPrice price, PricedRequest request)
    {
        var own = price.Services.FirstOrDefault(s => s.Service == request.Service);
        if (request.Service != ServiceTier.Standard && own is null)
            yield return $"no price is known for {request.Service.ToString().ToLowerInvariant()}; the list price counts";
        var tiers = own?.Tiers ?? price.Tiers;
        var passed = tiers.LastOrDefault(t => request.Usage.Prompt > t.Above);
        if (passed.Above > 0)
            yield return $"the prompt has more than {Number(passed.Above)} tokens, which sets the rates of the whole request";
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
    private static string Unit(PriceLine line) => line.Name is "request" or "seconds"
        ? $"{Dollars((decimal)line.Rate / NanoUsd.PerUsd / 1_000_000)} USD"
        : $"{Dollars((decimal)line.Rate / NanoUsd.PerUsd)} USD per million";

    private static string Number(decimal count) => count.ToString("#,0.###", CultureInfo.InvariantCulture);

    private static string Dollars(decimal usd) => usd.ToString("0.##################", CultureInfo.InvariantCulture);
}
