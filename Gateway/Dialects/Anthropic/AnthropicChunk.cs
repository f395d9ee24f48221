using System.Text.Json;

namespace Gateway.Dialects.Anthropic;

/// <summary>What one JSON object from an Anthropic provider is, in one pass: a whole message, or one event of a stream.</summary>
internal struct AnthropicChunk
{
    /// <summary>What the object says that it is.</summary>
    public enum Kind { None, Other, Start, Delta, Stop, Ping, Error }

    private static readonly JsonReaderOptions Options = new() { MaxDepth = BodyScanner.MaxDepth };

    /// <summary>What the object's <c>type</c> says.</summary>
    public Kind Type;

    /// <summary>Where the model's JSON string stands, and its length; -1: there is none.</summary>
    public int ModelStart, ModelLength;

    /// <summary>Where the usage object stands; empty: there is none.</summary>
    public Range RawUsage;
    public bool HasUsage;
    public bool HasContent, HasError;

    /// <summary>True when a reason is given why the answer ended.</summary>
    public bool HasStopReason;

    /// <summary>Bytes of text, thoughts and arguments.</summary>
    public long TextBytes;

    /// <summary>True when it brings text, a seal, a call or the like.</summary>
    public bool IsMeaningful;

    /// <summary>Reads one JSON object.</summary>
    /// <returns>False when it is not a JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, ref AnthropicUsage usage, out AnthropicChunk chunk)
    {
        chunk = new AnthropicChunk { ModelStart = -1 };
        try
        {
            var reader = new Utf8JsonReader(json, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                chunk.ReadMember(ref reader, ref usage, isNested: false);
            reader.Read(); // throws where anything but white space follows
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: a name that is not Unicode
        {
            return false;
        }
    }

    private void ReadMember(ref Utf8JsonReader reader, ref AnthropicUsage usage, bool isNested)
    {
        if (reader.ValueTextEquals("model"u8))
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                ModelStart = (int)reader.TokenStartIndex;
                ModelLength = (int)reader.BytesConsumed - ModelStart;
            }
            reader.Skip();
        }
        else if (reader.ValueTextEquals("usage"u8))
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            HasUsage = reader.TokenType == JsonTokenType.StartObject;
            usage.Read(ref reader);
            RawUsage = start..(int)reader.BytesConsumed;
        }
        else if (reader.ValueTextEquals("type"u8) && !isNested)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
                Type = KindOf(ref reader);
            reader.Skip();
        }
        else if (!isNested && reader.ValueTextEquals("message"u8))
        {
            ReadMessage(ref reader, ref usage);
        }
        else
        {
            ReadContentMember(ref reader);
        }
    }

    private static Kind KindOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("message_start"u8) ? Kind.Start
        : reader.ValueTextEquals("message_delta"u8) ? Kind.Delta
        : reader.ValueTextEquals("message_stop"u8) ? Kind.Stop
        : reader.ValueTextEquals("ping"u8) ? Kind.Ping
        : reader.ValueTextEquals("error"u8) ? Kind.Error
        : Kind.Other;

    /// <summary>The message that a stream begins with.</summary>
    private void ReadMessage(ref Utf8JsonReader reader, ref AnthropicUsage usage)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            ReadMember(ref reader, ref usage, isNested: true);
    }

    private void ReadContentMember(ref Utf8JsonReader reader)
    {
        var isContent = reader.ValueTextEquals("content"u8);
        var isStopReason = reader.ValueTextEquals("stop_reason"u8);
        var isError = reader.ValueTextEquals("error"u8);
        var isBlock = reader.ValueTextEquals("content_block"u8);
        var isDelta = reader.ValueTextEquals("delta"u8);
        reader.Read();
        HasContent |= isContent && reader.TokenType == JsonTokenType.StartArray;
        HasError |= isError && reader.TokenType != JsonTokenType.Null;
        HasStopReason |= isStopReason && reader.TokenType == JsonTokenType.String;
        if (isContent || isBlock || isDelta)
            ReadTexts(ref reader);
        else
            reader.Skip();
    }

    /// <summary>Adds up text, thoughts and arguments of blocks or of a delta, and notes what else they bring.</summary>
    private void ReadTexts(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return;
        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
                ReadText(ref reader);
        }
    }

    private void ReadText(ref Utf8JsonReader reader)
    {
        var isText = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("partial_json"u8);
        var isInput = reader.ValueTextEquals("input"u8);
        var isType = reader.ValueTextEquals("type"u8);
        var isStopReason = reader.ValueTextEquals("stop_reason"u8);
        var isSeal = reader.ValueTextEquals("signature"u8) || reader.ValueTextEquals("data"u8) || reader.ValueTextEquals("citation"u8);
        reader.Read();
        if (isType && reader.TokenType == JsonTokenType.String)
        {
            // A call, one's own or the provider's, and its result: told by their kind alone.
            var type = reader.ValueSpan;
            IsMeaningful |= type.SequenceEqual("tool_use"u8) || type.EndsWith("_tool_use"u8) || type.EndsWith("_tool_result"u8);
        }
        else if (isText && reader.TokenType == JsonTokenType.String)
        {
            TextBytes += reader.ValueSpan.Length;
            IsMeaningful |= !reader.ValueSpan.IsEmpty;
        }
        else if (isInput && reader.TokenType == JsonTokenType.StartObject)
        {
            var start = reader.TokenStartIndex;
            reader.Skip();
            TextBytes += reader.BytesConsumed - start;
        }
        else if (isStopReason)
        {
            HasStopReason |= reader.TokenType == JsonTokenType.String;
        }
        else if (isSeal)
        {
            IsMeaningful |= reader.TokenType == JsonTokenType.String ? !reader.ValueSpan.IsEmpty : reader.TokenType != JsonTokenType.Null;
            reader.Skip();
        }
    }
}
