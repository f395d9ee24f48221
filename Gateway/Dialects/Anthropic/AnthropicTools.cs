using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Writes <c>tools</c> and <c>tool_choice</c>.</summary>
internal static class AnthropicTools
{
    /// <summary>The search that all models have; later ones filter results by code, which not all clouds run.</summary>
    private static ReadOnlySpan<byte> WebSearchType => "web_search_20250305"u8;

    /// <summary>True for OpenAI's web search, which Anthropic has, too.</summary>
    public static bool IsWebSearch(HubTool tool) => tool.ForeignFormat is WireFormat.OpenAi or WireFormat.Responses
        && tool.Foreign?.FindText("type"u8) is { } type && type.StartsWith("web_search", StringComparison.Ordinal);

    public static void Write(Utf8JsonWriter json, HubRequest request, AnthropicFormat.Means means)
    {
        var tools = Offered(request);
        var isForced = means == AnthropicFormat.Means.Tool;
        // A conversation with calls in it needs the tools to be declared; a client that declares none can have none called.
        var called = tools.Count == 0 && request.WebSearchOptions is null && !isForced ? CalledNames(request) : [];
        if (tools.Count == 0 && called.Count == 0 && request.WebSearchOptions is null && !isForced)
            return;
        json.WriteStartArray("tools"u8);
        foreach (var tool in tools)
            WriteTool(json, tool);
        foreach (var name in called)
            WriteTool(json, new HubTool(name));
        if (request.WebSearchOptions is { } options)
            WriteWebSearch(json, options);
        if (isForced)
            AnthropicFormat.WriteTool(json, request.Format!);
        json.WriteEndArray();
        WriteChoice(json, request, isForced, hasOwn: tools.Count > 0, called.Count > 0);
    }

    /// <summary>The tools that may be called.</summary>
    private static List<HubTool> Offered(HubRequest request) => request.ToolChoice is { Allowed: { Count: > 0 } allowed }
        ? request.Tools.FindAll(tool => allowed.Contains(tool.Name))
        : request.Tools;

    private static List<string> CalledNames(HubRequest request) =>
        [.. request.Messages.SelectMany(static message => message.Parts).OfType<HubToolCall>().Select(static call => call.Name).Distinct()];

    private static void WriteTool(Utf8JsonWriter json, HubTool tool)
    {
        if (tool.Foreign is { } foreign)
        {
            if (tool.ForeignFormat == WireFormat.Anthropic)
                foreign.WriteTo(json);
            else
                WriteWebSearch(json, foreign);
            return;
        }
        json.WriteStartObject();
        json.WriteString("name"u8, tool.Name);
        if (tool.Description is not null)
            json.WriteString("description"u8, tool.Description);
        json.WritePropertyName("input_schema"u8);
        WriteSchema(json, tool.Schema);
        if (tool.IsStrict is true)
            json.WriteBoolean("strict"u8, true);
        if (tool.CacheControl is { } cache)
        {
            json.WritePropertyName("cache_control"u8);
            cache.WriteTo(json);
        }
        json.WriteEndObject();
    }

    /// <summary>A schema of an object, which here it must say that it is.</summary>
    public static void WriteSchema(Utf8JsonWriter json, JsonElement? schema)
    {
        if (schema is { ValueKind: JsonValueKind.Object } given && given.FindText("type"u8) is not null)
        {
            given.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        json.WriteString("type"u8, "object"u8);
        if (schema is { ValueKind: JsonValueKind.Object } rest)
        {
            foreach (var member in rest.EnumerateObject().Where(static member => member.Name != "type"))
                member.WriteTo(json);
        }
        else
        {
            json.WriteStartObject("properties"u8);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    /// <summary>
    /// OpenAI's size of the search context as how often may be searched, in LiteLLM's numbers; its place of the user as it is.
    /// </summary>
    private static void WriteWebSearch(Utf8JsonWriter json, JsonElement options)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, WebSearchType);
        json.WriteString("name"u8, "web_search"u8);
        int? uses = options.FindText("search_context_size"u8) switch
        {
            "low" => 1,
            "medium" => 5,
            "high" => 10,
            _ => null,
        };
        if (uses is { } most)
            json.WriteNumber("max_uses"u8, most);
        if (options.Find("user_location"u8) is { ValueKind: JsonValueKind.Object } location)
        {
            json.WriteStartObject("user_location"u8);
            json.WriteString("type"u8, "approximate"u8);
            foreach (var member in (location.Find("approximate"u8) ?? location).EnumerateObject())
            {
                if (member.Name is "city" or "region" or "country" or "timezone")
                    member.WriteTo(json);
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, HubRequest request, bool isForced, bool hasOwn, bool isDeclaredOnly)
    {
        var mode = isDeclaredOnly ? HubToolMode.None : request.ToolChoice?.Mode;
        var isAlone = isForced && (!hasOwn || mode == HubToolMode.None);
        var type = isAlone ? "tool" : isForced ? "any" : mode switch
        {
            HubToolMode.None => "none",
            HubToolMode.Required => "any",
            HubToolMode.Named => "tool",
            HubToolMode.Auto => "auto",
            _ => request.ParallelToolCalls is false ? "auto" : null,
        };
        if (type is null)
            return;
        json.WriteStartObject("tool_choice"u8);
        json.WriteString("type"u8, type);
        if (isAlone)
            json.WriteString("name"u8, AnthropicFormat.ToolName);
        else if (type == "tool")
            json.WriteString("name"u8, request.ToolChoice!.Name);
        if (type != "none" && (isAlone || request.ParallelToolCalls is false))
            json.WriteBoolean("disable_parallel_tool_use"u8, true);
        json.WriteEndObject();
    }
}
