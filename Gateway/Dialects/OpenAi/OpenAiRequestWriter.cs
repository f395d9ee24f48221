using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Writes a chat from the hub.</summary>
internal readonly struct OpenAiRequestWriter(HubRequest request, HubTarget target, Utf8JsonWriter json)
{
    /// <summary>OpenAI's own API, whose reasoning models refuse the older name.</summary>
    private bool IsOpenAis => target.Provider is "openai" or "azure";

    /// <summary>It has another name for the model, which the caller adds, and streams at another URL.</summary>
    private bool IsWatsonx => target.Provider == "watsonx";

    public void Write()
    {
        json.WriteStartObject();
        if (!IsWatsonx)
            json.WriteString("model"u8, target.Model);
        WriteMessages();
        WriteTools();
        WriteSampling();
        WriteRest();
        if (request.IsStream && !IsWatsonx)
        {
            json.WriteBoolean("stream"u8, true);
            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
        }
        foreach (var (name, value) in request.Extras)
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private void WriteMessages()
    {
        json.WriteStartArray("messages"u8);
        var pictures = new List<HubPart>();
        foreach (var message in request.Messages)
        {
            if (message.Role != HubRole.Tool)
                FlushPictures(pictures);
            WriteMessage(message, pictures);
        }
        FlushPictures(pictures);
        json.WriteEndArray();
    }

    /// <summary>What tools gave beside text: their own messages may hold text alone.</summary>
    private void FlushPictures(List<HubPart> pictures)
    {
        if (pictures.Count == 0)
            return;
        WriteOne("user"u8, new(HubRole.User, [.. pictures]));
        pictures.Clear();
    }

    private void WriteMessage(HubMessage message, List<HubPart> pictures)
    {
        switch (message.Role)
        {
            case HubRole.Tool:
                foreach (var result in message.Parts.OfType<HubToolResult>())
                    WriteResult(result, pictures);
                return;
            case HubRole.Assistant:
                WriteAssistant(message);
                return;
            case HubRole.System:
                // Only OpenAI knows the newer name; its servers take the older one for it where a model is older.
                WriteOne(message.IsDeveloper && IsOpenAis ? "developer"u8 : "system"u8, message);
                return;
            default:
                WriteOne("user"u8, message);
                return;
        }
    }

    private void WriteOne(ReadOnlySpan<byte> role, HubMessage message)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, role);
        if (message.Name is not null)
            json.WriteString("name"u8, message.Name);
        OpenAiContent.Write(json, [.. message.Parts.Select(WithoutCache)]);
        json.WriteEndObject();
    }

    /// <summary>OpenAI refuses members that it does not know.</summary>
    private static HubPart WithoutCache(HubPart part) => part with { CacheControl = null };

    private void WriteAssistant(HubMessage message)
    {
        var calls = message.Parts.OfType<HubToolCall>().ToArray();
        List<HubPart> content = [.. message.Parts.Where(static part => part is HubText or HubRefusal or HubForeignPart).Select(WithoutCache)];
        json.WriteStartObject();
        json.WriteString("role"u8, "assistant"u8);
        if (message.Name is not null)
            json.WriteString("name"u8, message.Name);
        if (content.Count == 0)
            json.WriteNull("content"u8);
        else
            OpenAiContent.Write(json, content);
        if (!IsOpenAis && string.Concat(message.Parts.OfType<HubThinking>().Select(static thought => thought.Text)) is { Length: > 0 } thoughts)
            json.WriteString("reasoning_content"u8, thoughts);
        if (calls.Length > 0)
        {
            json.WriteStartArray("tool_calls"u8);
            foreach (var call in calls)
                OpenAiCalls.Write(json, IsOpenAis ? call with { Signature = null } : call, null);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private void WriteResult(HubToolResult result, List<HubPart> pictures)
    {
        var text = string.Concat(result.Content.OfType<HubText>().Select(static part => part.Text));
        var media = result.Content.OfType<HubMedia>().ToArray();
        if (media.Length > 0)
        {
            pictures.Add(new HubText($"The result of the tool call {result.CallId}:"));
            pictures.AddRange(media);
            text = text.Length > 0 ? text : "(The result follows in the next message.)";
        }
        json.WriteStartObject();
        json.WriteString("role"u8, "tool"u8);
        json.WriteString("tool_call_id"u8, result.CallId);
        json.WriteString("content"u8, result.IsError ? $"Error: {text}" : text);
        json.WriteEndObject();
    }

    private void WriteTools()
    {
        if (request.Tools.Count > 0)
        {
            json.WriteStartArray("tools"u8);
            foreach (var tool in request.Tools)
                WriteTool(tool);
            json.WriteEndArray();
        }
        if (request.ToolChoice is { } choice && request.Tools.Count > 0)
            WriteChoice(choice);
        if (request.ParallelToolCalls is { } parallel && request.Tools.Count > 0)
            json.WriteBoolean("parallel_tool_calls"u8, parallel);
    }

    private void WriteTool(HubTool tool)
    {
        if (tool.Foreign is { } foreign)
        {
            foreign.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, tool.Name);
        if (tool.Description is not null)
            json.WriteString("description"u8, tool.Description);
        if (tool.Schema is { } schema)
        {
            json.WritePropertyName("parameters"u8);
            schema.WriteTo(json);
        }
        if (tool.IsStrict is { } strict)
            json.WriteBoolean("strict"u8, strict);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteChoice(HubToolChoice choice)
    {
        if (choice.Allowed.Count > 0 && choice.Mode is HubToolMode.Auto or HubToolMode.Required)
        {
            WriteAllowed(choice);
            return;
        }
        if (choice.Mode != HubToolMode.Named)
        {
            json.WriteString("tool_choice"u8, Word(choice.Mode));
            return;
        }
        json.WriteStartObject("tool_choice"u8);
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, choice.Name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteAllowed(HubToolChoice choice)
    {
        json.WriteStartObject("tool_choice"u8);
        json.WriteString("type"u8, "allowed_tools"u8);
        json.WriteStartObject("allowed_tools"u8);
        json.WriteString("mode"u8, Word(choice.Mode));
        json.WriteStartArray("tools"u8);
        foreach (var name in choice.Allowed)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, name);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Word(HubToolMode mode) => mode switch
    {
        HubToolMode.None => "none",
        HubToolMode.Required => "required",
        _ => "auto",
    };

    private void WriteSampling()
    {
        if (request.MaxTokens is { } limit)
            json.WriteNumber(IsOpenAis ? "max_completion_tokens"u8 : "max_tokens"u8, limit);
        Number("temperature"u8, request.Temperature);
        Number("top_p"u8, request.TopP);
        Number("top_k"u8, request.TopK);
        Number("min_p"u8, request.MinP);
        Number("frequency_penalty"u8, request.FrequencyPenalty);
        Number("presence_penalty"u8, request.PresencePenalty);
        Number("repetition_penalty"u8, request.RepetitionPenalty);
        Number("seed"u8, request.Seed);
        Number("n"u8, request.Choices);
        if (request.Logprobs is { } logprobs)
            json.WriteBoolean("logprobs"u8, logprobs);
        Number("top_logprobs"u8, request.TopLogprobs);
        Value("logit_bias"u8, request.LogitBias);
        if (request.Stop.Count == 0)
            return;
        json.WriteStartArray("stop"u8);
        foreach (var text in request.Stop)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private void Number(ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }

    private void Value(ReadOnlySpan<byte> name, JsonElement? value)
    {
        if (value is not { } element)
            return;
        json.WritePropertyName(name);
        element.WriteTo(json);
    }

    private void Text(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private void WriteRest()
    {
        WriteFormat();
        Text("reasoning_effort"u8, OpenAiEffort.Of(request.Reasoning));
        Text("verbosity"u8, request.Verbosity);
        Text("service_tier"u8, request.ServiceTier);
        Text("user"u8, OpenAiEndUser.Of(request.EndUser));
        Text("prompt_cache_key"u8, request.PromptCacheKey);
        Value("metadata"u8, request.Metadata);
        Value("web_search_options"u8, request.WebSearchOptions);
    }

    private void WriteFormat()
    {
        if (request.Format is not { } format)
            return;
        json.WriteStartObject("response_format"u8);
        json.WriteString("type"u8, format.Schema is null ? "json_object"u8 : "json_schema"u8);
        if (format.Schema is { } schema)
        {
            json.WriteStartObject("json_schema"u8);
            json.WriteString("name"u8, format.Name ?? "answer");
            Text("description"u8, format.Description);
            Value("schema"u8, schema);
            if (format.IsStrict is { } strict)
                json.WriteBoolean("strict"u8, strict);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
