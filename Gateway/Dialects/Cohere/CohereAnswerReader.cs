using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>Reads Cohere's whole answer into the hub.</summary>
internal static class CohereAnswerReader
{
    /// <returns>Null: it is no answer, or a text in it is not Unicode.</returns>
    public static HubAnswer? Read(ReadOnlySpan<byte> body)
    {
        if (HubJson.TryParse(body) is not { } root || root.Find("message"u8) is not { ValueKind: JsonValueKind.Object } message)
            return null;
        try
        {
            return Read(root, message);
        }
        catch (InvalidOperationException)
        {
            return null; // half of a surrogate pair
        }
    }

    private static HubAnswer Read(JsonElement root, JsonElement message)
    {
        var choice = new HubChoice
        {
            Finish = CohereFinish.Read(root.FindText("finish_reason"u8)),
            Logprobs = CohereLogprobs.Read(root.Find("logprobs"u8)),
        };
        if (message.FindText("tool_plan"u8) is { Length: > 0 } plan)
            choice.Parts.Add(new HubThinking(plan));
        ReadContent(message, choice.Parts);
        Cite(message, choice.Parts);
        foreach (var call in message.Items("tool_calls"u8))
        {
            var function = call.Find("function"u8) ?? default;
            var arguments = function.FindText("arguments"u8) ?? "{}";
            choice.Parts.Add(new HubToolCall(call.FindText("id"u8) ?? "", function.FindText("name"u8) ?? "", arguments));
        }
        var answer = new HubAnswer { Id = root.FindText("id"u8) };
        answer.Choices.Add(choice);
        if (root.Find("usage"u8) is { } usage && CohereUsage.Read(usage) is { } read)
            (answer.Usage, answer.RawUsage) = (read, StreamTranslator.KeepRawUsage(JsonMarshal.GetRawUtf8Value(usage)));
        return answer;
    }

    private static void ReadContent(JsonElement message, List<HubPart> parts)
    {
        if (message.FindText("content"u8) is { } whole)
            parts.Add(new HubText(whole));
        foreach (var part in message.Items("content"u8))
        {
            if (part.FindText("thinking"u8) is { } thought)
                parts.Add(new HubThinking(thought));
            else if (part.FindText("text"u8) is { } text)
                parts.Add(new HubText(text));
        }
    }

    /// <summary>Cohere's citations are of all text, by the places in it.</summary>
    private static void Cite(JsonElement message, List<HubPart> parts)
    {
        var at = parts.FindIndex(static part => part is HubText);
        if (at >= 0 && message.Find("citations"u8) is { ValueKind: JsonValueKind.Array } citations && citations.GetArrayLength() > 0)
            parts[at] = (HubText)parts[at] with { Citations = citations, CitationFormat = WireFormat.Cohere };
    }
}
