using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>OpenAI's <c>tools</c> and <c>tool_choice</c> of a chat.</summary>
internal static class OpenAiTools
{
    public static bool Read(HubRequest hub, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var tool in value.EnumerateArray())
        {
            if (ReadOne(hub, name, tool) is not { } read)
                return false;
            hub.Tools.Add(read);
        }
        return true;
    }

    private static HubTool? ReadOne(HubRequest hub, string param, JsonElement tool)
    {
        var type = tool.FindText("type"u8);
        if (type != "function")
        {
            if (type is null)
                return null;
            hub.Use(type == "custom" ? Feature.CustomTools : Feature.ServerTools, $"{param}[{hub.Tools.Count}] ({RecordedText.Shorten(type)})");
            return new HubTool(tool.Find("custom"u8)?.FindText("name"u8) ?? type) { Foreign = tool, ForeignFormat = WireFormat.OpenAi };
        }
        if (tool.Find("function"u8) is not { } function || function.FindText("name"u8) is not { Length: > 0 } name)
            return null;
        hub.Use(Feature.Tools, param);
        bool? strict = function.Find("strict"u8) is { } s ? s.ValueKind == JsonValueKind.True : null;
        if (strict is true)
            hub.Use(Feature.StrictTools, $"{param}[].function.strict");
        var cache = tool.Find("cache_control"u8) ?? function.Find("cache_control"u8);
        if (cache is not null)
            hub.Use(Feature.CacheControl, "cache_control");
        return new HubTool(name)
        {
            Description = function.FindText("description"u8),
            Schema = function.Find("parameters"u8),
            IsStrict = strict,
            CacheControl = cache,
        };
    }

    public static bool ReadChoice(HubRequest hub, string param, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            return Set(hub, param, value.GetString());
        var type = value.FindText("type"u8);
        var inner = type is null ? null : value.Find(System.Text.Encoding.UTF8.GetBytes(type));
        switch (type)
        {
            case "function" or "custom" when inner?.FindText("name"u8) is { } name:
                hub.ToolChoice = new HubToolChoice(HubToolMode.Named, name);
                hub.Use(Feature.ToolChoiceNamed, param);
                return true;
            case "allowed_tools" when inner is { } allowed:
                if (!Set(hub, param, allowed.FindText("mode"u8)))
                    return false;
                hub.ToolChoice = hub.ToolChoice! with
                {
                    Allowed = [.. allowed.Items("tools"u8).Select(static t => t.Find("function"u8)?.FindText("name"u8)).OfType<string>()],
                };
                hub.Use(Feature.ToolChoiceAllowed, param);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The choices that are a word: auto, none, required.</summary>
    public static bool Set(HubRequest hub, string param, string? word)
    {
        switch (word)
        {
            case "auto":
                hub.ToolChoice = new HubToolChoice(HubToolMode.Auto);
                return true;
            case "none":
                hub.ToolChoice = new HubToolChoice(HubToolMode.None);
                hub.Use(Feature.ToolChoiceNone, param);
                return true;
            case "required" or "any":
                hub.ToolChoice = new HubToolChoice(HubToolMode.Required);
                hub.Use(Feature.ToolChoiceRequired, param);
                return true;
            default:
                return false;
        }
    }
}
