using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>Finds the model name, the usage and the amount of text in an answer or in one chunk of a stream, in one pass.</summary>
internal static class OpenAiAnswer
{
    /// <summary>As many choices as OpenAI gives at most (<c>n</c>).</summary>
    public const int MaxChoices = 128;

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
            chunk.HasError && !chunk.HasChoices && chunk.Usage is null)
        {
            Service = chunk.Service,
            Bill = chunk.Bill,
        };
        return true;
    }

    /// <summary>What one JSON object of an answer holds.</summary>
    internal struct Chunk
    {
        public int ModelStart, ModelLength;
        public Usage? Usage;
        public Range RawUsage, Cost;
        public int UsageStart;

        /// <summary>What the answer says of its urgency, and of its bill. Null: nothing.</summary>
        public ServiceTier? Service;
        public ReportedBill? Bill;

        public bool HasChoices, HasError;

        /// <summary>True when a choice brings more than its role: text, a tool call, anything that is not empty.</summary>
        public bool HasContent;

        /// <summary>True when a choice gives <c>error</c> as its reason to finish, as OpenRouter's do.</summary>
        public bool FinishesInError;

        /// <summary>The choices that the chunk speaks of, and those that name their reason to finish: a bit for each index.</summary>
        public UInt128 Choices, Finished;
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
            var read = OpenAiUsage.Read(ref reader, out var bill);
            chunk.Bill = bill.ToBill();
            if (read is not { } usage)
                return;
            chunk.Usage = usage;
            chunk.UsageStart = start;
            chunk.Cost = bill.CostAt;
            chunk.RawUsage = start..(int)reader.BytesConsumed;
            return;
        }
        if (reader.ValueTextEquals("choices"u8))
        {
            reader.Read();
            ReadChoices(ref reader, ref chunk);
            return;
        }
        if (reader.ValueTextEquals("service_tier"u8))
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String && !reader.HasValueSequence)
                chunk.Service = ServiceTierNames.Read(reader.ValueSpan);
            reader.Skip();
            return;
        }
        var isError = reader.ValueTextEquals("error"u8);
        reader.Read();
        chunk.HasError |= isError && reader.TokenType != JsonTokenType.Null;
        reader.Skip();
    }

    private static void ReadChoices(ref Utf8JsonReader reader, ref Chunk chunk)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            chunk.HasChoices = true;
            if (reader.TokenType == JsonTokenType.StartObject)
                ReadChoice(ref reader, ref chunk);
            else
                reader.Skip();
        }
    }

    private static void ReadChoice(ref Utf8JsonReader reader, ref Chunk chunk)
    {
        var index = 0;
        var finishes = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out index))
                    reader.Skip();
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                finishes |= reader.TokenType == JsonTokenType.String;
                chunk.FinishesInError |= reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("error"u8);
                reader.Skip();
            }
            else
            {
                ReadContent(ref reader, ref chunk);
            }
        }
        var bit = UInt128.One << Math.Clamp(index, 0, MaxChoices - 1);
        chunk.Choices |= bit;
        if (finishes)
            chunk.Finished |= bit;
    }

    /// <summary>Adds up a choice's text: content, reasoning, refusals, tool arguments.</summary>
    private static void ReadContent(ref Utf8JsonReader reader, ref Chunk chunk)
    {
        // Beside these a choice has probabilities and filters' results, which are no answer.
        var isAnswer = reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8) || reader.ValueTextEquals("text"u8);
        var depth = reader.CurrentDepth;
        var isText = IsTextName(ref reader);
        var isRole = false;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                isText = IsTextName(ref reader);
                isRole = reader.ValueTextEquals("role"u8);
            }
            else if (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
            {
                chunk.TextBytes += isText ? reader.ValueSpan.Length : 0;
                chunk.HasContent |= isAnswer && !isRole;
            }
            if (reader.CurrentDepth == depth && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                return;
        }
    }

    private static bool IsTextName(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("arguments"u8)
        || reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("refusal"u8);
}
