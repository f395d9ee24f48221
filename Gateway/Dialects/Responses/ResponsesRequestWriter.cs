using System.Text.Json;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Responses;

/// <summary>Writes a request from the hub.</summary>
internal sealed class ResponsesRequestWriter(HubRequest request, HubTarget target, Utf8JsonWriter json)
{
    private const string IncludeName = "include", StoreName = "store";

    public void Write()
    {
        json.WriteStartObject();
        json.WriteString("model"u8, target.Model);
        json.WriteStartArray("input"u8);
        new ResponsesInputWriter(json).Write(request);
        json.WriteEndArray();
        if (request.IsStream)
            json.WriteBoolean("stream"u8, true);
        WriteTools();
        WriteText();
        WriteReasoning();
        WriteNumbers();
        WriteRest();
        json.WriteEndObject();
    }

    /// <summary>True for functions, for its own tools, and for those that chats have too.</summary>
    public static bool CanWrite(HubTool tool) =>
        tool.Foreign is null || tool.ForeignFormat == WireFormat.Responses || IsCustomOfChats(tool);

    private static bool IsCustomOfChats(HubTool tool) =>
        tool.ForeignFormat == WireFormat.OpenAi && tool.Foreign?.FindText("type"u8) == "custom";

    private void WriteTools()
    {
        if (request.Tools.Count > 0 || request.WebSearchOptions is not null)
        {
            json.WriteStartArray("tools"u8);
            foreach (var tool in request.Tools)
                WriteTool(tool);
            if (request.WebSearchOptions is { } search)
                WriteWebSearch(search);
            json.WriteEndArray();
        }
        WriteChoice();
        if (request.ParallelToolCalls is { } parallel)
            json.WriteBoolean("parallel_tool_calls"u8, parallel);
    }

    private void WriteTool(HubTool tool)
    {
        if (tool.Foreign is { } foreign)
        {
            if (IsCustomOfChats(tool))
                ResponsesTools.WriteCustom(json, foreign);
            else
                foreign.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteString("name"u8, tool.Name);
        if (tool.Description is not null)
            json.WriteString("description"u8, tool.Description);
        json.WritePropertyName("parameters"u8);
        if (tool.Schema is { } schema)
            schema.WriteTo(json);
        else
            json.WriteRawValue("""{"type":"object","properties":{}}"""u8, skipInputValidation: true);
        json.WriteBoolean("strict"u8, tool.IsStrict ?? false); // left out it would be true here, and others' schemas are refused
        json.WriteEndObject();
    }

    /// <summary>A chat's <c>web_search_options</c>: the place stands in an object of its own there.</summary>
    private void WriteWebSearch(JsonElement options)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "web_search"u8);
        if (options.FindText("search_context_size"u8) is { } size)
            json.WriteString("search_context_size"u8, size);
        if (options.Find("user_location"u8)?.Find("approximate"u8) is { ValueKind: JsonValueKind.Object } place)
        {
            json.WriteStartObject("user_location"u8);
            json.WriteString("type"u8, "approximate"u8);
            foreach (var member in place.EnumerateObject())
                member.WriteTo(json);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void WriteChoice()
    {
        if (request.ToolChoice is not { } choice)
            return;
        json.WritePropertyName("tool_choice"u8);
        var mode = choice.Mode switch
        {
            HubToolMode.None => "none",
            HubToolMode.Required => "required",
            _ => "auto",
        };
        if (choice.Mode == HubToolMode.Named)
        {
            WriteNamed(choice.Name!);
        }
        else if (choice.Allowed.Count > 0)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "allowed_tools"u8);
            json.WriteString("mode"u8, mode);
            json.WriteStartArray("tools"u8);
            foreach (var name in choice.Allowed)
                WriteNamed(name);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        else
        {
            json.WriteStringValue(mode);
        }
    }

