using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>Reads Converse's whole answer into the hub.</summary>
internal static class ConverseAnswerReader
{
    /// <returns>Null: it is no answer, or a text in it is not Unicode.</returns>
    public static HubAnswer? Read(ReadOnlySpan<byte> body)
    {
        if (HubJson.TryParse(body) is not { } root || root.Find("output"u8)?.Find("message"u8) is not { } message)
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
        var choice = new HubChoice { Finish = ConverseStops.Read(root.FindText("stopReason"u8)) };
        foreach (var block in message.Items("content"u8))
        {
            if (ReadBlock(block) is { } part)
                choice.Parts.Add(part);
        }
        if (choice.Finish == HubFinish.ToolCalls && !choice.Parts.Exists(static part => part is HubToolCall))
            choice.Finish = HubFinish.Stop; // the call was the answer
        var tier = ConverseUsage.TierOf(root);
        var answer = new HubAnswer { ServiceTier = tier, Service = ConverseUsage.ServiceOf(tier) };
        answer.Choices.Add(choice);
        if (root.Find("usage"u8) is { } usage && ConverseUsage.Read(usage) is { } read)
            (answer.Usage, answer.RawUsage) = (read, StreamTranslator.KeepRawUsage(JsonMarshal.GetRawUtf8Value(usage)));
        return answer;
    }

    private static HubPart? ReadBlock(JsonElement block)
    {
        if (block.FindText("text"u8) is { } text)
            return new HubText(text);
        if (block.Find("toolUse"u8) is { } call)
        {
            var arguments = call.Find("input"u8)?.GetRawText() ?? "{}";
            var name = call.FindText("name"u8) ?? "";
            return name == AnthropicFormat.ToolName
                ? new HubText(arguments)
                : new HubToolCall(call.FindText("toolUseId"u8) ?? "", name, arguments);
        }
        if (block.Find("reasoningContent"u8) is { } thought)
            return ReadThought(thought);
        if (block.Find("citationsContent"u8) is { } cited)
            return ReadCited(cited);
        return block.ValueKind == JsonValueKind.Object ? new HubForeignPart(WireFormat.Converse, block) : null;
    }

    private static HubThinking? ReadThought(JsonElement thought)
    {
        if (thought.Find("reasoningText"u8) is { } shown)
            return new HubThinking(shown.FindText("text"u8) ?? "") { Signature = SealOf(shown.FindText("signature"u8)) };
        return SealOf(thought.FindText("redactedContent"u8)) is { } seal ? new HubThinking("") { IsHidden = true, Signature = seal } : null;
    }

    private static HubText ReadCited(JsonElement cited)
    {
        var text = string.Concat(cited.Items("content"u8).Select(static piece => piece.FindText("text"u8)));
        return cited.Find("citations"u8) is { ValueKind: JsonValueKind.Array } citations && citations.GetArrayLength() > 0
            ? new HubText(text) { Citations = citations, CitationFormat = WireFormat.Converse }
            : new HubText(text);
    }

    /// <summary>Claude's seal; see <see cref="ConverseProvider"/>. An empty one is none.</summary>
    internal static ThoughtSignature? SealOf(string? text) =>
        string.IsNullOrEmpty(text) ? null : new ThoughtSignature(WireFormat.Anthropic, text);
}
