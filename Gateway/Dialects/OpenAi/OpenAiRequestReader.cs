using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Reads a member that a body has beside those of a chat.</summary>
/// <returns>False: it is none of these.</returns>
internal delegate bool OwnMember(HubRequest hub, string name, JsonElement value, out ApiError? wrong);

/// <summary>Reads the body of a chat into the hub.</summary>
internal static class OpenAiRequestReader
{
    /// <summary>What the gateway reads itself, and no provider needs to know.</summary>
    private static bool IsOwn(MemberKind kind) => kind is MemberKind.Model or MemberKind.Stream or MemberKind.StreamOptions or MemberKind.ApiKey
        or MemberKind.ApiBase or MemberKind.GatewayOnly or (>= MemberKind.Timeout and not MemberKind.Metadata);

    /// <param name="own">Reads what a dialect that is alike has beside a chat's members. Null: nothing.</param>
    /// <returns>Null, or what is wrong.</returns>
    public static ApiError? Read(JsonElement body, HubRequest hub, OwnMember? own = null)
    {
        hub.IsStream = body.Find("stream"u8)?.ValueKind == JsonValueKind.True;
        foreach (var member in body.EnumerateObject())
        {
            if (own is not null && own(hub, member.Name, member.Value, out var unusable))
            {
                if (unusable is not null)
                    return unusable;
            }
            else if (ReadMember(hub, member.Name, member.Value) is { } wrong)
            {
                return wrong;
            }
        }
        return null;
    }

    private static ApiError? ReadMember(HubRequest hub, string name, JsonElement value)
    {
        if (IsOwn(MemberNames.KindOf(System.Text.Encoding.UTF8.GetBytes(name))))
            return null;
        switch (name)
        {
            case "messages":
                return ReadMessages(hub, value);
            case "functions" when value.ValueKind == JsonValueKind.Array:
                foreach (var function in value.EnumerateArray())
                    ReadFunction(hub, function);
                return null;
            case "function_call" when value.ValueKind != JsonValueKind.Null:
                return ReadFunctionChoice(hub, value) ? null : Wrong(name);
            case "extra_body" when value.ValueKind == JsonValueKind.Object:
                foreach (var extra in value.EnumerateObject())
                {
                    if (!OpenAiParams.Read(hub, extra.Name, extra.Value))
                        return Wrong(extra.Name);
                }
                return null;
            default:
                return OpenAiParams.Read(hub, name, value) ? null : Wrong(name);
        }
    }

    private static ApiError Wrong(string name) => ApiError.InvalidParameter(RecordedText.Shorten(name), "is not of the form that OpenAI's API has");

    /// <summary>The forerunner of tools.</summary>
    private static void ReadFunction(HubRequest hub, JsonElement function)
    {
        if (function.FindText("name"u8) is not { } name)
            return;
        hub.Use(Feature.Tools, "functions");
        hub.Tools.Add(new HubTool(name) { Description = function.FindText("description"u8), Schema = function.Find("parameters"u8) });
    }

    private static bool ReadFunctionChoice(HubRequest hub, JsonElement value)
    {
        if (value.FindText("name"u8) is not { } name)
            return value.ValueKind == JsonValueKind.String && OpenAiTools.Set(hub, "function_call", value.GetString());
        hub.ToolChoice = new HubToolChoice(HubToolMode.Named, name);
        hub.Use(Feature.ToolChoiceNamed, "function_call");
        return true;
    }

