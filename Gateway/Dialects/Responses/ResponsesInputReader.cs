using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>
/// Reads <c>input</c>, a list of items, into messages: what a model says, thinks and calls one after the other is one message, and so are
/// the results of tools that follow one another.
/// </summary>
internal sealed class ResponsesInputReader(HubRequest hub)
{
    private const string Param = "input";

    /// <summary>The names of the tools that were called, by the ids of the calls.</summary>
    private readonly Dictionary<string, string> _calls = [];

    /// <summary>Seals of calls by the ids of the calls: they stand in items of their own.</summary>
    private Dictionary<string, ThoughtSignature>? _seals;

    /// <returns>Null, or what is wrong with it.</returns>
    public ApiError? Read(JsonElement input)
    {
        if (input.ValueKind == JsonValueKind.String)
        {
            hub.Messages.Add(new HubMessage(HubRole.User, [new HubText(input.GetString()!)]));
            return null;
        }
        if (input.ValueKind != JsonValueKind.Array)
            return ApiError.InvalidParameter(Param, "must be a text or a list of items");
        var index = 0;
        foreach (var item in input.EnumerateArray())
        {
            if (ReadItem(item, index++) is { } wrong)
                return wrong;
        }
        AttachSeals();
        if (hub.Messages is [.., { Role: HubRole.Assistant } last] && last.Parts.TrueForAll(static part => part is HubText))
            hub.Use(Feature.Prefill, $"{Param} (a last message of the assistant)");
        return null;
    }

    private ApiError? ReadItem(JsonElement item, int index)
    {
        switch (item.FindText("type"u8))
        {
            case null or "message":
                return ReadMessage(item, index);
            case "function_call":
                return ReadCall(item, index, "arguments"u8, isCustom: false);
            case "custom_tool_call":
                hub.Use(Feature.CustomTools, $"{Param} (custom_tool_call)");
                return ReadCall(item, index, "input"u8, isCustom: true);
            case "function_call_output":
                return ReadResult(item, index, isCustom: false);
            case "custom_tool_call_output":
                return ReadResult(item, index, isCustom: true);
            case "reasoning":
                ReadThought(item);
                return null;
            case "item_reference":
                return ReadReference(item, $"{Param}[{index}]");
            case var type:
                // What a tool of the provider's did; or a conversation that the provider has made shorter, which only it can read.
                var feature = type is "compaction" or "compaction_summary" ? Feature.UnknownPart : Feature.ServerTools;
                hub.Use(feature, $"{Param} ({RecordedText.Shorten(type)})");
                Last(HubRole.Assistant).Add(new HubForeignPart(WireFormat.Responses, item));
                return null;
        }
    }

    private ApiError? ReadMessage(JsonElement item, int index)
    {
        if (ResponsesContent.Read(hub, item.Find("content"u8)) is not { } parts)
            return ApiError.InvalidParameter($"{Param}[{index}].content", "must be a text or a list of parts");
        var role = item.FindText("role"u8);
        switch (role)
        {
            case "user":
                hub.Messages.Add(new HubMessage(HubRole.User, parts));
                return null;
            case "assistant":
                Last(HubRole.Assistant).AddRange(parts);
                return null;
            case "system" or "developer":
                var isFirst = hub.Messages.TrueForAll(static message => message.Role == HubRole.System);
                hub.Use(isFirst ? Feature.System : Feature.SystemWithin, $"{Param} ({role})");
                hub.Messages.Add(new HubMessage(HubRole.System, parts) { IsDeveloper = role == "developer" });
                return null;
            default:
                return ApiError.InvalidParameter($"{Param}[{index}].role", "must be user, assistant, system or developer");
        }
    }

    private ApiError? ReadCall(JsonElement item, int index, ReadOnlySpan<byte> arguments, bool isCustom)
    {
        if (item.FindText("call_id"u8) is not { } id || item.FindText("name"u8) is not { Length: > 0 } name)
            return ApiError.InvalidParameter($"{Param}[{index}]", "must have a call_id and a name");
        if (item.FindText("namespace"u8) is { } space)
            name = ToolNamespace.Flatten(space, name);
        _calls[id] = name;
        Last(HubRole.Assistant).Add(new HubToolCall(id, name, item.FindText(arguments) ?? "") { IsCustom = isCustom });
        return null;
    }

    private ApiError? ReadResult(JsonElement item, int index, bool isCustom)
    {
        if (item.FindText("call_id"u8) is not { } id)
            return ApiError.InvalidParameter($"{Param}[{index}]", "must have a call_id");
        if (ResponsesContent.Read(hub, item.Find("output"u8)) is not { } content)
            return ApiError.InvalidParameter($"{Param}[{index}].output", "must be a text or a list of parts");
        if (content.Exists(static part => part is HubMedia))
            hub.Use(Feature.ToolResultImages, $"{Param} (function_call_output)");
        Last(HubRole.Tool).Add(new HubToolResult(id, content) { Name = _calls.GetValueOrDefault(id), IsCustom = isCustom });
        return null;
    }

    /// <summary>An item of an earlier answer, which <see cref="ItemReferences"/> puts in its place.</summary>
    private ApiError? ReadReference(JsonElement item, string param)
    {
        if (item.FindText("id"u8) is not { } id)
            return ApiError.InvalidParameter(param, "must have an id");
        hub.Use(Feature.StoredConversation, param);
        Last(HubRole.Assistant).Add(new HubItemReference(id, param));
        return null;
    }

    private void ReadThought(JsonElement item)
    {
        var seal = item.FindText("encrypted_content"u8);
        if (seal is not null && ReasoningSeal.ReadCall(seal) is { } ofCall)
        {
            (_seals ??= [])[ofCall.CallId] = ofCall.Seal;
            return;
        }
        var thought = ReasoningSeal.Read(TextOf(item), seal, item.FindText("id"u8));
        if (thought.Signature is null && thought.Text.Length == 0)
            return; // its id alone, which means something to whoever keeps the item
        hub.Use(Feature.ThinkingHistory, $"{Param} (reasoning)");
        Last(HubRole.Assistant).Add(thought);
    }

    /// <summary>The summary of a thought, or the thought itself where there is none.</summary>
    public static string TextOf(JsonElement reasoning)
    {
        var summary = string.Join("\n\n", reasoning.Items("summary"u8).Select(static part => part.FindText("text"u8)).OfType<string>());
        return summary.Length > 0
            ? summary
            : string.Concat(reasoning.Items("content"u8).Select(static part => part.FindText("text"u8)).OfType<string>());
    }

    /// <summary>The parts of the last message if it has that role, else of a new one.</summary>
    private List<HubPart> Last(HubRole role)
    {
        if (hub.Messages is not [.., { } last] || last.Role != role)
            hub.Messages.Add(last = new HubMessage(role, []));
        return last.Parts;
    }

    private void AttachSeals()
    {
        if (_seals is null)
            return;
        foreach (var message in hub.Messages)
        {
            for (var i = 0; i < message.Parts.Count; i++)
            {
                if (message.Parts[i] is HubToolCall call && _seals.TryGetValue(call.Id, out var seal))
                    message.Parts[i] = call with { Signature = seal };
            }
        }
    }
}
