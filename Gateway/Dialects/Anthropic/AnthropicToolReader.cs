using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Reads Anthropic's <c>tools</c> and <c>tool_choice</c>.</summary>
internal static class AnthropicToolReader
{
    public static bool Read(HubRequest hub, string param, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var tool in value.EnumerateArray())
        {
            if (ReadOne(hub, param, tool) is not { } read)
                return false;
            hub.Tools.Add(read);
        }
        return true;
    }

    private static HubTool? ReadOne(HubRequest hub, string param, JsonElement tool)
    {
        var type = tool.FindText("type"u8) ?? "custom";
        var name = tool.FindText("name"u8);
        var cache = tool.Find("cache_control"u8);
        if (cache is not null)
            hub.Use(Feature.CacheControl, "cache_control");
        if (type != "custom")
        {
            // Run by Anthropic (web search, code), or known to the model without a schema (bash, an editor).
            hub.Use(Feature.ServerTools, $"{param}[{hub.Tools.Count}] ({RecordedText.Shorten(type)})");
            return new HubTool(name ?? type) { Foreign = tool, ForeignFormat = WireFormat.Anthropic, CacheControl = cache };
        }
        if (string.IsNullOrEmpty(name))
            return null;
        hub.Use(Feature.Tools, param);
        NoteRest(hub, param, tool);
        bool? strict = tool.Find("strict"u8) is { } s ? s.ValueKind == JsonValueKind.True : null;
        if (strict is true)
            hub.Use(Feature.StrictTools, $"{param}[].strict");
        return new HubTool(name)
        {
            Description = tool.FindText("description"u8),
            Schema = tool.Find("input_schema"u8),
            IsStrict = strict,
            CacheControl = cache,
        };
    }

    /// <summary>
    /// Notes what no other dialect has. Two members lose nothing: <c>defer_loading</c> keeps a tool from the prompt until it is searched
    /// for, and without the search, which is noted, it is offered at once; <c>eager_input_streaming</c> only says how arguments are cut.
    /// </summary>
    private static void NoteRest(HubRequest hub, string param, JsonElement tool)
    {
        foreach (var member in tool.EnumerateObject())
        {
            switch (member.Name)
            {
                case "type" or "name" or "description" or "input_schema" or "cache_control" or "strict":
                case "defer_loading" or "eager_input_streaming":
                case "allowed_callers" when member.Value.ValueKind == JsonValueKind.Array
                    && member.Value.EnumerateArray().All(static caller => caller.ValueEquals("direct"u8)):
                    break;
                default:
                    if (member.Value.ValueKind != JsonValueKind.Null)
                        hub.Use(Feature.Unknown, $"{param}[].{member.Name}");
                    break;
            }
        }
    }

    public static bool ReadChoice(HubRequest hub, string param, JsonElement value)
    {
        if (value.Find("disable_parallel_tool_use"u8) is { ValueKind: JsonValueKind.True })
        {
            hub.ParallelToolCalls = false;
            hub.Use(Feature.ParallelToolCalls, $"{param}.disable_parallel_tool_use");
        }
        switch (value.FindText("type"u8))
        {
            case "auto":
                hub.ToolChoice = new HubToolChoice(HubToolMode.Auto);
                return true;
            case "any":
                hub.ToolChoice = new HubToolChoice(HubToolMode.Required);
                hub.Use(Feature.ToolChoiceRequired, param);
                return true;
            case "none":
                hub.ToolChoice = new HubToolChoice(HubToolMode.None);
                hub.Use(Feature.ToolChoiceNone, param);
                return true;
            case "tool" when value.FindText("name"u8) is { } name:
                hub.ToolChoice = new HubToolChoice(HubToolMode.Named, name);
                hub.Use(Feature.ToolChoiceNamed, param);
                return true;
            default:
                return false;
        }
    }
}