    private static ApiError? ReadMessages(HubRequest hub, JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array)
            return Wrong("messages");
        var at = 0;
        var calls = new Dictionary<string, HubToolCall>(StringComparer.Ordinal);
        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object)
                return Wrong($"messages[{at}]");
            if (ReadMessage(hub, message, $"messages[{at}]", calls) is { } wrong)
                return wrong;
            at++;
        }
        return null;
    }

    private static ApiError? ReadMessage(HubRequest hub, JsonElement message, string path, Dictionary<string, HubToolCall> calls)
    {
        var parts = new List<HubPart>();
        var role = message.FindText("role"u8);
        if (role is "tool" or "function")
            return ReadResult(hub, message, path, isFunction: role == "function", calls);
        if (role == "assistant")
            OpenAiThoughts.Read(hub, message, parts);
        if (message.Find("content"u8) is { } content && OpenAiContent.Read(hub, content, $"{path}.content", parts) is { } wrong)
            return wrong;
        if (message.Find("cache_control"u8) is { } cache && parts.Count > 0)
        {
            hub.Use(Feature.CacheControl, "cache_control");
            parts[^1] = parts[^1] with { CacheControl = cache };
        }
        if (message.FindText("refusal"u8) is { Length: > 0 } refusal)
            parts.Add(new HubRefusal(refusal));
        var name = message.FindText("name"u8);
        if (name is not null)
            hub.Use(Feature.MessageName, $"{path}.name");
        switch (role)
        {
            case "system" or "developer":
                hub.Use(IsWithin(hub) ? Feature.SystemWithin : Feature.System, $"{path}.role");
                hub.Messages.Add(new(HubRole.System, parts) { Name = name, IsDeveloper = role == "developer" });
                return null;
            case "user":
                hub.Messages.Add(new(HubRole.User, parts) { Name = name });
                return null;
            case "assistant":
                ReadCalls(message, parts);
                foreach (var call in parts.OfType<HubToolCall>())
                    calls[call.Id] = call;
                hub.Messages.Add(new(HubRole.Assistant, parts) { Name = name });
                return null;
            default:
                return ApiError.InvalidParameter($"{path}.role", "must be system, developer, user, assistant or tool");
        }
    }

    /// <summary>True when what comes next stands behind something that is no instruction.</summary>
    private static bool IsWithin(HubRequest hub) => hub.Messages is [.., { Role: not HubRole.System }]
        || hub.Uses.Exists(static use => use.Feature == Feature.SystemWithin);

    private static void ReadCalls(JsonElement message, List<HubPart> parts)
    {
        foreach (var call in message.Items("tool_calls"u8))
        {
            var id = call.FindText("id"u8) ?? "";
            var signature = call.Find("extra_content"u8)?.Find("google"u8)?.FindText("thought_signature"u8);
            if (call.Find("custom"u8) is { } custom)
                parts.Add(new HubToolCall(id, custom.FindText("name"u8) ?? "", custom.FindText("input"u8) ?? "") { IsCustom = true });
            else if (call.Find("function"u8) is { } function)
                parts.Add(new HubToolCall(id, function.FindText("name"u8) ?? "", function.FindText("arguments"u8) ?? "")
                {
                    Signature = ThoughtSignature.ReadFrom(WireFormat.Gemini, signature),
                });
        }
        if (message.Find("function_call"u8) is { } legacy && legacy.FindText("name"u8) is { } name)
            parts.Add(new HubToolCall(FunctionId(name), name, legacy.FindText("arguments"u8) ?? ""));
    }

    /// <summary>The forerunner of tools has no ids: call and result are joined by the name.</summary>
    private static string FunctionId(string name) => $"function_{name}";

    /// <param name="calls">The calls so far, by their ids.</param>
    private static ApiError? ReadResult(
        HubRequest hub, JsonElement message, string path, bool isFunction, Dictionary<string, HubToolCall> calls)
    {
        var parts = new List<HubPart>();
        if (message.Find("content"u8) is { } content && OpenAiContent.Read(hub, content, $"{path}.content", parts) is { } wrong)
            return wrong;
        var name = message.FindText("name"u8);
        var id = isFunction ? FunctionId(name ?? "") : message.FindText("tool_call_id"u8) ?? "";
        if (parts.Exists(static part => part is HubMedia))
            hub.Use(Feature.ToolResultImages, $"{path}.content");
        var call = calls.GetValueOrDefault(id);
        hub.Messages.Add(new(HubRole.Tool,
        [
            new HubToolResult(id, parts)
            {
                Name = call?.Name ?? name,
                IsCustom = call?.IsCustom ?? false,
                CacheControl = message.Find("cache_control"u8),
            },
        ]));
        return null;
    }
}
