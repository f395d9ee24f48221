using System.Text.Json;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Ollama;

/// <summary>Writes a body for Ollama's chat from the hub.</summary>
internal sealed class OllamaRequestWriter(HubRequest request, HubTarget target, Utf8JsonWriter json)
{
    public const string Options = "options";

    /// <summary>True for models that are told how much to think, not whether (https://docs.ollama.com/capabilities/thinking).</summary>
    public static bool HasLevels(string model) => model.Contains("gpt-oss", StringComparison.OrdinalIgnoreCase);

    public void Write()
    {
        json.WriteStartObject();
        json.WriteString("model"u8, target.Model);
        json.WriteBoolean("stream"u8, request.IsStream); // on unless told otherwise
        new OllamaMessageWriter(json).WriteAll(request.Messages);
        WriteTools();
        WriteFormat();
        WriteThinking();
        if (request.Logprobs is true)
            json.WriteBoolean("logprobs"u8, true);
        if (request.TopLogprobs is { } top)
            json.WriteNumber("top_logprobs"u8, top);
        WriteOptions();
        foreach (var (name, value) in request.Extras)
        {
            if (name == Options)
                continue; // joined above
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private void WriteTools()
    {
        var tools = request.ToolChoice switch
        {
            { Mode: HubToolMode.None } => [],
            { Allowed: { Count: > 0 } allowed } => request.Tools.FindAll(tool => allowed.Contains(tool.Name)),
            _ => request.Tools,
        };
        if (tools.Count == 0)
            return;
        json.WriteStartArray("tools"u8);
        foreach (var tool in tools)
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
        json.WriteEndArray();
    }

    private void WriteFormat()
    {
        if (request.Format is not { } format)
            return;
        json.WritePropertyName("format"u8);
        if (format.Schema is { } schema)
            schema.WriteTo(json);
        else
            json.WriteStringValue("json"u8);
    }

    private void WriteThinking()
    {
        if (request.Reasoning is not { } reasoning)
            return;
        if (AnthropicThinking.IsOff(reasoning))
            json.WriteBoolean("think"u8, false);
        else if (!AnthropicThinking.IsOn(reasoning))
            return;
        else if (HasLevels(target.Model) && OpenAiEffort.Of(reasoning) is { } effort)
            json.WriteString("think"u8, effort switch
            {
                "minimal" or "low" => "low"u8,
                "medium" => "medium"u8,
                _ => "high"u8,
            });
        else
            json.WriteBoolean("think"u8, true);
    }

    private void WriteOptions()
    {
        var given = request.Extras.Find(static extra => extra.Key == Options).Value;
        var hasGiven = given.ValueKind == JsonValueKind.Object;
        if (!hasGiven && request is { MaxTokens: null, Temperature: null, TopP: null, TopK: null, MinP: null, FrequencyPenalty: null }
            && request is { PresencePenalty: null, RepetitionPenalty: null, Seed: null, Stop.Count: 0 })
            return;
        json.WriteStartObject(Options);
        if (request.MaxTokens is { } limit)
            json.WriteNumber("num_predict"u8, limit);
        Number("temperature"u8, request.Temperature);
        Number("top_p"u8, request.TopP);
        if (request.TopK is { } topK)
            json.WriteNumber("top_k"u8, (long)topK);
        Number("min_p"u8, request.MinP);
        Number("frequency_penalty"u8, request.FrequencyPenalty);
        Number("presence_penalty"u8, request.PresencePenalty);
        Number("repeat_penalty"u8, request.RepetitionPenalty);
        if (request.Seed is { } seed)
            json.WriteNumber("seed"u8, seed);
        if (request.Stop.Count > 0)
        {
            json.WriteStartArray("stop"u8);
            foreach (var stop in request.Stop)
                json.WriteStringValue(stop);
            json.WriteEndArray();
        }
        if (hasGiven)
            WriteGiven(given);
        json.WriteEndObject();
    }

    /// <summary>Options that a client may give where a config allows it; the parameters of its own dialect go before them.</summary>
    private void WriteGiven(JsonElement given)
    {
        foreach (var option in given.EnumerateObject())
        {
            if (option.Name is not ("num_predict" or "temperature" or "top_p" or "top_k" or "min_p" or "frequency_penalty"
                or "presence_penalty" or "repeat_penalty" or "seed" or "stop"))
                option.WriteTo(json);
        }
    }

    private void Number(ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }
}