    private void WriteNamed(string name)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, request.Tools.Exists(tool => tool.Name == name && tool.Foreign is not null) ? "custom"u8 : "function"u8);
        json.WriteString("name"u8, name);
        json.WriteEndObject();
    }

    private void WriteText()
    {
        if (request.Format is null && request.Verbosity is null)
            return;
        json.WriteStartObject("text"u8);
        if (request.Format is { } format)
        {
            json.WriteStartObject("format"u8);
            json.WriteString("type"u8, format.Schema is null ? "json_object"u8 : "json_schema"u8);
            if (format.Schema is { } schema)
            {
                json.WriteString("name"u8, format.Name ?? "answer"); // must be there
                if (format.Description is not null)
                    json.WriteString("description"u8, format.Description);
                json.WritePropertyName("schema"u8);
                schema.WriteTo(json);
                if (format.IsStrict is { } strict)
                    json.WriteBoolean("strict"u8, strict);
            }
            json.WriteEndObject();
        }
        if (request.Verbosity is not null)
            json.WriteString("verbosity"u8, request.Verbosity);
        json.WriteEndObject();
    }

    /// <summary>
    /// An effort, from a budget where that is what was said. A budget of none says nothing here: models that do not think refuse the
    /// member, and not every model that thinks can be told not to.
    /// </summary>
    private void WriteReasoning()
    {
        var effort = request.Reasoning is { Effort: null, Budget: 0 } ? null : OpenAiEffort.Of(request.Reasoning);
        if (effort is null && request.Reasoning?.Summary is null)
            return;
        json.WriteStartObject("reasoning"u8);
        if (effort is not null)
            json.WriteString("effort"u8, effort);
        if (request.Reasoning?.Summary is { } summary)
            json.WriteString("summary"u8, summary);
        json.WriteEndObject();
    }

    private void WriteNumbers()
    {
        WriteNumber("max_output_tokens"u8, request.MaxTokens);
        if (request.Temperature is { } temperature)
            json.WriteNumber("temperature"u8, temperature);
        if (request.TopP is { } topP)
            json.WriteNumber("top_p"u8, topP);
        WriteNumber("top_logprobs"u8, request.TopLogprobs);
    }

    private void WriteNumber(ReadOnlySpan<byte> name, long? number)
    {
        if (number is { } value)
            json.WriteNumber(name, value);
    }

    private void WriteRest()
    {
        WriteInclude();
        WriteString("service_tier"u8, request.ServiceTier);
        WriteString("user"u8, OpenAiEndUser.Of(request.EndUser));
        WriteString("prompt_cache_key"u8, request.PromptCacheKey);
        WriteString("previous_response_id"u8, request.PreviousResponseId);
        if (request.Metadata is { } metadata)
        {
            json.WritePropertyName("metadata"u8);
            metadata.WriteTo(json);
        }
        // Clients of other dialects do not know that an answer could be kept.
        if (!request.Extras.Exists(static extra => extra.Key == StoreName))
            json.WriteBoolean(StoreName, false);
        foreach (var (name, value) in request.Extras)
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
    }

    /// <summary>
    /// Asks for the seals of thoughts where thoughts are to be expected: models that do not think refuse to be asked. Without seals nobody
    /// could send the thoughts back, as they are not kept.
    /// </summary>
    private void WriteInclude()
    {
        var thinks = request.Reasoning is { } reasoning
            && (reasoning.Effort is not (null or "none") || reasoning.Budget is > 0 or -1 || reasoning.Summary is not null);
        thinks |= request.Messages.Exists(
            static message => message.Parts.Exists(static part => part is HubThinking { Signature.Format: WireFormat.Responses }));
        if (!thinks && request.Logprobs is not true)
            return;
        json.WriteStartArray(IncludeName);
        if (thinks)
            json.WriteStringValue(ResponsesRequestReader.EncryptedReasoning);
        if (request.Logprobs is true)
            json.WriteStringValue(ResponsesRequestReader.Logprobs);
        json.WriteEndArray();
    }

    private void WriteString(ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
            json.WriteString(name, text);
    }
}
