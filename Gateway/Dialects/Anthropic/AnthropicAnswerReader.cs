using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Reads Anthropic's whole message into the hub.</summary>
internal static class AnthropicAnswerReader
{
    /// <returns>Null: it is no message, or a text in it is not Unicode.</returns>
    public static HubAnswer? Read(ReadOnlySpan<byte> body)
    {
        var mark = OpenAi.OpenAiAnswer.ByteOrderMark;
        if (HubJson.TryParse(body.StartsWith(mark) ? body[mark.Length..] : body) is not { } root
            || root.Find("content"u8) is not { ValueKind: JsonValueKind.Array } content)
            return null;
        try
        {
            return Read(root, content);
        }
        catch (InvalidOperationException)
        {
            return null; // half of a surrogate pair
        }
    }

    private static HubAnswer Read(JsonElement root, JsonElement content)
    {
        var choice = new HubChoice
        {
            Finish = AnthropicStops.Read(root.FindText("stop_reason"u8)),
            StopSequence = root.FindText("stop_sequence"u8),
        };
        foreach (var block in content.EnumerateArray())
        {
            if (ReadBlock(block) is { } part)
                choice.Parts.Add(part);
        }
        if (choice.Finish == HubFinish.ToolCalls && !choice.Parts.Exists(static part => part is HubToolCall))
            choice.Finish = HubFinish.Stop; // the call was the answer
        if (choice.Finish == HubFinish.Refusal && ExplanationOf(root) is { } explanation)
            choice.Parts.Add(new HubRefusal(explanation));
        var answer = new HubAnswer { Id = root.FindText("id"u8) };
        answer.Choices.Add(choice);
        if (root.Find("usage"u8) is { } usage)
            ReadUsage(answer, JsonMarshal.GetRawUtf8Value(usage));
        return answer;
    }

    private static void ReadUsage(HubAnswer answer, ReadOnlySpan<byte> json)
    {
        var usage = new AnthropicUsage();
        usage.Read(json);
        if (!usage.IsAny)
            return;
        answer.Usage = usage.ToUsage();
        answer.RawUsage = StreamTranslator.KeepRawUsage(json);
        (answer.Service, answer.ServiceTier, answer.Bill) = (usage.Service, usage.ServiceName, usage.Bill);
    }

    /// <summary>What a refusal says of itself. Null: nothing.</summary>
    public static string? ExplanationOf(JsonElement message) =>
        message.Find("stop_details"u8)?.FindText("explanation"u8) is { Length: > 0 } text ? text : null;

    private static HubPart? ReadBlock(JsonElement block)
    {
        switch (block.FindText("type"u8))
        {
            case "text" when block.FindText("text"u8) is { } text:
                return ReadText(text, block.Find("citations"u8));
            case "thinking" when block.FindText("thinking"u8) is { } thought:
                return new HubThinking(thought) { Signature = SealOf(block.FindText("signature"u8)) };
            case "redacted_thinking" when SealOf(block.FindText("data"u8)) is { } seal:
                return new HubThinking("") { IsHidden = true, Signature = seal };
            case "tool_use":
                var arguments = block.Find("input"u8)?.GetRawText() ?? "{}";
                var name = block.FindText("name"u8) ?? "";
                return name == AnthropicFormat.ToolName
                    ? new HubText(arguments)
                    : new HubToolCall(block.FindText("id"u8) ?? "", name, arguments);
            default:
                return block.ValueKind == JsonValueKind.Object ? new HubForeignPart(WireFormat.Anthropic, block) : null;
        }
    }

    private static HubText ReadText(string text, JsonElement? citations) =>
        citations is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0
            ? new HubText(text) { Citations = list, CitationFormat = WireFormat.Anthropic }
            : new HubText(text);

    /// <summary>A provider's seal is never marked as another's; an empty one is none.</summary>
    internal static ThoughtSignature? SealOf(string? text) =>
        string.IsNullOrEmpty(text) ? null : new ThoughtSignature(WireFormat.Anthropic, text);
}
