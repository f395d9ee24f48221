using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>Reads OpenAI's <c>usage</c> object, in the variants of its imitators, into disjoint buckets.</summary>
internal static class OpenAiUsage
{
    /// <summary>
    /// A count above this is no count: the largest context windows have ten million tokens, and a hundred times as many are never counted.
    /// </summary>
    private const double MostTokens = 1e9;

    /// <summary>Reads the object at which <paramref name="reader"/> stands and leaves the reader at its end.</summary>
    /// <param name="bill">What it says beside the tokens.</param>
    /// <returns>Null where it is not an object, holds no counts, or one of the whole prompt or answer that cannot be.</returns>
    /// <param name="isResponses">True for the names that Responses has for the same counts.</param>
    public static Usage? Read(ref Utf8JsonReader reader, out OpenAiBill bill, bool isResponses = false)
    {
        bill = default;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        var counts = new Counts { Names = isResponses ? Names.Responses : Names.Chat };
        ReadCounts(ref reader, ref counts, Section.Top);
        bill = counts.Bill;
        return counts is { Any: true, IsSpoiled: false } ? counts.ToUsage() : null;
    }

    private enum Section { Top, Prompt, Completion, CacheWrites }

    /// <summary>How the counts of prompt and answer are called; the rest has the same names everywhere.</summary>
    private sealed record Names(string Prompt, string Completion, string PromptDetails, string CompletionDetails)
    {
        public static readonly Names Chat = new("prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details");
        public static readonly Names Responses = new("input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details");
    }

    private struct Counts
    {
        public required Names Names;
        public bool Any;

        /// <summary>True when a count of the whole prompt or answer is negative or absurd: then none is believed.</summary>
        public bool IsSpoiled;
        public long Prompt, Completion, Total;
        public long Cached, CacheWrite, CacheWriteHour, AudioIn, ImageIn;
        public long Reasoning, AudioOut, ImageOut;
        public OpenAiBill Bill;

        /// <summary>
        /// OpenAI counts reasoning within the completion. Some imitators count it on top (xAI), or report it in the total
        /// alone (Gemini's compatible endpoint): what the total has beyond prompt and completion is output that was billed.
        /// </summary>
        public readonly Usage ToUsage()
        {
            var beyond = Math.Max(0, Total - Prompt - Completion);
            var completion = Completion + beyond;
            var reasoning = Math.Min(Math.Max(Reasoning, beyond), completion);
            var audioOut = Math.Min(AudioOut, completion - reasoning);
            var cached = Math.Min(Cached, Prompt);
            // The hour's writes are part of all writes, whose sum an imitator may leave out.
            var written = Math.Min(Math.Max(CacheWrite, CacheWriteHour), Prompt - cached);
            var writtenHour = Math.Min(CacheWriteHour, written);
            var audioIn = Math.Min(AudioIn, Prompt - cached - written);
            var imageIn = Math.Min(ImageIn, Prompt - cached - written - audioIn);
            var imageOut = Math.Min(ImageOut, completion - reasoning - audioOut);
            return new Usage
            {
                Input = Prompt - cached - written - audioIn - imageIn,
                CachedRead = cached,
                CacheWrite = written - writtenHour,
                CacheWriteHour = writtenHour,
                InputAudio = audioIn,
                InputImage = imageIn,
                Output = completion - reasoning - audioOut - imageOut,
                Reasoning = reasoning,
                OutputAudio = audioOut,
                OutputImage = imageOut,
            };
        }
    }

    private static void ReadCounts(ref Utf8JsonReader reader, ref Counts counts, Section section)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (section == Section.Top && reader.ValueTextEquals(counts.Names.PromptDetails))
                ReadDetails(ref reader, ref counts, Section.Prompt);
            else if (section == Section.Top && reader.ValueTextEquals(counts.Names.CompletionDetails))
                ReadDetails(ref reader, ref counts, Section.Completion);
            else if (IsCacheWrites(ref reader, section))
                ReadDetails(ref reader, ref counts, Section.CacheWrites);
            else if (section != Section.Top || !counts.Bill.TryRead(ref reader))
                ReadCount(ref reader, ref counts, section);
        }
    }

    /// <summary>Where Anthropic, and LiteLLM after it, say how long what was written to a cache lives.</summary>
    private static bool IsCacheWrites(ref Utf8JsonReader reader, Section section) =>
        section == Section.Top && reader.ValueTextEquals("cache_creation"u8)
        || section == Section.Prompt && reader.ValueTextEquals("cache_creation_token_details"u8);

    private static void ReadDetails(ref Utf8JsonReader reader, ref Counts counts, Section section)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject)
            ReadCounts(ref reader, ref counts, section);
        else
            reader.Skip();
    }

    private static void ReadCount(ref Utf8JsonReader reader, ref Counts counts, Section section)
    {
        var isWhole = section == Section.Top && (reader.ValueTextEquals(counts.Names.Prompt)
            || reader.ValueTextEquals(counts.Names.Completion) || reader.ValueTextEquals("total_tokens"u8));
        ref var target = ref Target(ref reader, ref counts, section, out var known);
        reader.Read();
        if (known && reader.TokenType == JsonTokenType.Number)
        {
            var isCount = reader.TryGetDouble(out var value) && value is >= 0 and <= MostTokens;
            target = Math.Max(target, isCount ? (long)value : 0);
            counts.Any |= isCount;
            counts.IsSpoiled |= isWhole && !isCount;
        }
        reader.Skip();
    }

    /// <summary>The field that a name counts into; one count under two names (DeepSeek, Anthropic) is not counted twice.</summary>
    private static ref long Target(ref Utf8JsonReader reader, ref Counts counts, Section section, out bool known)
    {
        known = true;
        switch (section)
        {
            case Section.Top when reader.ValueTextEquals(counts.Names.Prompt):
                return ref counts.Prompt;
            case Section.Top when reader.ValueTextEquals(counts.Names.Completion):
                return ref counts.Completion;
            case Section.Top when reader.ValueTextEquals("total_tokens"u8):
                return ref counts.Total;
            case Section.Top when reader.ValueTextEquals("prompt_cache_hit_tokens"u8):
                return ref counts.Cached;
            case Section.Top when reader.ValueTextEquals("cache_read_input_tokens"u8):
                return ref counts.Cached;
            case Section.Top when reader.ValueTextEquals("cache_creation_input_tokens"u8):
                return ref counts.CacheWrite;
            case Section.Prompt when reader.ValueTextEquals("cached_tokens"u8):
                return ref counts.Cached;
            case Section.Prompt when reader.ValueTextEquals("cache_creation_tokens"u8) || reader.ValueTextEquals("cache_write_tokens"u8):
                return ref counts.CacheWrite;
            case Section.Prompt when reader.ValueTextEquals("audio_tokens"u8):
                return ref counts.AudioIn;
            case Section.Prompt when reader.ValueTextEquals("image_tokens"u8):
                return ref counts.ImageIn;
            case Section.CacheWrites when reader.ValueTextEquals("ephemeral_1h_input_tokens"u8):
                return ref counts.CacheWriteHour;
            case Section.Completion when reader.ValueTextEquals("image_tokens"u8):
                return ref counts.ImageOut;
            case Section.Completion when reader.ValueTextEquals("reasoning_tokens"u8):
                return ref counts.Reasoning;
            case Section.Completion when reader.ValueTextEquals("audio_tokens"u8):
                return ref counts.AudioOut;
            default:
                known = false;
                return ref counts.Total;
        }
    }
}
