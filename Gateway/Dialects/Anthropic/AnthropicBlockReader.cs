using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Reads one content block of a message.</summary>
internal static class AnthropicBlockReader
{
    /// <summary>Reads a block, noting what it uses.</summary>
    /// <returns>Null when it lacks what its type needs.</returns>
    public static HubPart? Read(HubRequest hub, JsonElement block)
    {
        if (block.FindText("type"u8) is not { } type || ReadByType(hub, type, block) is not { } part)
            return null;
        if (block.Find("cache_control"u8) is not { } cache)
            return part;
        hub.Use(Feature.CacheControl, "cache_control");
        return part with { CacheControl = cache };
    }

    private static HubPart? ReadByType(HubRequest hub, string type, JsonElement block)
    {
        switch (type)
        {
            case "text":
                return ReadText(hub, block);
            case "image":
                return AnthropicMediaReader.ReadImage(hub, block);
            case "document":
                return AnthropicMediaReader.ReadDocument(hub, block);
            case "thinking":
                hub.Use(Feature.ThinkingHistory, "messages[].content[].thinking");
                return block.FindText("thinking"u8) is { } thought
                    ? new HubThinking(thought) { Signature = SealOf(block.FindText("signature"u8)) }
                    : null;
            case "redacted_thinking":
                return ReadHidden(hub, block);
            case "tool_use":
                return block.FindText("id"u8) is { } id && block.FindText("name"u8) is { } name
                    ? new HubToolCall(id, name, block.Find("input"u8)?.GetRawText() ?? "{}")
                    : null;
            case "tool_result":
                return ReadResult(hub, block);
            default:
                return ReadForeign(hub, type, block);
        }
    }

    private static HubText? ReadText(HubRequest hub, JsonElement block)
    {
        if (block.FindText("text"u8) is not { } text)
            return null;
        var citations = AnthropicCitations.WithoutOwn(block.Find("citations"u8));
        if (citations is not null)
            hub.Use(Feature.Citations, "messages[].content[].citations");
        return new HubText(text) { Citations = citations, CitationFormat = citations is null ? null : WireFormat.Anthropic };
    }

    private static HubThinking? ReadHidden(HubRequest hub, JsonElement block)
    {
        if (SealOf(block.FindText("data"u8)) is not { } seal)
            return null;
        if (seal.Format != WireFormat.Gemini) // that is the seal of a call
            hub.Use(Feature.ThinkingHistory, "messages[].content[].redacted_thinking");
        return new HubThinking("") { Signature = seal, IsHidden = true };
    }

    /// <summary>A seal; an empty one, which the gateway writes where a provider gives none, is none.</summary>
    private static ThoughtSignature? SealOf(string? text) =>
        string.IsNullOrEmpty(text) ? null : ThoughtSignature.ReadFrom(WireFormat.Anthropic, text);

    private static HubToolResult? ReadResult(HubRequest hub, JsonElement block)
    {
        if (block.FindText("tool_use_id"u8) is not { } id)
            return null;
        var parts = new List<HubPart>();
        var content = block.Find("content"u8);
        if (content is { ValueKind: JsonValueKind.String } text)
            parts.Add(new HubText(text.GetString()!));
        else if (content is { ValueKind: not JsonValueKind.Array })
            return null;
        foreach (var item in block.Items("content"u8))
        {
            if (Read(hub, item) is not { } part)
                return null;
            if (part is HubMedia { Kind: HubMediaKind.Image })
                hub.Use(Feature.ToolResultImages, "messages[].content[].tool_result.content[].image");
            parts.Add(part);
        }
        var isError = block.Find("is_error"u8) is { ValueKind: JsonValueKind.True };
        if (isError)
            hub.Use(Feature.ToolErrors, "messages[].content[].tool_result.is_error");
        return new HubToolResult(id, parts) { IsError = isError };
    }

    /// <summary>What only Anthropic has: the calls and results of its own tools, search results, changes of tools.</summary>
    private static HubForeignPart ReadForeign(HubRequest hub, string type, JsonElement block)
    {
        var feature = type == "container_upload" ? Feature.FileIds : Feature.UnknownPart;
        hub.Use(feature, $"messages[].content[] ({RecordedText.Shorten(type)})");
        return new HubForeignPart(WireFormat.Anthropic, block);
    }
}
