using System.Globalization;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Ollama;

/// <summary>Reads Ollama's whole answer into the hub.</summary>
internal static class OllamaAnswerReader
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
        var choice = new HubChoice { Logprobs = OllamaChunk.LogprobsOf(root) };
        if (message.FindText("thinking"u8) is { Length: > 0 } thought)
            choice.Parts.Add(new HubThinking(thought));
        if (message.FindText("content"u8) is { Length: > 0 } text)
            choice.Parts.Add(new HubText(text));
        var ids = OllamaChunk.IdsOf(root);
        foreach (var call in message.Items("tool_calls"u8))
            choice.Parts.Add(OllamaChunk.CallOf(call, ids));
        choice.Finish = OllamaChunk.FinishOf(root, choice.Parts.Exists(static part => part is HubToolCall));
        var answer = new HubAnswer { CreatedAt = TimeOf(root.FindText("created_at"u8)) };
        answer.Choices.Add(choice);
        if (OllamaChunk.UsageOf(root) is { } usage)
            (answer.Usage, answer.RawUsage) = (usage, OllamaChunk.RawUsageOf(usage));
        return answer;
    }

    private static DateTimeOffset? TimeOf(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
