using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Responses;

/// <summary>Reads a whole answer into the hub.</summary>
internal static class ResponsesAnswerReader
{
    /// <returns>Null: it is no answer, or one that failed or is not there yet.</returns>
    public static HubAnswer? Read(ReadOnlyMemory<byte> body)
    {
        var bytes = body.Span;
        if (bytes.StartsWith(OpenAiAnswer.ByteOrderMark))
            bytes = bytes[OpenAiAnswer.ByteOrderMark.Length..];
        if (HubJson.TryParse(bytes) is not { } response)
            return null;
        try
        {
            return Read(response);
        }
        catch (InvalidOperationException)
        {
            return null; // a text in it is not Unicode
        }
    }

    private static HubAnswer? Read(JsonElement response)
    {
        if (response.Find("output"u8) is not { ValueKind: JsonValueKind.Array } output
            || response.FindText("status"u8) is "failed" or "cancelled" or "queued" or "in_progress")
            return null;
        var choice = new HubChoice();
        foreach (var item in output.EnumerateArray())
            ReadItem(item, choice);
        choice.Finish = FinishOf(response, choice.Parts.Exists(static part => part is HubToolCall));
        var usage = ResponsesUsage.Read(response);
        return new HubAnswer
        {
            Id = response.FindText("id"u8),
            CreatedAt = TimeOf(response),
            Choices = { choice },
            Usage = usage.Tokens,
            RawUsage = usage.Raw,
            Bill = usage.Bill,
            Service = usage.Service,
            ServiceTier = response.FindText("service_tier"u8),
        };
    }

    /// <summary>Why an answer that ended, ended. An unknown reason is no clean end.</summary>
    public static HubFinish FinishOf(JsonElement response, bool callsTools)
    {
        if (response.FindText("status"u8) != "incomplete")
            return callsTools ? HubFinish.ToolCalls : HubFinish.Stop;
        return response.Find("incomplete_details"u8)?.FindText("reason"u8) == "content_filter" ? HubFinish.ContentFilter : HubFinish.Length;
    }

    private static DateTimeOffset? TimeOf(JsonElement response) =>
        response.Find("created_at"u8) is { ValueKind: JsonValueKind.Number } at && at.TryGetDouble(out var seconds)
        && seconds is > 0 and < 253402300800 // the year 10000
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : null;

    private static void ReadItem(JsonElement item, HubChoice choice)
    {
        switch (item.FindText("type"u8))
        {
            case "message":
                foreach (var part in item.Items("content"u8))
                    ReadPart(part, choice);
                break;
            case "reasoning":
                var thought = ThoughtOf(item);
                if (thought.Text.Length > 0 || thought.Signature is not null)
                    choice.Parts.Add(thought);
                break;
            case "function_call" or "custom_tool_call":
                choice.Parts.Add(CallOf(item));
                break;
            case not null:
                choice.Parts.Add(new HubForeignPart(WireFormat.Responses, item));
                break;
        }
    }

    public static HubThinking ThoughtOf(JsonElement item) =>
        ReasoningSeal.Read(ResponsesInputReader.TextOf(item), item.FindText("encrypted_content"u8), item.FindText("id"u8));

    public static HubToolCall CallOf(JsonElement item)
    {
        var isCustom = item.FindText("type"u8) == "custom_tool_call";
        var id = item.FindText("call_id"u8) ?? item.FindText("id"u8) ?? "";
        return new(id, item.FindText("name"u8) ?? "", item.FindText(isCustom ? "input"u8 : "arguments"u8) ?? "") { IsCustom = isCustom };
    }

    private static void ReadPart(JsonElement part, HubChoice choice)
    {
        if (part.FindText("refusal"u8) is { } refusal)
        {
            choice.Parts.Add(new HubRefusal(refusal));
            return;
        }
        if (part.FindText("text"u8) is not { } text)
            return;
        var annotations = part.Find("annotations"u8) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0
            ? ResponsesCitations.AsChat(list) : null;
        choice.Parts.Add(new HubText(text)
        {
            Citations = annotations,
            CitationFormat = annotations is null ? null : WireFormat.OpenAi,
        });
        if (part.Find("logprobs"u8) is { ValueKind: JsonValueKind.Array } logprobs && logprobs.GetArrayLength() > 0)
            choice.Logprobs ??= AsChat(logprobs);
    }

    /// <summary>Probabilities as chats have them: the same items within an object.</summary>
    public static JsonElement? AsChat(JsonElement logprobs)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            json.WritePropertyName("content"u8);
            logprobs.WriteTo(json);
            json.WriteNull("refusal"u8);
            json.WriteEndObject();
        }
        return HubJson.TryParse(buffer.WrittenSpan);
    }
}
