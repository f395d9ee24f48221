using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>Finds the model name, the usage and the amount of text in an answer or in one chunk of a stream, in one pass.</summary>
internal static class OpenAiAnswer
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = BodyScanner.MaxDepth };

    /// <summary>Put before a text by some .NET servers; RFC 8259, 8.1, lets a reader ignore it.</summary>
    public static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a whole answer.</summary>
    /// <returns>False when it is not a JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out AnswerFacts facts)
    {
        facts = default;
        var skipped = json.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        if (!TryReadChunk(json[skipped..], out var chunk))
            return false;
        facts = new(
            chunk.ModelStart < 0 ? -1 : chunk.ModelStart + skipped,
            chunk.ModelLength,
            chunk.Usage,
            chunk.Usage is null ? default : (chunk.RawUsage.Start.Value + skipped)..(chunk.RawUsage.End.Value + skipped),
            chunk.TextBytes,
            chunk.HasError && !chunk.HasChoices && chunk.Usage is null);
        return true;
    }

    /// <summary>What one JSON object of an answer holds.</summary>
    internal struct Chunk
    {
        public int ModelStart, ModelLength;
        public Usage? Usage;
        public Range RawUsage, Cost;
        public int UsageStart;

        /// <summary><c>Finishes</c>: a choice names its reason to finish.</summary>
        public bool HasChoices, HasError, Finishes;
        public long TextBytes;
    }

    /// <summary>Reads one JSON object.</summary>
    /// <returns>False when it is not a JSON object.</returns>
    public static bool TryReadChunk(ReadOnlySpan<byte> json, out Chunk chunk)
    {
        chunk = new Chunk { ModelStart = -1, UsageStart = -1 };
        try
        {
            var reader = new Utf8JsonReader(json, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                ReadMember(ref reader, ref chunk);
            reader.Read(); // throws where anything but white space follows
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: a name that is not Unicode
        {
            return false;
        }
    }

    private static void ReadMember(ref Utf8JsonReader reader, ref Chunk chunk)
    {
        if (reader.ValueTextEquals("model"u8))
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                chunk.ModelStart = (int)reader.TokenStartIndex;
                chunk.ModelLength = (int)reader.BytesConsumed - chunk.ModelStart;
            }
            reader.Skip();
            return;
        }
        if (reader.ValueTextEquals("usage"u8))
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (OpenAiUsage.Read(ref reader, out var cost) is not { } usage)
                return;
            chunk.Usage = usage;
            chunk.UsageStart = start;
            chunk.Cost = cost;
            chunk.RawUsage = start..(int)reader.BytesConsumed;
            return;
        }
        if (reader.ValueTextEquals("choices"u8))
        {
            reader.Read();
            ReadChoices(ref reader, ref chunk);
            return;
        }
        var isError = reader.ValueTextEquals("error"u8);
        reader.Read();
        chunk.HasError |= isError && reader.TokenType != JsonTokenType.Null;
        reader.Skip();
    }

    /// <summary>Adds up the text of all choices: content, reasoning, refusals, tool arguments.</summary>
    private static void ReadChoices(ref Utf8JsonReader reader, ref Chunk chunk)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }
        var depth = reader.CurrentDepth;
        var isText = false;
        var isReason = false;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            chunk.HasChoices = true;
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                isText = IsTextName(ref reader);
                isReason = reader.CurrentDepth == depth + 2 && reader.ValueTextEquals("finish_reason"u8); // a choice's own member
                continue;
            }
            chunk.Finishes |= isReason && reader.TokenType == JsonTokenType.String;
            isReason = false;
            if (reader.TokenType == JsonTokenType.String && isText)
                chunk.TextBytes += reader.ValueSpan.Length;
        }
    }

    private static bool IsTextName(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("arguments"u8)
        || reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("refusal"u8);
}
