using System.Collections.Frozen;
using System.Globalization;

namespace Gateway;

/// <summary>What a price is for one of.</summary>
public enum PriceUnit
{
    Input, CachedRead, CacheWrite, CacheWriteHour, InputAudio, InputImage,
    Output, Reasoning, OutputAudio, OutputImage,

    /// <summary>A request, besides its tokens.</summary>
    Request,

    /// <summary>A second of the answer's time, besides its tokens; LiteLLM has two names, whose prices are added.</summary>
    InputSecond, OutputSecond,

    /// <summary>A picture that is drawn; LiteLLM has two names for it, of which the dearer counts.</summary>
    InputPicture, OutputPicture,

    /// <summary>A character that is spoken, a search unit of a rerank.</summary>
    Character, SearchUnit,
}

/// <summary>What one of LiteLLM's price names means: <c>input_cost_per_token_above_200k_tokens_priority</c>.</summary>
/// <param name="Unit">What is counted.</param>
/// <param name="Above">The price holds for prompts of more tokens than this. 0: for all that no other is for.</param>
/// <param name="Service">The urgency it is for.</param>
public readonly record struct PriceField(PriceUnit Unit, long Above = 0, ServiceTier Service = ServiceTier.Standard)
{
    private const string Threshold = "_above_";
    private const string Thousands = "k_tokens";

    /// <summary>Ten million thousand tokens: no prompt is that long, and the product fits.</summary>
    private const int MaxDigits = 7;

    private static readonly FrozenDictionary<string, PriceUnit> Units = new Dictionary<string, PriceUnit>
    {
        ["input_cost_per_token"] = PriceUnit.Input,
        ["cache_read_input_token_cost"] = PriceUnit.CachedRead,
        ["cache_creation_input_token_cost"] = PriceUnit.CacheWrite,
        ["cache_creation_input_token_cost_above_1hr"] = PriceUnit.CacheWriteHour,
        ["input_cost_per_audio_token"] = PriceUnit.InputAudio,
        ["input_cost_per_image_token"] = PriceUnit.InputImage,
        ["output_cost_per_token"] = PriceUnit.Output,
        ["output_cost_per_reasoning_token"] = PriceUnit.Reasoning,
        ["output_cost_per_audio_token"] = PriceUnit.OutputAudio,
        ["output_cost_per_image_token"] = PriceUnit.OutputImage,
        ["input_cost_per_request"] = PriceUnit.Request,
        ["input_cost_per_second"] = PriceUnit.InputSecond,
        ["output_cost_per_second"] = PriceUnit.OutputSecond,
        ["input_cost_per_image"] = PriceUnit.InputPicture,
        ["output_cost_per_image"] = PriceUnit.OutputPicture,
        ["input_cost_per_character"] = PriceUnit.Character,
        ["input_cost_per_query"] = PriceUnit.SearchUnit,
    }.ToFrozenDictionary();

    private static readonly (string Suffix, ServiceTier Service)[] Services =
        [("_flex", ServiceTier.Flex), ("_priority", ServiceTier.Priority), ("_batches", ServiceTier.Batch)];

    /// <summary>True for what is counted in tokens, which alone may depend on the prompt's length and on the urgency.</summary>
    public bool IsPerToken => Unit < PriceUnit.Request;

    /// <summary>True for what is billed by the piece where it is passed through by path, and nowhere else.</summary>
    public bool IsPerPiece => Unit > PriceUnit.OutputSecond;

    /// <summary>Reads a name. False: it is no price that is known.</summary>
    public static bool TryRead(ReadOnlySpan<char> name, out PriceField field)
    {
        field = default;
        var service = ServiceTier.Standard;
        foreach (var (suffix, named) in Services)
        {
            if (!name.EndsWith(suffix))
                continue;
            service = named;
            name = name[..^suffix.Length];
        }
        var above = 0L;
        var threshold = name.EndsWith(Thousands) ? name.LastIndexOf(Threshold) : -1;
        if (threshold >= 0)
        {
            var digits = name[(threshold + Threshold.Length)..^Thousands.Length];
            if (digits.Length is 0 or > MaxDigits || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out above))
                return false;
            above *= 1000;
            name = name[..threshold];
        }
        if (!Units.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var unit))
            return false;
        field = new PriceField(unit, above, service);
        return field.IsPerToken || (above, service) == (0, ServiceTier.Standard);
    }
}
