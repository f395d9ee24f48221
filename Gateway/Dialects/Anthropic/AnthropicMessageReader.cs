using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// Reads Anthropic's messages. One of the user's may hold the results of tools and more; the hub has the results in a message of their own.
/// </summary>
internal static class AnthropicMessageReader
{
    /// <summary>Reads the instructions before the conversation.</summary>
    /// <returns>False when they are neither a text nor a list of blocks.</returns>
    public static bool ReadSystem(HubRequest hub, JsonElement system)
    {
        var parts = new List<HubPart>();
        if (!ReadContent(hub, system, parts))
            return false;
        if (parts.Count == 0)
            return true;
        // Blocks are paragraphs here; other dialects join the parts of a message to one text.
        for (var i = 0; i < parts.Count - 1; i++)
        {
            if (parts[i] is HubText { Text: [.., not '\n'] } text)
                parts[i] = text with { Text = text.Text + "\n\n" };
        }
        hub.Messages.Add(new HubMessage(HubRole.System, parts));
        hub.Use(Feature.System, "system");
        return true;
    }

    /// <summary>Reads the conversation.</summary>
    /// <returns>Null, or what is wrong with it.</returns>
    public static ApiError? Read(HubRequest hub, JsonElement messages)
    {
        var index = 0;
        foreach (var message in messages.EnumerateArray())
        {
            var parts = new List<HubPart>();
            if (message.ValueKind != JsonValueKind.Object || RoleOf(message.FindText("role"u8)) is not { } role)
                return ApiError.InvalidParameter($"messages[{index}].role", "must be user, assistant or system");
            if (message.Find("content"u8) is not { } content || !ReadContent(hub, content, parts))
                return ApiError.InvalidParameter(
                    $"messages[{index}].content", "must be a text or a list of content blocks with all that their type needs");
            foreach (var member in message.EnumerateObject())
            {
                if (member.Name is not ("role" or "content"))
                    hub.Use(Feature.Unknown, $"messages[].{member.Name}");
            }
            if (role == HubRole.System)
                hub.Use(index == 0 ? Feature.System : Feature.SystemWithin, "messages[].role");
            Add(hub, role, parts);
            index++;
        }
        if (hub.Messages.Count > 0 && hub.Messages[^1].Role == HubRole.Assistant)
            hub.Use(Feature.Prefill, "messages");
        return null;
    }

    private static HubRole? RoleOf(string? role) => role switch
    {
        "user" => HubRole.User,
        "assistant" => HubRole.Assistant,
        "system" => HubRole.System, // since version 2026-10-21, and before it for models that take it
        _ => null,
    };

    /// <summary>Adds the message, cut where results of tools and other parts meet.</summary>
    private static void Add(HubRequest hub, HubRole role, List<HubPart> parts)
    {
        var start = 0;
        for (var end = 1; end <= parts.Count; end++)
        {
            if (end < parts.Count && parts[end] is HubToolResult == parts[start] is HubToolResult)
                continue;
            hub.Messages.Add(new HubMessage(parts[start] is HubToolResult ? HubRole.Tool : role, parts[start..end]));
            start = end;
        }
        if (parts.Count == 0)
            hub.Messages.Add(new HubMessage(role, parts));
    }

    private static bool ReadContent(HubRequest hub, JsonElement content, List<HubPart> parts)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            if (content.GetString() is { Length: > 0 } text)
                parts.Add(new HubText(text));
            return true;
        }
        if (content.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var block in content.EnumerateArray())
        {
            if (AnthropicBlockReader.Read(hub, block) is not { } part)
                return false;
            AddPart(parts, part);
        }
        return true;
    }

    /// <summary>
    /// Adds a part. A call has no place for a seal of its own in this dialect, so the gateway writes one of another provider's
    /// (<see cref="AnthropicBlocks.WriteCall"/>) as a hidden thought in front of the call, and finds it here again.
    /// </summary>
    private static void AddPart(List<HubPart> parts, HubPart part)
    {
        if (part is HubToolCall call && parts is [.., HubThinking { IsHidden: true, Signature: { Format: WireFormat.Gemini } seal }])
            parts[^1] = call with { Signature = seal };
        else
            parts.Add(part);
    }
}
