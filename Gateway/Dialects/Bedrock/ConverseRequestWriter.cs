using System.Text.Json;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>Writes a body for Converse from the hub.</summary>
internal sealed class ConverseRequestWriter(HubRequest request, HubTarget target, Utf8JsonWriter json)
{
    private readonly ConverseModel _model = ConverseModel.Of(target.Model);

    /// <summary>Anthropic's automatic caching: up to the end of the conversation.</summary>
    private const string AutomaticCache = "cache_control";

    public void Write()
    {
        var means = _model.MeansOf(request);
        json.WriteStartObject();
        WriteConversation();
        WriteInference();
        ConverseTools.Write(json, request, _model, means);
        ConverseFields.Write(json, request, target, _model);
        if (means == AnthropicFormat.Means.Schema)
            WriteForm(request.Format!);
        if (request.ServiceTier is { } tier)
        {
            json.WriteStartObject("serviceTier"u8);
            json.WriteString("type"u8, tier);
            json.WriteEndObject();
        }
        foreach (var (name, value) in request.Extras)
        {
            if (IsWritten(name, means))
                continue;
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private bool IsWritten(string name, AnthropicFormat.Means means) =>
        name is AutomaticCache or ConverseMedia.ContextParam or ConverseFields.Name
        or "messages" or "system" or "inferenceConfig" or "toolConfig"
        || (name == "outputConfig" && means == AnthropicFormat.Means.Schema)
        || (name == "serviceTier" && request.ServiceTier is not null);

    private void WriteConversation()
    {
        var messages = _model.TakesThoughts ? request.Messages : [.. request.Messages.Select(WithoutThoughts)];
        var turns = AnthropicTurns.Of(messages, takesSystemWithin: false);
        CacheToTheEnd(turns);
        var parts = new ConversePartWriter(json, _model);
        if (turns.System.Count > 0)
        {
            json.WritePropertyName("system"u8);
            parts.WriteAll(turns.System);
        }
        json.WriteStartArray("messages"u8);
        foreach (var (role, content) in turns.Turns)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, role == HubRole.Assistant ? "assistant"u8 : "user"u8);
            json.WritePropertyName("content"u8);
            parts.WriteAll(content);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static HubMessage WithoutThoughts(HubMessage message) => message.Role == HubRole.Assistant
        ? message with { Parts = message.Parts.FindAll(static part => part is not HubThinking) }
        : message;

    private void CacheToTheEnd(AnthropicTurns turns)
    {
        var at = request.Extras.FindIndex(static extra => extra.Key == AutomaticCache);
        if (at >= 0 && turns.Turns is [.., var last] && last.Parts is [.., { CacheControl: null } part])
            last.Parts[^1] = part with { CacheControl = request.Extras[at].Value };
    }

    private void WriteInference()
    {
        // Thoughts count as output: where the model is given a number of tokens for them, the limit must be beyond it.
        var maxTokens = request.MaxTokens ?? (ConverseFields.HasBudget(request, _model) ? target.DefaultMaxTokens : null);
        if (maxTokens is null && request is { Temperature: null, TopP: null, Stop.Count: 0 })
            return;
        json.WriteStartObject("inferenceConfig"u8);
        if (maxTokens is { } limit)
            json.WriteNumber("maxTokens"u8, limit);
        if (request.Temperature is { } temperature)
            json.WriteNumber("temperature"u8, temperature);
        if (request.TopP is { } topP)
            json.WriteNumber("topP"u8, topP);
        if (request.Stop.Count > 0)
        {
            json.WriteStartArray("stopSequences"u8);
            foreach (var stop in request.Stop)
                json.WriteStringValue(stop);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    /// <summary>The schema is a text: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_JsonSchemaDefinition.html.</summary>
    private void WriteForm(HubFormat format)
    {
        json.WriteStartObject("outputConfig"u8);
        json.WriteStartObject("textFormat"u8);
        json.WriteString("type"u8, "json_schema"u8);
        json.WriteStartObject("structure"u8);
        json.WriteStartObject("jsonSchema"u8);
        json.WriteString("schema"u8, format.Schema.GetValueOrDefault().GetRawText());
        if (format.Name is { Length: > 0 } name)
            json.WriteString("name"u8, name);
        if (format.Description is { Length: > 0 } description)
            json.WriteString("description"u8, description);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
