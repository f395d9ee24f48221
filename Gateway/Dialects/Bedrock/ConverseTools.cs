using System.Text.Json;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// Writes <c>toolConfig</c> (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html).
/// </summary>
internal static class ConverseTools
{
    /// <summary>True when tools were called earlier: Converse then wants to see tools.</summary>
    public static bool HasCalls(HubRequest request) =>
        request.Messages.Exists(static message => message.Parts.Exists(static part => part is HubToolCall or HubToolResult));

    public static void Write(Utf8JsonWriter json, HubRequest request, ConverseModel model, AnthropicFormat.Means means)
    {
        var isForm = means == AnthropicFormat.Means.Tool;
        var tools = Offered(request);
        if (tools.Count == 0 && HasCalls(request))
            tools = Called(request);
        if (tools.Count == 0 && !isForm)
            return;
        json.WriteStartObject("toolConfig"u8);
        json.WriteStartArray("tools"u8);
        foreach (var tool in tools)
            WriteTool(json, tool, model);
        if (isForm)
            WriteFormTool(json, request.Format!);
        json.WriteEndArray();
        WriteChoice(json, request, isForm, tools.Count > 0);
        json.WriteEndObject();
    }

    /// <summary>The tools that may be called. Those of other kinds have been refused.</summary>
    private static List<HubTool> Offered(HubRequest request) => request.ToolChoice switch
    {
        { Mode: HubToolMode.None } => [],
        { Allowed: { Count: > 0 } allowed } => request.Tools.FindAll(tool => tool.Foreign is null && allowed.Contains(tool.Name)),
        _ => request.Tools.FindAll(static tool => tool.Foreign is null),
    };

    /// <summary>A conversation with calls in it needs the tools to be declared, though the client offers none any more.</summary>
    private static List<HubTool> Called(HubRequest request) =>
    [
        .. request.Messages.SelectMany(static message => message.Parts).OfType<HubToolCall>()
            .Select(static call => call.Name).Distinct().Select(static name => new HubTool(name)),
    ];

    private static void WriteTool(Utf8JsonWriter json, HubTool tool, ConverseModel model)
    {
        Begin(json, tool.Name, tool.Description);
        json.WriteStartObject("inputSchema"u8);
        json.WritePropertyName("json"u8);
        AnthropicTools.WriteSchema(json, tool.Schema);
        json.WriteEndObject();
        if (tool.IsStrict is true)
            json.WriteBoolean("strict"u8, true);
        json.WriteEndObject();
        json.WriteEndObject();
        if (tool.CacheControl is { } cache && model.CachesLong)
            ConversePartWriter.WriteCachePoint(json, model, cache);
    }

    private static void Begin(Utf8JsonWriter json, string name, string? description)
    {
        json.WriteStartObject();
        json.WriteStartObject("toolSpec"u8);
        json.WriteString("name"u8, name);
        if (description is { Length: > 0 })
            json.WriteString("description"u8, description);
    }

    /// <summary>The tool whose call is the answer.</summary>
    private static void WriteFormTool(Utf8JsonWriter json, HubFormat format)
    {
        Begin(json, AnthropicFormat.ToolName, format.Description
            ?? "Gives the answer to the user, in full and as JSON. Call it once, in place of an answer in words.");
        json.WriteStartObject("inputSchema"u8);
        json.WritePropertyName("json"u8);
        AnthropicTools.WriteSchema(json, format.Schema);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, HubRequest request, bool isForm, bool hasOwn)
    {
        var mode = request.ToolChoice?.Mode;
        // With tools of the client's own beside it, the model may call these first: the form is for its answer.
        var isAny = isForm ? hasOwn : mode == HubToolMode.Required;
        var named = isForm && !hasOwn ? AnthropicFormat.ToolName : mode == HubToolMode.Named && !isForm ? request.ToolChoice!.Name : null;
        if (!isAny && named is null && (mode is not HubToolMode.Auto || isForm))
            return;
        json.WriteStartObject("toolChoice"u8);
        json.WriteStartObject(named is not null ? "tool"u8 : isAny ? "any"u8 : "auto"u8);
        if (named is not null)
            json.WriteString("name"u8, named);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
