using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Reads a Messages body into the hub (https://platform.claude.com/docs/en/api/messages).</summary>
internal static class AnthropicRequestReader
{
    public static ApiError? Read(JsonElement body, HubRequest hub)
    {
        if (body.Find("system"u8) is { } system && !AnthropicMessageReader.ReadSystem(hub, system))
            return ApiError.InvalidParameter("system", "must be a text or a list of text blocks");
        if (body.Find("messages"u8) is not { ValueKind: JsonValueKind.Array } messages)
            return ApiError.InvalidParameter("messages", "must be a list of messages");
        if (AnthropicMessageReader.Read(hub, messages) is { } wrong)
            return wrong;
        foreach (var member in body.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && !ReadMember(hub, member.Name, member.Value))
                return ApiError.InvalidParameter(member.Name, "has a value of the wrong type");
        }
        return null;
    }

    private static bool ReadMember(HubRequest hub, string name, JsonElement value)
    {
        switch (name)
        {
            case "model" or "system" or "messages":
                return true;
            case "stream":
                hub.IsStream = value.ValueKind == JsonValueKind.True;
                return value.ValueKind is JsonValueKind.True or JsonValueKind.False;
            case "max_tokens" or "temperature" or "top_p" or "top_k":
                return ReadNumber(hub, name, value);
            case "stop_sequences":
                return ReadStops(hub, name, value);
            case "tools":
                return AnthropicToolReader.Read(hub, name, value);
            case "tool_choice":
                return AnthropicToolReader.ReadChoice(hub, name, value);
            case "thinking":
                return AnthropicThinking.Read(hub, name, value);
            case "output_config":
                return ReadOutputConfig(hub, name, value);
            case "output_format": // what output_config.format was called before
                return ReadFormat(hub, name, value);
            case "metadata":
                return ReadMetadata(hub, name, value);
            case "service_tier":
                return ReadService(hub, name, value);
            case "cache_control":
                return Keep(hub, Feature.CacheControl, name, value);
            case "context_management":
                return KeepsAll(value) || Keep(hub, Feature.ContextManagement, name, value);
            default:
                if (!IsGatewaysOwn(name))
                    hub.AddExtra(name, value);
                return true;
        }
    }

    /// <summary>True for what the gateway reads for itself, and no provider.</summary>
    private static bool IsGatewaysOwn(string name) => MemberNames.KindOf(Encoding.UTF8.GetBytes(name))
        is MemberKind.GatewayOnly or MemberKind.ApiKey or MemberKind.ApiBase or (>= MemberKind.Timeout and not MemberKind.Metadata);

    private static bool ReadNumber(HubRequest hub, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !double.IsFinite(number))
            return false;
        switch (name)
        {
            case "max_tokens":
                hub.MaxTokens = number is >= 0 and < AnswerTerms.MostTokens ? (long)number : null;
                hub.Use(Feature.MaxTokens, name);
                break;
            case "temperature":
                hub.Temperature = number;
                hub.Use(Feature.Temperature, name);
                break;
            case "top_p":
                hub.TopP = number;
                hub.Use(Feature.TopP, name);
                break;
            default:
                hub.TopK = number;
                hub.Use(Feature.TopK, name);
                break;
        }
        return true;
    }

    private static bool ReadStops(HubRequest hub, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var stop in value.EnumerateArray())
        {
            if (stop.ValueKind != JsonValueKind.String)
                return false;
            hub.Stop.Add(stop.GetString()!);
        }
        if (hub.Stop.Count > 0)
            hub.Use(Feature.Stop, name);
        return true;
    }

    private static bool ReadOutputConfig(HubRequest hub, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var member in value.EnumerateObject())
        {
            var path = $"{name}.{member.Name}";
            if (member.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (member.Name == "format" && !ReadFormat(hub, path, member.Value))
                return false;
            if (member.Name == "effort" && !AnthropicThinking.ReadEffort(hub, path, member.Value))
                return false;
            if (member.Name is not ("format" or "effort"))
                hub.AddExtra(path, member.Value);
        }
        return true;
    }

    private static bool ReadFormat(HubRequest hub, string name, JsonElement value)
    {
        if (value.FindText("type"u8) != "json_schema" || value.Find("schema"u8) is not { } schema)
            return false;
        hub.Format = new HubFormat { Schema = schema, Name = value.FindText("name"u8), IsStrict = true };
        hub.Use(Feature.JsonSchema, name);
        return true;
    }

    private static bool ReadMetadata(HubRequest hub, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var member in value.EnumerateObject())
        {
            if (member.Name == "user_id")
            {
                if (member.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
                    return false;
                hub.EndUser = member.Value.GetString();
                if (hub.EndUser is not null)
                    hub.Use(Feature.EndUser, $"{name}.user_id");
            }
            else if (member.Name != "tags") // LiteLLM's, read by the gateway
            {
                hub.AddExtra($"{name}.{member.Name}", member.Value);
            }
        }
        return true;
    }

    private static bool ReadService(HubRequest hub, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            return false;
        if (value.ValueEquals("auto"u8)) // what every provider does unasked
            return true;
        hub.ServiceTier = value.ValueEquals("standard_only"u8) ? "default" : value.GetString(); // OpenAI's word for the same
        hub.Use(Feature.ServiceTier, name);
        return true;
    }

    /// <summary>True for edits of the context that take nothing out of it (Claude Code's), as is done without them.</summary>
    private static bool KeepsAll(JsonElement management)
    {
        foreach (var edit in management.Items("edits"u8))
        {
            var type = edit.FindText("type"u8) ?? "";
            if (!type.StartsWith("clear_thinking", StringComparison.Ordinal) || edit.FindText("keep"u8) is not "all")
                return false;
        }
        return management.ValueKind == JsonValueKind.Object && management.EnumerateObject().All(static member => member.Name == "edits");
    }

    private static bool Keep(HubRequest hub, Feature feature, string name, JsonElement value)
    {
        hub.Extras.Add(new(name, value));
        hub.Use(feature, name);
        return true;
    }
}
