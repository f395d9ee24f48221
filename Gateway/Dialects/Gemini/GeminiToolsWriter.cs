using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Writes Google's <c>tools</c> and <c>toolConfig</c> (https://ai.google.dev/gemini-api/docs/function-calling).</summary>
internal static class GeminiToolsWriter
{
    /// <summary>From here on a model can be held to the schemas of its tools without being made to call one.</summary>
    private const double Validating = 2.5;

    /// <summary>Google's own tool for another dialect's of the same kind. Null: it has none.</summary>
    public static string? OwnTool(HubTool tool)
    {
        if (tool.ForeignFormat == WireFormat.Gemini)
            return tool.Name;
        var type = tool.Foreign?.FindText("type"u8) ?? "";
        return type switch
        {
            _ when type.StartsWith("web_search", StringComparison.Ordinal) => "googleSearch",
            _ when type.StartsWith("web_fetch", StringComparison.Ordinal) => "urlContext",
            _ when type.StartsWith("code_execution", StringComparison.Ordinal) || type == "code_interpreter" => "codeExecution",
            _ => null,
        };
    }

    public static void Write(Utf8JsonWriter json, HubRequest request, HubTarget target)
    {
        var functions = request.Tools.Where(static tool => tool.Foreign is null).ToArray();
        if (request.Tools.Count == 0 && request.WebSearchOptions is null)
            return;
        json.WriteStartArray("tools"u8);
        if (functions.Length > 0)
        {
            json.WriteStartObject();
            json.WriteStartArray("functionDeclarations"u8);
            foreach (var function in functions)
                WriteFunction(json, function);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        WriteOwn(json, request);
        json.WriteEndArray();
        if (functions.Length > 0)
            WriteChoice(json, request, functions, target);
    }

    private static void WriteFunction(Utf8JsonWriter json, HubTool function)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, function.Name);
        if (function.Description is { } description)
            json.WriteString("description"u8, description);
        if (function.Schema is { } schema)
        {
            json.WritePropertyName("parametersJsonSchema"u8);
            GeminiSchemaWriter.WriteArguments(json, schema);
        }
        json.WriteEndObject();
    }

    private static void WriteOwn(Utf8JsonWriter json, HubRequest request)
    {
        var written = new HashSet<string>();
        foreach (var tool in request.Tools.Where(static tool => tool.Foreign is not null))
        {
            if (OwnTool(tool) is not { } name || !written.Add(name))
                continue;
            json.WriteStartObject();
            json.WritePropertyName(name);
            if (tool is { ForeignFormat: WireFormat.Gemini, Foreign: { } own })
            {
                own.WriteTo(json);
            }
            else
            {
                json.WriteStartObject();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        if (request.WebSearchOptions is null || written.Contains("googleSearch"))
            return;
        json.WriteStartObject();
        json.WriteStartObject("googleSearch"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, HubRequest request, HubTool[] functions, HubTarget target)
    {
        var choice = request.ToolChoice ?? new HubToolChoice(HubToolMode.Auto);
        var isStrict = Array.Exists(functions, static tool => tool.IsStrict is true)
            && GeminiTarget.Generation(target.Model) >= Validating;
        var mode = choice.Mode switch
        {
            HubToolMode.None => "NONE",
            HubToolMode.Required or HubToolMode.Named => "ANY",
            _ => isStrict || choice.Allowed.Count > 0 ? "VALIDATED" : "AUTO",
        };
        if (mode == "AUTO" && request.ToolChoice is null)
            return;
        IReadOnlyList<string> allowed = choice is { Mode: HubToolMode.Named, Name: { } name } ? [name] : choice.Allowed;
        json.WriteStartObject("toolConfig"u8);
        json.WriteStartObject("functionCallingConfig"u8);
        json.WriteString("mode"u8, mode);
        if (allowed.Count > 0 && mode != "NONE")
        {
            json.WriteStartArray("allowedFunctionNames"u8);
            foreach (var function in allowed)
                json.WriteStringValue(function);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
