using System.CommandLine;
using System.Globalization;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Cli;

/// <summary><c>gateway price</c>: what a request would cost, with the arithmetic line by line.</summary>
public static class PriceCommand
{
    /// <summary>The command with its arguments.</summary>
    /// <param name="time">Prices change with time. Null: now.</param>
    public static Command Create(TimeProvider? time = null)
    {
        var model = new Argument<string>("MODEL") { Description = "A model, with its provider (openai/gpt-4o) or without (gpt-4o)." };
        var input = new Option<long>("--input") { Description = "Input tokens, cached ones included.", HelpName = "N", Required = true };
        var cached = new Option<long>("--cached") { Description = "Input tokens that come from the prompt cache.", HelpName = "N" };
        var output = new Option<long>("--output") { Description = "Output tokens.", HelpName = "N" };
        var command = new Command("price", "Show what a request to a model costs.") { model, input, cached, output };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(model),
            parsed.GetRequiredValue(input),
            parsed.GetValue(cached),
            parsed.GetValue(output),
            (time ?? TimeProvider.System).GetUtcNow(),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Prints the cost; an error is one line.</summary>
    /// <param name="model">With or without its provider.</param>
    /// <param name="input">Input tokens, cached ones included.</param>
    /// <param name="cached">Those of the input that are read from a prompt cache.</param>
    /// <param name="output">Output tokens.</param>
    /// <param name="now">The time for which the price is looked up.</param>
    /// <param name="outcome">Where the cost goes.</param>
    /// <param name="error">Where an error goes.</param>
    /// <returns>The exit code: 0, or 1 when there was an error.</returns>
    internal static int Run(
        string model, long input, long cached, long output, DateTimeOffset now, TextWriter outcome, TextWriter error)
    {
        if (input < 0 || cached < 0 || output < 0 || cached > input)
        {
            error.WriteLine("gateway price: --input, --cached and --output must not be negative, and --cached not above --input.");
            return 1;
        }
        var prices = PriceBook.Embedded;
        var found = UpstreamModel.Read(new LiteLlmParams { Model = model }, prices);
        if (found is not { } upstream || prices.Find(upstream.Provider.Name, upstream.Name, now) is not { } price)
        {
            error.WriteLine($"gateway price: no price is known for '{Printable(model)}'.{Suggestion(model, found, prices)}");
            return 1;
        }
        Write(price, new Usage { Input = input - cached, CachedRead = cached, Output = output }, outcome);
        return 0;
    }

    private static void Write(ModelPrice price, Usage usage, TextWriter outcome)
    {
        outcome.WriteLine($"price: {price.Id}");
        foreach (var line in price.LinesOf(usage, TimeSpan.Zero))
            outcome.WriteLine($"{line.Name,-14}{Number(line.Count),14} × {Unit(line),-28} = {Dollars(line.Usd)} USD");
        outcome.WriteLine($"{"sum",-62}{Dollars(price.CostOf(usage, TimeSpan.Zero).ToUsd())} USD");
    }

    /// <summary>Tokens are priced by the million, a request by itself.</summary>
    private static string Unit(PriceLine line) => line.Name == "request"
        ? $"{Dollars((decimal)line.Rate / NanoUsd.PerUsd / 1_000_000)} USD"
        : $"{Dollars((decimal)line.Rate / NanoUsd.PerUsd)} USD per million";

    private static string Suggestion(string model, UpstreamModel? found, PriceBook prices)
    {
        var slash = model.IndexOf('/');
        var provider = found?.Provider.Name ?? (slash > 0 ? model[..slash] : Providers.OpenAI.Name);
        var names = prices.ModelsOf(provider).Select(m => $"{provider}/{m}");
        var near = NearNames.Of(slash > 0 ? model : $"{provider}/{model}", names).ToList();
        if (near.Count > 0)
            return $" Near names: {string.Join(", ", near)}.";
        return found is null && slash <= 0 ? " Write it with its provider, as in openai/gpt-4o." : "";
    }

    private static string Number(decimal count) => count.ToString("#,0.###", CultureInfo.InvariantCulture);

    private static string Dollars(decimal usd) => usd.ToString("0.###############", CultureInfo.InvariantCulture);

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
