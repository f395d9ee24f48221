using System.Text.Json;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>Writes a body for Cohere's chat from the hub.</summary>
internal sealed class CohereRequestWriter(HubRequest request, HubTarget target, Utf8JsonWriter json)
{
    public const string Documents = "documents";

    /// <summary>Cohere's <c>p</c> goes from 0.01 to 0.99; 1, which leaves all tokens in, is the nearest to it.</summary>
    private const double LeastTopP = 0.01;
    private const double MostTopP = 0.99;

    /// <summary>The models that think (https://docs.cohere.com/docs/reasoning); the others refuse to be told about it.</summary>
    private bool Thinks => target.Model.Contains("reasoning", StringComparison.OrdinalIgnoreCase)
        || target.Model.Contains("command-a-plus", StringComparison.OrdinalIgnoreCase);

    public void Write()
    {
        json.WriteStartObject();
        json.WriteString("model"u8, target.Model);
        json.WriteBoolean("stream"u8, request.IsStream);
        new CohereMessageWriter(json, Thinks).WriteAll(request.Messages);
        WriteTools();
        CohereDocuments.Write(json, request, Extra(Documents));
        WriteFormat();
        WriteSampling();
        WriteThinking();
        foreach (var (name, value) in request.Extras)
        {
            if (name == Documents)
                continue;
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private JsonElement? Extra(string name)
    {
        foreach (var (key, value) in request.Extras)
        {
            if (key == name)
                return value;
        }
        return null;
    }

    private void WriteTools()
    {
        var choice = request.ToolChoice;
        var tools = choice switch
        {
            { Mode: HubToolMode.Named, Name: { } only } => request.Tools.FindAll(tool => tool.Name == only),
            { Allowed: { Count: > 0 } allowed } => request.Tools.FindAll(tool => allowed.Contains(tool.Name)),
            _ => request.Tools,
        };
        if (tools.Count == 0)
            return;
        json.WriteStartArray("tools"u8);
        foreach (var tool in tools)
            WriteTool(tool);
        json.WriteEndArray();
        if (tools.Exists(static tool => tool.IsStrict is true))
            json.WriteBoolean("strict_tools"u8, true);
        if (choice?.Mode is HubToolMode.Required or HubToolMode.Named)
            json.WriteString("tool_choice"u8, "REQUIRED"u8);
        else if (choice?.Mode == HubToolMode.None)
            json.WriteString("tool_choice"u8, "NONE"u8);
    }

    private void WriteTool(HubTool tool)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, tool.Name);
        if (tool.Description is not null)
            json.WriteString("description"u8, tool.Description);
        json.WritePropertyName("parameters"u8);
        AnthropicTools.WriteSchema(json, tool.Schema);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteFormat()
    {
        if (request.Format is not { } format)
            return;
        json.WriteStartObject("response_format"u8);
        json.WriteString("type"u8, "json_object"u8);
        if (format.Schema is { } schema)
        {
            json.WritePropertyName("json_schema"u8);
            schema.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private void WriteSampling()
    {
        if (request.MaxTokens is { } limit)
            json.WriteNumber("max_tokens"u8, limit);
        Number("temperature"u8, request.Temperature);
        Number("p"u8, request.TopP is { } topP ? Math.Clamp(topP, LeastTopP, MostTopP) : null);
        if (request.TopK is { } topK)
            json.WriteNumber("k"u8, (long)topK);
        Number("frequency_penalty"u8, request.FrequencyPenalty);
        Number("presence_penalty"u8, request.PresencePenalty);
        if (request.Seed is { } seed)
            json.WriteNumber("seed"u8, seed);
        if (request.Logprobs is true)
            json.WriteBoolean("logprobs"u8, true);
        if (request.Stop.Count == 0)
            return;
        json.WriteStartArray("stop_sequences"u8);
        foreach (var stop in request.Stop)
            json.WriteStringValue(stop);
        json.WriteEndArray();
    }

    private void Number(ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }

    private void WriteThinking()
    {
        if (request.Reasoning is not { } reasoning)
            return;
        var isOff = AnthropicThinking.IsOff(reasoning);
        if (isOff ? !Thinks : !AnthropicThinking.IsOn(reasoning))
            return;
        json.WriteStartObject("thinking"u8);
        json.WriteString("type"u8, isOff ? "disabled"u8 : "enabled"u8);
        var budget = reasoning.Budget
            ?? (reasoning.Effort is "minimal" or "low" or "medium" ? AnthropicThinking.BudgetOf(reasoning.Effort) : -1);
        if (!isOff && budget > 0)
            json.WriteNumber("token_budget"u8, budget);
        json.WriteEndObject();
    }
}
