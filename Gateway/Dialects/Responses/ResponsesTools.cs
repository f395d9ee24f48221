using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Responses;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c>.</summary>
internal static class ResponsesTools
{
    /// <returns>False when they have the wrong form.</returns>
    public static bool Read(HubRequest hub, string param, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var tool in value.EnumerateArray())
        {
            if (!ReadOne(hub, param, tool))
                return false;
        }
        return true;
    }

    private static bool ReadOne(HubRequest hub, string param, JsonElement tool)
    {
        switch (tool.FindText("type"u8))
        {
            case null:
                return false;
            case "function" or "custom":
                return Add(hub, param, tool, null, null);
            case "namespace":
                return ReadNamespace(hub, param, tool);
            case var type:
                hub.Use(Feature.ServerTools, $"{param}[{hub.Tools.Count}] ({RecordedText.Shorten(type)})");
                hub.Tools.Add(new HubTool(type) { Foreign = tool, ForeignFormat = WireFormat.Responses });
                return true;
        }
    }

    /// <summary>The tools of a namespace as tools of their own; the first tells what the namespace is.</summary>
    private static bool ReadNamespace(HubRequest hub, string param, JsonElement group)
    {
        if (group.FindText("name"u8) is not { Length: > 0 } space)
            return false;
        var about = group.FindText("description"u8) is { Length: > 0 } text ? $"Tools named {space}__…: {text}" : null;
        foreach (var tool in group.Items("tools"u8))
        {
            if (tool.FindText("type"u8) is not ("function" or "custom") || !Add(hub, param, tool, space, about))
                return false;
            about = null;
        }
        return true;
    }

    private static bool Add(HubRequest hub, string param, JsonElement tool, string? space, string? about)
    {
        if (tool.FindText("name"u8) is not { Length: > 0 } name)
            return false;
        var flat = space is null ? name : ToolNamespace.Flatten(space, name);
        var isCustom = tool.FindText("type"u8) == "custom";
        var description = tool.FindText("description"u8);
        if (about is not null)
            description = description is null ? about : $"{description}\n\n{about}";
        if (isCustom)
            hub.Use(Feature.CustomTools, $"{param}[{hub.Tools.Count}] (custom)");
        else
            hub.Use(Feature.Tools, param);
        bool? strict = tool.Find("strict"u8) is { } s ? s.ValueKind == JsonValueKind.True : null;
        if (strict is true)
            hub.Use(Feature.StrictTools, $"{param}[].strict");
        hub.Tools.Add(new HubTool(flat)
        {
            Description = description,
            Schema = isCustom ? null : tool.Find("parameters"u8),
            IsStrict = strict,
            Origin = space is null ? null : (space, name),
            Foreign = isCustom ? CustomAsChat(tool, flat, description) : null,
            ForeignFormat = WireFormat.OpenAi,
        });
        return true;
    }

    /// <summary>A custom tool in the form that chats have for it, which both of OpenAI's dialects can be written from.</summary>
    private static JsonElement CustomAsChat(JsonElement tool, string name, string? description)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "custom"u8);
            json.WriteStartObject("custom"u8);
            json.WriteString("name"u8, name);
            if (description is not null)
                json.WriteString("description"u8, description);
            if (tool.Find("format"u8) is { } format)
            {
                json.WritePropertyName("format"u8);
                WriteFormat(json, format, isChat: true);
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return HubJson.TryParse(buffer.WrittenSpan)!.Value;
    }

    /// <summary>Writes a custom tool from the form that chats have for it.</summary>
    public static void WriteCustom(Utf8JsonWriter json, JsonElement chat)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "custom"u8);
        if (chat.Find("custom"u8) is { ValueKind: JsonValueKind.Object } custom)
        {
            foreach (var member in custom.EnumerateObject())
            {
                json.WritePropertyName(member.Name);
                if (member.NameEquals("format"u8))
                    WriteFormat(json, member.Value, isChat: false);
                else
                    member.Value.WriteTo(json);
            }
        }
        json.WriteEndObject();
    }

    /// <summary>Chats have a grammar in an object of its own, responses have it beside the type.</summary>
    private static void WriteFormat(Utf8JsonWriter json, JsonElement format, bool isChat)
    {
        if (format.FindText("type"u8) != "grammar")
        {
            format.WriteTo(json);
            return;
        }
        var grammar = format.Find("grammar"u8) ?? format;
        json.WriteStartObject();
        json.WriteString("type"u8, "grammar"u8);
        if (isChat)
            json.WriteStartObject("grammar"u8);
        json.WriteString("syntax"u8, grammar.FindText("syntax"u8));
        json.WriteString("definition"u8, grammar.FindText("definition"u8));
        if (isChat)
            json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <returns>False when it has the wrong form.</returns>
    public static bool ReadChoice(HubRequest hub, string param, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            return OpenAiTools.Set(hub, param, value.GetString());
        switch (value.FindText("type"u8))
        {
            case null:
                return false;
            case "function" or "custom":
                if (NameOf(value) is not { } name)
                    return false;
                hub.ToolChoice = new HubToolChoice(HubToolMode.Named, name);
                hub.Use(Feature.ToolChoiceNamed, param);
                return true;
            case "allowed_tools":
                if (!OpenAiTools.Set(hub, param, value.FindText("mode"u8)))
                    return false;
                var allowed = value.Items("tools"u8).Select(NameOf).ToList();
                if (allowed.Contains(null))
                {
                    hub.ToolChoice = null; // it goes on as it stands
                    break;
                }
                hub.ToolChoice = hub.ToolChoice! with { Allowed = allowed! };
                hub.Use(Feature.ToolChoiceAllowed, param);
                return true;
        }
        hub.Extras.Add(new(param, value)); // one of the provider's own tools
        hub.Use(Feature.ServerTools, param);
        return true;
    }

    private static string? NameOf(JsonElement tool)
    {
        var name = tool.FindText("name"u8);
        return name is not null && tool.FindText("namespace"u8) is { } space ? ToolNamespace.Flatten(space, name) : name;
    }
}
