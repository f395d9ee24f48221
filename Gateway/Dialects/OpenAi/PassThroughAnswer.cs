using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>Finds the bill in an answer that is passed through: usage in tokens or seconds, pictures, search units.</summary>
internal static class PassThroughAnswer
{
    /// <summary>A count above this is no count (<see cref="OpenAiUsage"/>); of milliseconds it is eleven days.</summary>
    private const double MostCounted = 1e9;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = BodyScanner.MaxDepth };

    private struct Findings
    {
        public int ModelStart, ModelLength;
        public bool HasError, HasResult, HasUsage;
        public Range RawUsage;
        public long Prompt, Completion, Total, Cached, AudioIn, ImageIn, ImageOut;
        public bool HasImageOut;
        public long Images, AudioMs, SearchUnits, TextBytes;
        public string? Type;
    }

    /// <summary>Reads an answer, or the data of one event.</summary>
    /// <param name="type">The <c>type</c> of an event. Null: it has none.</param>
    /// <returns>False when it is not a JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, Operation operation, out AnswerFacts facts, out string? type)
    {
        (facts, type) = (default, null);
        var found = new Findings { ModelStart = -1 };
        try
        {
            var reader = new Utf8JsonReader(json, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                ReadMember(ref reader, ref found);
            reader.Read(); // throws where anything but white space follows
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: a name that is not Unicode
        {
            return false;
        }
        type = found.Type;
        facts = new AnswerFacts(
            operation == Operation.Files ? -1 : found.ModelStart,
            found.ModelLength,
            found.HasUsage ? UsageOf(found, operation) : null,
            found.RawUsage,
            found.TextBytes,
            found.HasError && !found.HasResult && !found.HasUsage)
        {
            Bill = new ReportedBill
            {
                Units = new BilledUnits
                {
                    Images = operation.DrawsImages() ? found.Images : 0,
                    AudioMs = operation.TakesAudio() ? found.AudioMs : 0,
                    SearchUnits = found.SearchUnits,
                },
            },
        };
        return true;
    }

    private static Usage UsageOf(in Findings found, Operation operation)
    {
        var prompt = Math.Max(found.Prompt, found.Total - found.Completion);
        var completion = found.Completion;
        var cached = Math.Min(found.Cached, prompt);
        var audio = Math.Min(found.AudioIn, prompt - cached);
        var image = Math.Min(found.ImageIn, prompt - cached - audio);
        // A provider that does not tell them apart bills the dearer kind.
        var drawn = !operation.DrawsImages() ? 0 : found.HasImageOut ? Math.Min(found.ImageOut, completion) : completion;
        var spoken = operation == Operation.Speech ? completion : 0;
        return new Usage
        {
            Input = prompt - cached - audio - image,
            CachedRead = cached,
            InputAudio = audio,
            InputImage = image,
            Output = completion - drawn - spoken,
            OutputImage = drawn,
            OutputAudio = spoken,
        };
    }

    private static void ReadMember(ref Utf8JsonReader reader, ref Findings found)
    {
        if (reader.ValueTextEquals("usage"u8))
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (reader.TokenType == JsonTokenType.StartObject)
                ReadUsage(ref reader, ref found, Details.None);
            reader.Skip();
            found.RawUsage = found.HasUsage ? start..(int)reader.BytesConsumed : default;
        }
        else if (reader.ValueTextEquals("meta"u8))
        {
            reader.Read();
            ReadMeta(ref reader, ref found);
        }
        else if (reader.ValueTextEquals("data"u8) || reader.ValueTextEquals("results"u8))
        {
            reader.Read();
            found.HasResult = true;
            found.Images = CountOf(ref reader);
        }
        else
        {
            ReadOther(ref reader, ref found);
        }
    }

    private static void ReadOther(ref Utf8JsonReader reader, ref Findings found)
    {
        var (isModel, isError) = (reader.ValueTextEquals("model"u8), reader.ValueTextEquals("error"u8));
        var isType = reader.ValueTextEquals("type"u8);
        var (isText, isDuration) = (reader.ValueTextEquals("text"u8), reader.ValueTextEquals("duration"u8));
        reader.Read();
        if (isModel && reader.TokenType == JsonTokenType.String)
            (found.ModelStart, found.ModelLength) = ((int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex));
        else if (isError)
            found.HasError |= reader.TokenType != JsonTokenType.Null;
        else if (isType && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 64)
            found.Type = Encoding.UTF8.GetString(reader.ValueSpan);
        else if (isText && reader.TokenType == JsonTokenType.String)
            (found.HasResult, found.TextBytes) = (true, reader.ValueSpan.Length);
        else if (isDuration && NumberOf(ref reader) is { } seconds)
            found.AudioMs = Math.Max(found.AudioMs, Milliseconds(seconds));
        reader.Skip();
    }

    private enum Details { None, Input, Output }

    private static void ReadUsage(ref Utf8JsonReader reader, ref Findings found, Details details)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (details == Details.None && DetailsOf(ref reader) is not Details.None and var inner)
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                    ReadUsage(ref reader, ref found, inner);
                reader.Skip();
                continue;
            }
            ReadCount(ref reader, ref found, details);
        }
    }

    private static Details DetailsOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("input_tokens_details"u8) || reader.ValueTextEquals("input_token_details"u8)
        || reader.ValueTextEquals("prompt_tokens_details"u8) ? Details.Input
        : reader.ValueTextEquals("output_tokens_details"u8) || reader.ValueTextEquals("completion_tokens_details"u8) ? Details.Output
        : Details.None;

    private static void ReadCount(ref Utf8JsonReader reader, ref Findings found, Details details)
    {
        var isSeconds = details == Details.None && reader.ValueTextEquals("seconds"u8);
        ref var target = ref Target(ref reader, ref found, details, out var isKnown);
        reader.Read();
        if (NumberOf(ref reader) is { } number && (isKnown || isSeconds))
        {
            if (isSeconds)
                found.AudioMs = Math.Max(found.AudioMs, Milliseconds(number));
            else
                target = Math.Max(target, (long)number);
            found.HasUsage |= details == Details.None;
            found.HasImageOut |= details == Details.Output;
        }
        reader.Skip();
    }

    /// <summary>The field that a name counts into.</summary>
    private static ref long Target(ref Utf8JsonReader reader, ref Findings found, Details details, out bool isKnown)
    {
        isKnown = true;
        switch (details)
        {
            case Details.Input when reader.ValueTextEquals("image_tokens"u8):
                return ref found.ImageIn;
            case Details.Input when reader.ValueTextEquals("audio_tokens"u8):
                return ref found.AudioIn;
            case Details.Input when reader.ValueTextEquals("cached_tokens"u8):
                return ref found.Cached;
            case Details.Output when reader.ValueTextEquals("image_tokens"u8):
                return ref found.ImageOut;
            case Details.None when reader.ValueTextEquals("input_tokens"u8) || reader.ValueTextEquals("prompt_tokens"u8):
                return ref found.Prompt;
            case Details.None when reader.ValueTextEquals("output_tokens"u8) || reader.ValueTextEquals("completion_tokens"u8):
                return ref found.Completion;
            case Details.None when reader.ValueTextEquals("total_tokens"u8):
                return ref found.Total;
            default:
                isKnown = false;
                return ref found.Total;
        }
    }

    /// <summary>Cohere's <c>{"billed_units": {"search_units": 1}}</c>.</summary>
    private static void ReadMeta(ref Utf8JsonReader reader, ref Findings found)
    {
        var depth = reader.CurrentDepth;
        if (reader.TokenType != JsonTokenType.StartObject)
            return;
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
        {
            if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("search_units"u8))
                continue;
            reader.Read();
            if (NumberOf(ref reader) is { } units)
                found.SearchUnits = Math.Max(found.SearchUnits, (long)Math.Ceiling(units));
        }
    }

    private static long CountOf(ref Utf8JsonReader reader)
    {
        var count = 0L;
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return 0;
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            count++;
            reader.Skip();
        }
        return count;
    }

    /// <summary>A number that can be a count, or (verbose_json's duration) one in quotes.</summary>
    private static double? NumberOf(ref Utf8JsonReader reader)
    {
        var number = reader.TokenType switch
        {
            JsonTokenType.Number when reader.TryGetDouble(out var value) => value,
            JsonTokenType.String
                when double.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) => value,
            _ => -1,
        };
        return number is >= 0 and <= MostCounted ? number : null;
    }

    private static long Milliseconds(double seconds) => (long)Math.Ceiling(Math.Min(seconds, MostCounted / 1000) * 1000);
}
