using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>What clients of OpenAI's legacy completions send and get, for providers that have chats only: the prompt is what the user says.</summary>
internal sealed class OpenAiCompletionsClient : HubClient
{
    public override WireFormat Format => WireFormat.OpenAi;

    public override ApiError? Read(JsonElement body, out HubRequest hub)
    {
        hub = new HubRequest();
        if (OpenAiRequestReader.Read(body, hub, ReadOwn) is { } wrong)
            return wrong;
        return hub.Messages.Count > 0 ? null : ApiError.InvalidParameter("prompt", "must be a text");
    }

    /// <summary>Reads what a chat does not have.</summary>
    /// <returns>False: a chat has it, too. An error: it cannot be used.</returns>
    private static bool ReadOwn(HubRequest hub, string name, JsonElement value, out ApiError? wrong)
    {
        wrong = null;
        switch (name)
        {
            case "prompt":
                wrong = ReadPrompt(hub, value);
                return true;
            case "best_of" or "echo" or "suffix" when IsDefault(value):
                return true;
            default:
                return false;
        }
    }

    private static bool IsDefault(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Number => value.TryGetInt64(out var count) && count == 1,
        _ => false,
    };

    private static ApiError? ReadPrompt(HubRequest hub, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1)
            value = value[0];
        if (value.ValueKind != JsonValueKind.String)
            return ApiError.InvalidParameter("prompt", "must be one text: the provider has chats only, which take neither several prompts nor token numbers");
        hub.Messages.Add(new(HubRole.User, [new HubText(value.GetString()!)]));
        return null;
    }

    public override void WriteAnswer(HubAnswer answer, HubShown shown, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, OpenAiIds.Completion(answer.Id, shown));
        json.WriteString("object"u8, "text_completion"u8);
        json.WriteNumber("created"u8, (answer.CreatedAt ?? shown.Now).ToUnixTimeSeconds());
        json.WriteString("model"u8, shown.Model);
        json.WriteStartArray("choices"u8);
        for (var index = 0; index < answer.Choices.Count; index++)
        {
            var choice = answer.Choices[index];
            WriteChoice(json, index, string.Concat(choice.Parts.Select(TextOf)), OpenAiFinish.Write(choice.Finish) ?? "stop");
        }
        json.WriteEndArray();
        if (answer.Usage is { } usage)
            OpenAiUsageWriter.Write(json, usage, null);
        json.WriteEndObject();
    }

    internal static void WriteChoice(Utf8JsonWriter json, int index, string text, string? finish)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteNumber("index"u8, index);
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, finish);
        json.WriteEndObject();
    }

    private static string TextOf(HubPart part) => part switch
    {
        HubText text => text.Text,
        HubRefusal refusal => refusal.Text,
        _ => "",
    };

    public override HubStreamWriter OpenStream(HubShown shown) => new OpenAiCompletionsStreamWriter(shown);
}
