using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Cli;

/// <summary><c>gateway price</c>: what a request would cost, with the arithmetic line by line.</summary>
public sealed class PriceCommand
{
    private readonly Argument<string> _model = new("MODEL")
    {
        Description = "A model, with its provider (openai/gpt-4o) or without (gpt-4o); with -c also a model_name of the config.",
    };

    private readonly Option<string?> _configFile = new("--config", "-c")
    {
        Description = "A config file whose prices, price map, discounts and margins count. Default: the built-in prices alone.",
        HelpName = "FILE",
    };

    private readonly Option<DateTimeOffset?> _at = new("--at")
    {
        Description = "The time for which the price holds, in UTC (2026-07-30 or 2026-07-30T14:00). Default: now.",
        HelpName = "DATE",
        CustomParser = ReadTime,
    };

    private readonly Option<ServiceTier> _service = new("--service-tier")
    {
        Description = "default, flex, priority or batch.",
        HelpName = "T",
        CustomParser = ReadService,
    };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "How long the answer takes; counts where a model is priced by the second.",
        HelpName = "N",
    };

    private readonly Option<long> _input = Count("--input", "Input tokens, all of those below included.", required: true);
    private readonly Option<long> _cached = Count("--cached", "Input tokens that come from the prompt cache.");
    private readonly Option<long> _written = Count("--cache-write", "Input tokens written to the prompt cache for 5 minutes.");
    private readonly Option<long> _writtenHour = Count("--cache-write-1h", "Input tokens written to the prompt cache for an hour.");
    private readonly Option<long> _audioIn = Count("--audio-input", "Input tokens of audio.");
    private readonly Option<long> _imageIn = Count("--image-input", "Input tokens of images, where they have a price of their own.");
    private readonly Option<long> _output = Count("--output", "Output tokens, all of those below included.");
    private readonly Option<long> _reasoning = Count("--reasoning", "Output tokens of reasoning.");
    private readonly Option<long> _audioOut = Count("--audio-output", "Output tokens of audio.");
    private readonly Option<long> _imageOut = Count("--image-output", "Output tokens of images.");

    private readonly Option<long?> _searches = new("--searches")
    {
        Description = "Searches that the provider makes itself. Default: those that the model makes unasked.",
        HelpName = "N",
    };

    private PriceCommand()
    {
    }

    /// <summary>The command with its arguments.</summary>
    /// <param name="environment">What a config refers to.</param>
    /// <param name="time">Prices change with time. Null: the system's.</param>
    public static Command Create(IReadOnlyDictionary<string, string> environment, TimeProvider? time = null)
    {
        var price = new PriceCommand();
        var command = new Command("price", "Show what a request to a model costs.")
        {
            price._model, price._input, price._cached, price._written, price._writtenHour, price._audioIn, price._imageIn, price._output,
            price._reasoning, price._audioOut, price._imageOut, price._searches, price._seconds, price._service, price._at, price._configFile,
        };
        command.SetAction(parsed => price.Run(parsed, environment, (time ?? TimeProvider.System).GetUtcNow()));
        return command;
    }

    /// <summary>Prints the cost at each deployment that the model stands for; an error is one line and the exit code 1.</summary>
    private int Run(ParseResult parsed, IReadOnlyDictionary<string, string> environment, DateTimeOffset now)
    {
        var error = parsed.InvocationConfiguration.Error;
        var model = parsed.GetRequiredValue(_model);
        if (ReadUsage(parsed) is not { } usage || parsed.GetValue(_seconds) is not (>= 0 and < 1e9 and var seconds)
            || parsed.GetValue(_searches) is < 0 or > 1_000_000)
        {
            error.WriteLine("gateway price: no count may be negative, and the parts of --input and of --output not more than the whole.");
            return 1;
        }
        try
        {
            var found = PriceLookup.Find(model, parsed.GetValue(_configFile), environment, parsed.GetValue(_at) ?? now, out var unknown);
            if (found.Count == 0)
            {
                error.WriteLine($"gateway price: {unknown}");
                return 1;
            }
            var request = new PricedRequest(usage, TimeSpan.FromSeconds(seconds), parsed.GetValue(_service), parsed.GetValue(_searches));
            foreach (var price in found)
                PriceText.Write(price, request, parsed.InvocationConfiguration.Output);
            return 0;
        }
        catch (StartException e)
        {
            error.WriteLine($"gateway price: {e.Message}");
            return 1;
        }
    }

    private Usage? ReadUsage(ParseResult parsed)
    {
        var (input, output) = (parsed.GetValue(_input), parsed.GetValue(_output));
        long[] inputParts = [.. new[] { _cached, _written, _writtenHour, _audioIn, _imageIn }.Select(parsed.GetValue)];
        long[] outputParts = [.. new[] { _reasoning, _audioOut, _imageOut }.Select(parsed.GetValue)];
        if (input < 0 || output < 0 || inputParts.Concat(outputParts).Any(part => part < 0))
            return null;
        // Each part first, so that the sums do not overflow.
        if (inputParts.Any(part => part > input) || outputParts.Any(part => part > output)
            || inputParts.Sum(part => (decimal)part) > input || outputParts.Sum(part => (decimal)part) > output)
            return null;
        return new Usage
        {
            Input = input - inputParts.Sum(),
            CachedRead = inputParts[0],
            CacheWrite = inputParts[1],
            CacheWriteHour = inputParts[2],
            InputAudio = inputParts[3],
            InputImage = inputParts[4],
            Output = output - outputParts.Sum(),
            Reasoning = outputParts[0],
            OutputAudio = outputParts[1],
            OutputImage = outputParts[2],
        };
    }

    private static Option<long> Count(string name, string description, bool required = false) =>
        new(name) { Description = description, HelpName = "N", Required = required };

    private static DateTimeOffset? ReadTime(ArgumentResult argument)
    {
        var text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time;
        argument.AddError("--at must be a date, as 2026-07-30 or 2026-07-30T14:00Z.");
        return null;
    }

    private static ServiceTier ReadService(ArgumentResult argument)
    {
        var text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
        switch (text.ToLowerInvariant())
        {
            case "default" or "standard" or "auto":
                return ServiceTier.Standard;
            case "flex":
                return ServiceTier.Flex;
            case "priority":
                return ServiceTier.Priority;
            case "batch" or "batches":
                return ServiceTier.Batch;
            default:
                argument.AddError("--service-tier must be default, flex, priority or batch.");
                return ServiceTier.Standard;
        }
    }
}
