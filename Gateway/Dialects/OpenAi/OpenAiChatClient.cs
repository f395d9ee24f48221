using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>What clients of OpenAI's chat completions send and get.</summary>
internal sealed class OpenAiChatClient : HubClient
{
    public override WireFormat Format => WireFormat.OpenAi;

    public override ApiError? Read(JsonElement body, out HubRequest hub)
    {
        hub = new HubRequest();
        return OpenAiRequestReader.Read(body, hub);
    }

    public override void WriteAnswer(HubAnswer answer, HubShown shown, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, OpenAiIds.Chat(answer.Id, shown));
        json.WriteString("object"u8, "chat.completion"u8);
        json.WriteNumber("created"u8, (answer.CreatedAt ?? shown.Now).ToUnixTimeSeconds());
        json.WriteString("model"u8, shown.Model);
        json.WriteStartArray("choices"u8);
        for (var index = 0; index < answer.Choices.Count; index++)
            WriteChoice(json, index, answer.Choices[index]);
        json.WriteEndArray();
        if (answer.Usage is { } usage)
            OpenAiUsageWriter.Write(json, usage, null);
        if (answer.ServiceTier is not null)
            json.WriteString("service_tier"u8, answer.ServiceTier);
        if (answer.SystemFingerprint is not null)
            json.WriteString("system_fingerprint"u8, answer.SystemFingerprint);
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, int index, HubChoice choice)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        var texts = choice.Parts.OfType<HubText>().ToArray();
        var text = string.Concat(texts.Select(static part => part.Text));
        var calls = choice.Parts.OfType<HubToolCall>().ToArray();
        var refusal = string.Concat(choice.Parts.OfType<HubRefusal>().Select(static part => part.Text));
        json.WriteString("content"u8, text.Length == 0 && (calls.Length > 0 || refusal.Length > 0) ? null : text);
        json.WriteString("refusal"u8, refusal.Length > 0 ? refusal : null);
        OpenAiThoughts.Write(json, choice.Parts);
        OpenAiCitations.Write(json, texts);
        OpenAiImages.Write(json, choice.Parts);
        if (calls.Length > 0)
        {
            json.WriteStartArray("tool_calls"u8);
            foreach (var call in calls)
                OpenAiCalls.Write(json, call, null);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        json.WritePropertyName("logprobs"u8);
        if (choice.Logprobs is { } logprobs)
            logprobs.WriteTo(json);
        else
            json.WriteNullValue();
        json.WriteString("finish_reason"u8, OpenAiFinish.Write(choice.Finish) ?? "stop");
        json.WriteEndObject();
    }

    public override HubStreamWriter OpenStream(HubShown shown) => new OpenAiChatStreamWriter(shown);
}
