using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Writes an answer of <c>generateContent</c> (https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse).
/// </summary>
internal static class GeminiAnswerWriter
{
    public static void Write(HubAnswer answer, HubShown shown, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("candidates"u8);
        for (var i = 0; i < answer.Choices.Count; i++)
            WriteCandidate(json, answer.Choices[i], i);
        json.WriteEndArray();
        WriteTail(json, answer.Usage, answer.Id, shown);
        json.WriteEndObject();
    }

    /// <summary>Writes what follows the candidates of an answer, or of a chunk.</summary>
    /// <param name="usage">Null: not known, or not yet.</param>
    public static void WriteTail(Utf8JsonWriter json, Usage? usage, string? id, HubShown shown)
    {
        if (usage is { } counted)
            GeminiUsage.Write(json, counted);
        json.WriteString("modelVersion"u8, shown.Model);
        json.WriteString("responseId"u8, id ?? shown.RandomId);
    }

    private static void WriteCandidate(Utf8JsonWriter json, HubChoice choice, int index)
    {
        json.WriteStartObject();
        json.WriteStartObject("content"u8);
        json.WriteStartArray("parts"u8);
        foreach (var part in choice.Parts)
            WritePart(json, part);
        json.WriteEndArray();
        json.WriteString("role"u8, "model"u8);
        json.WriteEndObject();
        json.WriteString("finishReason"u8, GeminiFinish.Write(choice.Finish) ?? "STOP");
        json.WriteNumber("index"u8, index);
        if (choice.Logprobs is { } logprobs)
            GeminiLogprobs.Write(json, logprobs);
        WriteGrounding(json, choice.Parts);
        json.WriteEndObject();
    }

    private static void WriteGrounding(Utf8JsonWriter json, List<HubPart> parts)
    {
        var texts = parts.OfType<HubText>().ToArray();
        JsonElement[] annotations =
        [
            .. texts.Where(static text => text.CitationFormat == WireFormat.OpenAi && text.Citations is { ValueKind: JsonValueKind.Array })
                .SelectMany(static text => text.Citations!.Value.EnumerateArray()),
        ];
        if (annotations.Length > 0)
            GeminiGrounding.Write(json, annotations, string.Concat(texts.Select(static text => text.Text)));
    }

    /// <summary>Writes a part. One that Google has no word for is left out: its clients could not read it.</summary>
    public static void WritePart(Utf8JsonWriter json, HubPart part)
    {
        switch (part)
        {
            case HubText text:
                WriteText(json, text.Text, isThought: false, null);
                break;
            case HubRefusal refusal:
                WriteText(json, refusal.Text, isThought: false, null);
                break;
            case HubThinking thought:
                // Google's own hidden thoughts are a seal on an empty text; others must not pass for that.
                var isOwnSeal = thought is { IsHidden: true, Signature.Format: WireFormat.Gemini };
                WriteText(json, thought.Text, isThought: !isOwnSeal, thought.Signature);
                break;
            case HubToolCall call:
                WriteCall(json, call);
                break;
            case HubMedia media:
                json.WriteStartObject();
                GeminiMedia.Write(json, media);
                json.WriteEndObject();
                break;
        }
    }

    private static void WriteText(Utf8JsonWriter json, string text, bool isThought, ThoughtSignature? seal)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        if (isThought)
            json.WriteBoolean("thought"u8, true);
        if (seal is not null)
            json.WriteString("thoughtSignature"u8, GeminiSeal.Write(seal));
        json.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter json, HubToolCall call)
    {
        json.WriteStartObject();
        json.WriteStartObject("functionCall"u8);
        json.WriteString("id"u8, call.Id);
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("args"u8);
        HubJson.WriteArguments(json, call.Arguments);
        json.WriteEndObject();
        if (call.Signature is { } seal)
            json.WriteString("thoughtSignature"u8, GeminiSeal.Write(seal));
        json.WriteEndObject();
    }
}
