using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads <c>tools</c> and <c>toolConfig</c> into the hub.</summary>
internal static class GeminiToolsReader
{
    /// <returns>Null, or what is wrong.</returns>
    public static ApiError? Read(HubRequest hub, JsonElement tools)
    {
        var at = 0;
        foreach (var tool in GeminiJson.Items(tools))
        {
            if (tool.ValueKind != JsonValueKind.Object)
                return ApiError.InvalidParameter($"tools[{at}]", "must be an object");
            foreach (var member in tool.EnumerateObject())
            {
                var name = GeminiJson.Camel(member.Name);
                if (member.Value.ValueKind == JsonValueKind.Null)
                    continue;
                if (name != "functionDeclarations")
                    ReadOwn(hub, name, member.Value, $"tools[{at}].{RecordedText.Shorten(name)}");
                else if (ReadFunctions(hub, member.Value, $"tools[{at}].{name}") is { } wrong)
                    return wrong;
            }
            at++;
        }
        return null;
    }

    /// <summary>A tool that Google runs itself.</summary>
    private static void ReadOwn(HubRequest hub, string name, JsonElement value, string path)
    {
        hub.Use(Feature.ServerTools, path);
        hub.Tools.Add(new HubTool(name) { Foreign = value, ForeignFormat = WireFormat.Gemini });
    }

    private static ApiError? ReadFunctions(HubRequest hub, JsonElement functions, string path)
    {
        var at = 0;
        foreach (var function in GeminiJson.Items(functions))
        {
            if (function.FindText("name"u8) is not { Length: > 0 } name)
                return ApiError.InvalidParameter($"{path}[{at}].name", "is missing");
            hub.Use(Feature.Tools, "tools");
            foreach (var member in function.EnumerateObject())
            {
                var own = GeminiJson.Camel(member.Name);
                if (own is "response" or "responseJsonSchema" or "behavior" && member.Value.ValueKind != JsonValueKind.Null)
                    hub.Use(Feature.Unknown, $"{path}[].{own}");
            }
            hub.Tools.Add(new HubTool(name)
            {
                Description = function.FindText("description"u8),
                Schema = GeminiJson.Find(function, "parametersJsonSchema"u8, "parameters_json_schema"u8)
                    ?? (function.Find("parameters"u8) is { } schema ? GeminiSchemaReader.Read(schema) : null),
            });
            at++;
        }
        return null;
    }

    /// <returns>Null, or what is wrong.</returns>
    public static ApiError? ReadConfig(HubRequest hub, JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object)
            return ApiError.InvalidParameter("toolConfig", "must be an object");
        foreach (var member in config.EnumerateObject())
        {
            var name = GeminiJson.Camel(member.Name);
            if (member.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (name != "functionCallingConfig")
                hub.AddExtra($"toolConfig.{name}", member.Value);
            else if (ReadChoice(hub, member.Value) is { } wrong)
                return wrong;
        }
        return null;
    }

    private static ApiError? ReadChoice(HubRequest hub, JsonElement calling)
    {
        const string Path = "toolConfig.functionCallingConfig";
        string[] allowed = GeminiJson.Find(calling, "allowedFunctionNames"u8, "allowed_function_names"u8) is { } names
            ? [.. GeminiJson.Items(names).Where(static n => n.ValueKind == JsonValueKind.String).Select(static n => n.GetString()!)]
            : [];
        switch (calling.FindText("mode"u8)?.ToUpperInvariant())
        {
            case "ANY" when allowed.Length == 1:
                hub.ToolChoice = new HubToolChoice(HubToolMode.Named, allowed[0]);
                hub.Use(Feature.ToolChoiceNamed, Path);
                return null;
            case "ANY":
                hub.ToolChoice = new HubToolChoice(HubToolMode.Required) { Allowed = allowed };
                hub.Use(Feature.ToolChoiceRequired, Path);
                break;
            case "NONE":
                hub.ToolChoice = new HubToolChoice(HubToolMode.None);
                hub.Use(Feature.ToolChoiceNone, Path);
                return null;
            case null or "" or "MODE_UNSPECIFIED" or "AUTO" or "VALIDATED":
                hub.ToolChoice = new HubToolChoice(HubToolMode.Auto) { Allowed = allowed };
                break;
            default:
                return ApiError.InvalidParameter($"{Path}.mode", "must be AUTO, ANY, VALIDATED or NONE");
        }
        if (allowed.Length > 0)
            hub.Use(Feature.ToolChoiceAllowed, $"{Path}.allowedFunctionNames");
        return null;
    }
}
