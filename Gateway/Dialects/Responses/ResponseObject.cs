using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>The <c>response</c> object: what was asked, repeated as OpenAI repeats it, and how far the answer is.</summary>
internal sealed class ResponseObject(HubShown shown, DateTimeOffset createdAt)
{
    private const string InProgress = "in_progress", Completed = "completed", Incomplete = "incomplete";

    private string? _reason;

    public string Status { get; private set; } = InProgress;
    public Usage? Usage { get; set; }
    public ServiceTier? Service { get; set; }
    public ReportedBill? Bill { get; set; }

    /// <summary>The state of what ends with the answer.</summary>
    public string LastStatus => Status == InProgress ? Completed : Status;

    /// <summary>Says how the answer ended.</summary>
    public void Finish(HubFinish finish, ResponsesItems items)
    {
        _reason = finish switch
        {
            HubFinish.Length => "max_output_tokens",
            HubFinish.ContentFilter => "content_filter",
            HubFinish.Refusal when !items.HasRefusal => "content_filter",
            HubFinish.Pause => "pause_turn", // Anthropic's word; OpenAI's tools never take that long
            _ => null,
        };
        Status = _reason is null ? Completed : Incomplete;
        foreach (var item in items.All)
        {
            if (item.Status == InProgress)
                item.Status = item.Index == items.All.Count - 1 ? Status : Completed;
        }
    }

    public void Write(Utf8JsonWriter json, IReadOnlyList<ResponsesItem> items)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, ResponsesClient.IdOf(shown));
        json.WriteString("object"u8, "response"u8);
        json.WriteNumber("created_at"u8, createdAt.ToUnixTimeSeconds());
        json.WriteString("status"u8, Status);
        Repeat(json, "background"u8, "false"u8);
        json.WriteNull("error"u8);
        WriteReason(json);
        Repeat(json, "instructions"u8, "null"u8);
        Repeat(json, "max_output_tokens"u8, "null"u8);
        Repeat(json, "max_tool_calls"u8, "null"u8);
        json.WriteString("model"u8, shown.Model);
        json.WriteStartArray("output"u8);
        foreach (var item in items)
            item.Write(json);
        json.WriteEndArray();
        Repeat(json, "parallel_tool_calls"u8, "true"u8);
        Repeat(json, "previous_response_id"u8, "null"u8);
        Repeat(json, "prompt_cache_key"u8, "null"u8);
        Repeat(json, "reasoning"u8, """{"effort":null,"summary":null}"""u8);
        Repeat(json, "safety_identifier"u8, "null"u8);
        WriteService(json);
        Repeat(json, "store"u8, "true"u8);
        Repeat(json, "temperature"u8, "null"u8);
        Repeat(json, "text"u8, """{"format":{"type":"text"}}"""u8);
        Repeat(json, "tool_choice"u8, "\"auto\""u8);
        Repeat(json, "tools"u8, "[]"u8);
        Repeat(json, "top_logprobs"u8, "null"u8);
        Repeat(json, "top_p"u8, "null"u8);
        Repeat(json, "truncation"u8, "\"disabled\""u8);
        WriteUsage(json);
        Repeat(json, "user"u8, "null"u8);
        Repeat(json, "metadata"u8, "{}"u8);
        json.WriteEndObject();
    }

    /// <summary>
    /// Writes a member as the client wrote it, or what OpenAI writes where it is not said; a default that differs by model is null.
    /// </summary>
    private void Repeat(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherwise)
    {
        json.WritePropertyName(name);
        if (shown.Body.Find(name) is { } value)
            value.WriteTo(json);
        else
            json.WriteRawValue(otherwise, skipInputValidation: true);
    }

    private void WriteReason(Utf8JsonWriter json)
    {
        if (_reason is null)
        {
            json.WriteNull("incomplete_details"u8);
            return;
        }
        json.WriteStartObject("incomplete_details"u8);
        json.WriteString("reason"u8, _reason);
        json.WriteEndObject();
    }

    private void WriteService(Utf8JsonWriter json)
    {
        if (Service is null)
        {
            Repeat(json, "service_tier"u8, "\"auto\""u8);
            return;
        }
        json.WriteString("service_tier"u8, Service switch
        {
            ServiceTier.Flex => "flex"u8,
            ServiceTier.Priority => "priority"u8,
            ServiceTier.Batch => "batch"u8,
            _ => "default"u8,
        });
    }

    private void WriteUsage(Utf8JsonWriter json)
    {
        if (Usage is not { } usage)
        {
            json.WriteNull("usage"u8);
            return;
        }
        json.WriteStartObject("usage"u8);
        if (shown.CostOf?.Invoke(new(usage, Service, Bill)) is { } cost)
        {
            json.WritePropertyName("cost"u8);
            json.WriteRawValue(cost.ToString());
        }
        json.WriteNumber("input_tokens"u8, usage.Prompt);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.CachedRead);
        WriteCount(json, "cache_write_tokens"u8, usage.CacheWrite + usage.CacheWriteHour);
        WriteCount(json, "audio_tokens"u8, usage.InputAudio);
        WriteCount(json, "image_tokens"u8, usage.InputImage);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, usage.Completion);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, usage.Reasoning);
        WriteCount(json, "audio_tokens"u8, usage.OutputAudio);
        WriteCount(json, "image_tokens"u8, usage.OutputImage);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, usage.Total);
        json.WriteEndObject();
    }

    /// <summary>A count that OpenAI's answers have only where there is something to count.</summary>
    private static void WriteCount(Utf8JsonWriter json, ReadOnlySpan<byte> name, long count)
    {
        if (count > 0)
            json.WriteNumber(name, count);
    }
}
