using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Writes a whole answer as Anthropic's message. There is one of it: this dialect cannot ask for more.</summary>
internal static class AnthropicAnswerWriter
{
    public static void Write(HubAnswer answer, HubShown shown, Utf8JsonWriter json)
    {
        var choice = answer.Choices.Count > 0 ? answer.Choices[0] : new HubChoice();
        json.WriteStartObject();
        json.WriteString("id"u8, IdOf(answer.Id, shown));
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("model"u8, shown.Model);
        json.WriteStartArray("content"u8);
        foreach (var part in choice.Parts)
            WritePart(json, part);
        json.WriteEndArray();
        json.WriteString("stop_reason"u8, AnthropicStops.Write(choice.Finish,
            choice.Parts.Exists(static part => part is HubToolCall), choice.Parts.Exists(static part => part is HubRefusal)));
        json.WriteString("stop_sequence"u8, choice.StopSequence);
        json.WritePropertyName("usage"u8);
        AnthropicUsageWriter.Write(json, answer.Usage.GetValueOrDefault(), answer.Service, answer.Bill);
        json.WriteEndObject();
    }

    /// <summary>The provider's id, else one like Anthropic's.</summary>
    public static string IdOf(string? id, HubShown shown) => string.IsNullOrEmpty(id) ? $"msg_{shown.RandomId}" : id;

    private static void WritePart(Utf8JsonWriter json, HubPart part)
    {
        switch (part)
        {
            case HubText text:
                AnthropicBlocks.WriteText(json, text);
                json.WriteEndObject();
                break;
            case HubRefusal refusal:
                AnthropicBlocks.WriteText(json, new HubText(refusal.Text));
                json.WriteEndObject();
                break;
            case HubThinking thinking:
                AnthropicBlocks.WriteThinking(json, thinking);
                break;
            case HubToolCall call:
                if (call.Signature is { } seal) // found again by AnthropicMessageReader
                    AnthropicBlocks.WriteThinking(json, new HubThinking("") { IsHidden = true, Signature = seal });
                AnthropicBlocks.WriteAnsweredCall(json, call);
                break;
            case HubForeignPart { Format: WireFormat.Anthropic } foreign:
                foreign.Json.WriteTo(json);
                break;
            default:
                break; // pictures and recordings cannot be asked for in this dialect, nor are there blocks for them
        }
    }
}
