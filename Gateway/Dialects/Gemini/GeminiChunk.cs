using System.Text.Json;

namespace Gateway.Dialects.Gemini;

/// <summary>What the gateway must know of an answer, or of one chunk of a stream, that passes as it is; read in one pass.</summary>
internal struct GeminiChunk
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = BodyScanner.MaxDepth };

    /// <summary>No model gives as many candidates.</summary>
    private const int MaxCandidates = 128;

    public Usage? Usage;
    public Range RawUsage;
    public ServiceTier? Service;
    public bool HasCandidates, HasError, IsBlocked;

    /// <summary>True when a candidate brings a part that is not empty.</summary>
    public bool HasContent;

    /// <summary>The candidates that the chunk speaks of, and those that name their reason to finish: a bit for each index.</summary>
    public UInt128 Candidates, Finished;
    public long TextBytes;
    public int Searches;

    /// <summary>Reads one JSON object.</summary>
    /// <returns>False when it is not a JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out GeminiChunk chunk)
    {
        chunk = default;
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
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: a text that is not Unicode
        {
            return false;
        }
    }

    private static void ReadMember(ref Utf8JsonReader reader, ref GeminiChunk chunk)
    {
        if (reader.ValueTextEquals("candidates"u8))
        {
            reader.Read();
            ReadCandidates(ref reader, ref chunk);
        }
        else if (reader.ValueTextEquals("usageMetadata"u8))
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            var usage = JsonElement.ParseValue(ref reader);
            (chunk.Usage, chunk.Service) = (GeminiUsage.Read(usage), GeminiUsage.Tier(usage));
            chunk.RawUsage = start..(int)reader.BytesConsumed;
        }
        else if (reader.ValueTextEquals("promptFeedback"u8))
        {
            reader.Read();
            var feedback = JsonElement.ParseValue(ref reader);
            chunk.IsBlocked = Hub.HubJson.FindText(feedback, "blockReason"u8) is { Length: > 0 } and not "BLOCKED_REASON_UNSPECIFIED";
        }
        else
        {
            var isError = reader.ValueTextEquals("error"u8);
            reader.Read();
            chunk.HasError |= isError && reader.TokenType != JsonTokenType.Null;
            reader.Skip();
        }
    }

    private static void ReadCandidates(ref Utf8JsonReader reader, ref GeminiChunk chunk)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            chunk.HasCandidates = true;
            if (reader.TokenType == JsonTokenType.StartObject)
                ReadCandidate(ref reader, ref chunk);
            else
                reader.Skip();
        }
    }

    private static void ReadCandidate(ref Utf8JsonReader reader, ref GeminiChunk chunk)
    {
        var index = 0;
        var finishes = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                ReadContent(ref reader, ref chunk);
                continue;
            }
            var isIndex = reader.ValueTextEquals("index"u8);
            var isFinish = reader.ValueTextEquals("finishReason"u8);
            var isGrounding = reader.ValueTextEquals("groundingMetadata"u8);
            reader.Read();
            if (isIndex && reader.TokenType == JsonTokenType.Number)
                reader.TryGetInt32(out index);
            else if (isFinish)
                finishes |= reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty;
            else if (isGrounding)
                chunk.Searches += (int)(GeminiGrounding.Bill(JsonElement.ParseValue(ref reader))?.Searches ?? 0);
            reader.Skip();
        }
        var bit = UInt128.One << Math.Clamp(index, 0, MaxCandidates - 1);
        chunk.Candidates |= bit;
        if (finishes)
            chunk.Finished |= bit;
    }

    /// <summary>Adds up a content's text: what is said and thought, and what functions are called with.</summary>
    private static void ReadContent(ref Utf8JsonReader reader, ref GeminiChunk chunk)
    {
        var depth = reader.CurrentDepth;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        var counts = false;
        var argumentsDepth = int.MaxValue;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.CurrentDepth <= argumentsDepth && reader.TokenType is JsonTokenType.EndObject)
                argumentsDepth = int.MaxValue;
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("args"u8) && argumentsDepth == int.MaxValue)
                    argumentsDepth = reader.CurrentDepth;
                counts = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("code"u8) || reader.ValueTextEquals("output"u8);
                chunk.HasContent |= !counts && reader.CurrentDepth > depth + 1 && !reader.ValueTextEquals("role"u8);
            }
            else if (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty && (counts || argumentsDepth < int.MaxValue))
            {
                chunk.TextBytes += reader.ValueSpan.Length;
                chunk.HasContent = true;
            }
        }
    }
}
