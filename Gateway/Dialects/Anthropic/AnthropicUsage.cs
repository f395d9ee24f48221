using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// Reads Anthropic's <c>usage</c>: of a whole answer, or the two of a stream, of which the later one counts up what the first one said and
/// need not repeat it. Its buckets are disjoint already, but for the thoughts, which are part of the output.
/// </summary>
/// <remarks>https://platform.claude.com/docs/en/api/messages, "Usage"; /build-with-claude/prompt-caching for a cache's life.</remarks>
internal struct AnthropicUsage
{
    /// <summary>A count above this is no count; see <see cref="OpenAi.OpenAiUsage"/>.</summary>
    private const double MostTokens = 1e9;

    /// <summary>More searches no answer has.</summary>
    private const long MostSearches = 1_000_000;

    private long _input, _output, _cached, _written, _writtenHour, _thinking;
    private long _sideInput, _sideOutput, _sideCached, _sideWritten;
    private long? _searches;

    /// <summary>True once a count was read.</summary>
    public bool IsAny { get; private set; }

    /// <summary>The urgency that was billed. Null: not said.</summary>
    public ServiceTier? Service { get; private set; }

    /// <summary>The provider's word for it.</summary>
    public string? ServiceName { get; private set; }

    /// <summary>What the tools that the provider runs did. Null: not said.</summary>
    public readonly ReportedBill? Bill => _searches is { } searches ? new ReportedBill { Searches = searches } : null;

    /// <summary>The tokens so far.</summary>
    public readonly Usage ToUsage()
    {
        var thinking = Math.Min(_thinking, _output);
        // The hour's writes are part of all writes.
        var writtenHour = _writtenHour;
        var written = Math.Max(_written, writtenHour);
        return new Usage
        {
            Input = _input + _sideInput,
            CachedRead = _cached + _sideCached,
            CacheWrite = written - writtenHour + _sideWritten,
            CacheWriteHour = writtenHour,
            Output = _output - thinking + _sideOutput,
            Reasoning = thinking,
        };
    }

    /// <summary>
    /// The tokens as known before the stream has told all: the few of the output that the first event counts are not those of the answer,
    /// so that whoever counts estimates them from what passed.
    /// </summary>
    public readonly Usage ToPromptUsage() => ToUsage() with { Output = 0, Reasoning = 0 };

    /// <summary>Reads a usage object, the first or one that goes on with it. What is malformed counts as not said.</summary>
    public void Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = BodyScanner.MaxDepth });
            if (reader.Read())
                Read(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What was read so far counts.
        }
    }

    /// <summary>Reads the object at which the reader stands, and leaves the reader at its end.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            ReadMember(ref reader);
    }

    private void ReadMember(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("input_tokens"u8))
            ReadCount(ref reader, ref _input);
        else if (reader.ValueTextEquals("output_tokens"u8))
            ReadCount(ref reader, ref _output);
        else if (reader.ValueTextEquals("cache_read_input_tokens"u8))
            ReadCount(ref reader, ref _cached);
        else if (reader.ValueTextEquals("cache_creation_input_tokens"u8))
            ReadCount(ref reader, ref _written);
        else if (reader.ValueTextEquals("cache_creation"u8))
            ReadNested(ref reader, "ephemeral_1h_input_tokens"u8, ref _writtenHour);
        else if (reader.ValueTextEquals("output_tokens_details"u8))
            ReadNested(ref reader, "thinking_tokens"u8, ref _thinking);
        else if (reader.ValueTextEquals("server_tool_use"u8))
            ReadSearches(ref reader);
        else if (reader.ValueTextEquals("iterations"u8))
            ReadIterations(ref reader);
        else if (reader.ValueTextEquals("service_tier"u8))
            ReadService(ref reader);
        else
            Skip(ref reader);
    }

    /// <summary>A count never falls: all of a stream's are of the whole answer so far.</summary>
    private void ReadCount(ref Utf8JsonReader reader, ref long target)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var value) && value is >= 0 and <= MostTokens)
        {
            target = Math.Max(target, (long)value);
            IsAny = true;
        }
        reader.Skip();
    }

    private void ReadNested(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, ref long target)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(name))
                ReadCount(ref reader, ref target);
            else
                Skip(ref reader);
        }
    }

    private void ReadSearches(ref Utf8JsonReader reader)
    {
        var searches = -1L;
        var isAny = IsAny;
        ReadNested(ref reader, "web_search_requests"u8, ref searches);
        IsAny = isAny; // a search is no token
        if (searches is >= 0 and <= MostSearches)
            _searches = Math.Max(_searches ?? 0, searches);
    }

    /// <summary>
    /// What was written beside the answer, to compact the conversation or by an adviser, is billed and not in the sums
    /// (https://platform.claude.com/docs/en/build-with-claude/compaction, "Understanding usage").
    /// </summary>
    private void ReadIterations(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }
        (_sideInput, _sideOutput, _sideCached, _sideWritten) = (0, 0, 0, 0);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = reader;
            if (IsAside(ref reader))
                AddAside(start);
        }
    }

    private static bool IsAside(ref Utf8JsonReader reader)
    {
        var isAside = false;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            reader.Read();
            if (isType && reader.TokenType == JsonTokenType.String)
                isAside = reader.ValueTextEquals("compaction"u8) || reader.ValueTextEquals("advisor_message"u8);
            reader.Skip();
        }
        return isAside;
    }

    private void AddAside(Utf8JsonReader reader)
    {
        var aside = new AnthropicUsage();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("iterations"u8)) // never within one another
                Skip(ref reader);
            else
                aside.ReadMember(ref reader);
        }
        _sideInput += aside._input;
        _sideOutput += aside._output;
        _sideCached += aside._cached;
        _sideWritten += aside._written;
    }

    private void ReadService(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && !reader.HasValueSequence && reader.ValueSpan.Length <= 32)
        {
            Service = ServiceTierNames.Read(reader.ValueSpan);
            ServiceName = Encoding.UTF8.GetString(reader.ValueSpan);
        }
        reader.Skip();
    }

    private static void Skip(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    /// <summary>
    /// One usage object of a stream's two: the first's members, but for those that the later one says again. Null where there is nothing to
    /// keep, or it would be too large.
    /// </summary>
    public static string? Merge(string? first, ReadOnlySpan<byte> later)
    {
        if (StreamTranslator.KeepRawUsage(later) is not { } kept)
            return first;
        if (first is null || Hub.HubJson.TryParse(first) is not { ValueKind: JsonValueKind.Object } before
            || Hub.HubJson.TryParse(later) is not { ValueKind: JsonValueKind.Object } after)
            return kept;
        var output = new ArrayBufferWriter<byte>(first.Length + later.Length);
        using (var json = new Utf8JsonWriter(output, Hub.HubJson.WriteOptions))
        {
            json.WriteStartObject();
            foreach (var member in before.EnumerateObject())
            {
                if (!after.TryGetProperty(member.Name, out var value) || value.ValueKind == JsonValueKind.Null)
                    member.WriteTo(json);
            }
            foreach (var member in after.EnumerateObject())
            {
                if (member.Value.ValueKind != JsonValueKind.Null || !before.TryGetProperty(member.Name, out _))
                    member.WriteTo(json);
            }
            json.WriteEndObject();
        }
        return StreamTranslator.KeepRawUsage(output.WrittenSpan);
    }
}
