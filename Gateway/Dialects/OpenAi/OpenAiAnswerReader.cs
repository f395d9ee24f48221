using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Reads a whole answer of OpenAI's chat completions into the hub.</summary>
internal static class OpenAiAnswerReader
{
    public static HubAnswer? Read(ReadOnlyMemory<byte> body)
    {
        var span = body.Span;
        if (!OpenAiAnswer.TryRead(span, out var facts) || facts.IsError
            || HubJson.TryParse(span.StartsWith(OpenAiAnswer.ByteOrderMark) ? span[3..] : span) is not { } root)
            return null;
        var answer = new HubAnswer
        {
            Id = root.FindText("id"u8),
            CreatedAt = root.FindCount("created"u8) is > 0 and < 253402300800 and var created ? DateTimeOffset.FromUnixTimeSeconds(created) : null,
            Usage = facts.Usage,
            RawUsage = facts.Usage is null ? null : StreamTranslator.KeepRawUsage(span[facts.RawUsage]),
            Service = facts.Service,
            ServiceTier = root.FindText("service_tier"u8),
            Bill = facts.Bill,
            SystemFingerprint = root.FindText("system_fingerprint"u8),
        };
        foreach (var choice in root.Items("choices"u8))
            answer.Choices.Add(ReadChoice(choice));
        return answer;
    }

    private static HubChoice ReadChoice(JsonElement element)
    {
        var choice = new HubChoice
        {
            Finish = OpenAiFinish.Read(element.FindText("finish_reason"u8)),
            Logprobs = element.Find("logprobs"u8),
        };
        if (element.FindText("text"u8) is { } completion)
            choice.Parts.Add(new HubText(completion));
        if (element.Find("message"u8) is not { } message)
            return choice;
        OpenAiThoughts.Read(null, message, choice.Parts);
        var text = message.Find("content"u8) switch
        {
            { ValueKind: JsonValueKind.String } content => content.GetString()!,
            { ValueKind: JsonValueKind.Array } parts => string.Concat(parts.EnumerateArray().Select(static part => part.FindText("text"u8))),
            _ => "",
        };
        var citations = message.Find("annotations"u8) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 ? list : (JsonElement?)null;
        if (text.Length > 0)
            choice.Parts.Add(new HubText(text) { Citations = citations, CitationFormat = citations is null ? null : WireFormat.OpenAi });
        if (message.FindText("refusal"u8) is { Length: > 0 } refusal)
            choice.Parts.Add(new HubRefusal(refusal));
        foreach (var call in message.Items("tool_calls"u8))
            choice.Parts.Add(ReadCall(call));
        return choice;
    }

    private static HubToolCall ReadCall(JsonElement call)
    {
        var id = call.FindText("id"u8) ?? "";
        if (call.Find("custom"u8) is { } custom)
            return new(id, custom.FindText("name"u8) ?? "", custom.FindText("input"u8) ?? "") { IsCustom = true };
        var function = call.Find("function"u8) ?? default;
        return new(id, function.FindText("name"u8) ?? "", function.FindText("arguments"u8) ?? "") { Signature = ReadSignature(call) };
    }

    /// <summary>Gemini's seal where its OpenAI-compatible endpoint puts it. Null: none.</summary>
    public static ThoughtSignature? ReadSignature(JsonElement call) => ThoughtSignature.ReadFrom(
        WireFormat.Gemini, call.Find("extra_content"u8)?.Find("google"u8)?.FindText("thought_signature"u8));
}
