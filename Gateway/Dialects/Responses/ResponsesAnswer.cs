using System.Text;
using System.Text.Json;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Responses;

/// <summary>Finds the model name, the usage and the amount of text in an answer or in one event of a stream, in one pass.</summary>
internal static class ResponsesAnswer
{
    /// <summary>OpenAI's ids have 55 characters; a longer text is none.</summary>
    private const int LongestId = 256;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = BodyScanner.MaxDepth };

    /// <summary>What one JSON object holds. Offsets count from its start; -1: the thing is not there.</summary>
    internal struct Facts
    {
        /// <summary>The event's type, cut to what any known one has. Null: none.</summary>
        public string? Type;
        public int ModelStart, ModelLength, UsageStart;
        public Usage? Usage;
        public Range RawUsage, Cost;
        public ServiceTier? Service;
        public ReportedBill? Bill;
        public string? Id;

        /// <summary>The JSON of an error. Empty: none.</summary>
        public Range Error;
        public bool HasOutput, HasFailed;

        /// <summary>Bytes of text: of the output in a whole answer, of the delta in an event.</summary>
        public long TextBytes;

        public readonly bool HasError => !Error.Equals(default);
    }

    /// <summary>Reads a whole answer.</summary>
    /// <returns>False when it is not a JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out AnswerFacts answer)
    {
        answer = default;
        var skipped = json.StartsWith(OpenAiAnswer.ByteOrderMark) ? OpenAiAnswer.ByteOrderMark.Length : 0;
        if (!TryRead(json[skipped..], isEvent: false, out var facts))
            return false;
        answer = new(
            facts.ModelStart < 0 ? -1 : facts.ModelStart + skipped,
            facts.ModelLength,
            facts.Usage,
            facts.Usage is null ? default : (facts.RawUsage.Start.Value + skipped)..(facts.RawUsage.End.Value + skipped),
            facts.TextBytes,
            facts.HasError && (facts.HasFailed || (!facts.HasOutput && facts.Usage is null)))
        {
            Service = facts.Service,
            Bill = facts.Bill,
            Id = facts.Id,
        };
        return true;
    }

    /// <summary>Reads one JSON object.</summary>
    /// <param name="isEvent">True for an event, which may hold the answer so far as its <c>response</c>.</param>
    /// <returns>False when it is not a JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, bool isEvent, out Facts facts)
    {
        facts = new Facts { ModelStart = -1, UsageStart = -1 };
        try
        {
            var reader = new Utf8JsonReader(json, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (isEvent)
                    ReadEventMember(ref reader, ref facts);
                else
                    ReadMember(ref reader, ref facts, countsText: true);
            }
            reader.Read(); // throws where anything but white space follows
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: a text that is not Unicode
        {
            return false;
        }
    }

    private static void ReadEventMember(ref Utf8JsonReader reader, ref Facts facts)
    {
        if (reader.ValueTextEquals("type"u8))
        {
            facts.Type = ReadText(ref reader);
        }
        else if (reader.ValueTextEquals("delta"u8))
        {
            reader.Read();
            facts.TextBytes += reader.TokenType == JsonTokenType.String ? reader.ValueSpan.Length : 0;
        }
        else if (reader.ValueTextEquals("response"u8))
        {
            reader.Read();
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            while (isObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                ReadMember(ref reader, ref facts, countsText: false);
        }
        else
        {
            ReadError(ref reader, ref facts);
        }
        reader.Skip();
    }

    /// <summary>Reads a member of an answer and leaves the reader at its end.</summary>
    private static void ReadMember(ref Utf8JsonReader reader, ref Facts facts, bool countsText)
    {
        if (reader.ValueTextEquals("model"u8))
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                facts.ModelStart = (int)reader.TokenStartIndex;
                facts.ModelLength = (int)reader.BytesConsumed - facts.ModelStart;
            }
        }
        else if (reader.ValueTextEquals("usage"u8))
        {
            ReadUsage(ref reader, ref facts);
            return;
        }
        else if (reader.ValueTextEquals("output"u8))
        {
            reader.Read();
            facts.HasOutput = reader.TokenType == JsonTokenType.StartArray;
            if (countsText && facts.HasOutput)
                CountText(ref reader, ref facts);
        }
        else if (reader.ValueTextEquals("service_tier"u8))
        {
            facts.Service = ReadText(ref reader) is { } tier ? ServiceTierNames.Read(Encoding.UTF8.GetBytes(tier)) : facts.Service;
        }
        else if (reader.ValueTextEquals("id"u8))
        {
            facts.Id = ReadText(ref reader);
        }
        else if (reader.ValueTextEquals("status"u8))
        {
            facts.HasFailed = ReadText(ref reader) == "failed";
        }
        else
        {
            ReadError(ref reader, ref facts);
        }
        reader.Skip();
    }

    private static void ReadUsage(ref Utf8JsonReader reader, ref Facts facts)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        var read = OpenAiUsage.Read(ref reader, out var bill, isResponses: true);
        facts.Bill = bill.ToBill() ?? facts.Bill;
        if (read is not { } usage)
            return;
        (facts.Usage, facts.UsageStart, facts.Cost) = (usage, start, bill.CostAt);
        facts.RawUsage = start..(int)reader.BytesConsumed;
    }

    /// <summary>Reads the member if it is an error; leaves the reader at its value's start, or its end.</summary>
    private static void ReadError(ref Utf8JsonReader reader, ref Facts facts)
    {
        var isError = reader.ValueTextEquals("error"u8);
        reader.Read();
        if (!isError || reader.TokenType == JsonTokenType.Null)
            return;
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        facts.Error = start..(int)reader.BytesConsumed;
    }

    /// <summary>Adds up the text in the output: what was written, thought, refused, and what tools are called with.</summary>
    private static void CountText(ref Utf8JsonReader reader, ref Facts facts)
    {
        var depth = reader.CurrentDepth;
        var isText = false;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                isText = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("input"u8)
                    || reader.ValueTextEquals("refusal"u8);
            }
            else if (reader.TokenType == JsonTokenType.String && isText)
            {
                facts.TextBytes += reader.ValueSpan.Length;
            }
        }
    }

    private static string? ReadText(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= LongestId ? reader.GetString() : null;
    }
}
