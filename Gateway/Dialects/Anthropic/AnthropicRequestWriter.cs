using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Writes a Messages body from the hub.</summary>
internal sealed class AnthropicRequestWriter(HubRequest request, HubTarget target, Utf8JsonWriter json)
{
    private readonly ClaudeModel _model = ClaudeModel.Of(target.Model);
    private readonly AnthropicEnvelope _envelope = AnthropicEnvelope.Of(target.Provider);

    public void Write()
    {
        var means = AnthropicFormat.MeansOf(request, _model);
        json.WriteStartObject();
        _envelope.WriteStart(json, target.Model, request.IsStream);
        json.WriteNumber("max_tokens"u8, request.MaxTokens ?? target.DefaultMaxTokens);
        WriteConversation();
        AnthropicTools.Write(json, request, means);
        WriteSampling();
        WriteReasoning(means);
        if (request.EndUser is not null)
        {
            json.WriteStartObject("metadata"u8);
            json.WriteString("user_id"u8, request.EndUser);
            json.WriteEndObject();
        }
        if (request.ServiceTier is not null)
            json.WriteString("service_tier"u8, request.ServiceTier);
        foreach (var (name, value) in request.Extras)
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private void WriteConversation()
    {
        // Instructions between turns are Anthropic's own API's alone; its imitators and the clouds know them not.
        var isWithin = target.Provider == "anthropic" && _model.TakesSystemWithin;
        var turns = AnthropicTurns.Of(request.Messages, isWithin);
        if (turns.System is [HubText { CacheControl: null } only])
        {
            json.WriteString("system"u8, only.Text);
        }
        else if (turns.System.Count > 0)
        {
            json.WritePropertyName("system"u8);
            AnthropicPartWriter.WriteAll(json, turns.System);
        }
        json.WriteStartArray("messages"u8);
        foreach (var (role, parts) in turns.Turns)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, role switch
            {
                HubRole.Assistant => "assistant"u8,
                HubRole.System => "system"u8,
                _ => "user"u8,
            });
            json.WritePropertyName("content"u8);
            if (parts is [HubText { CacheControl: null, Citations: null } text])
                json.WriteStringValue(text.Text);
            else
                AnthropicPartWriter.WriteAll(json, parts);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteSampling()
    {
        if (request.Temperature is { } temperature)
            json.WriteNumber("temperature"u8, temperature);
        if (request.TopP is { } topP)
            json.WriteNumber("top_p"u8, topP);
        if (request.TopK is { } topK)
            json.WriteNumber("top_k"u8, (long)topK);
        if (request.Stop.Count == 0)
            return;
        json.WriteStartArray("stop_sequences"u8);
        foreach (var stop in request.Stop)
            json.WriteStringValue(stop);
        json.WriteEndArray();
    }

    private void WriteReasoning(AnthropicFormat.Means means)
    {
        var reasoning = request.Reasoning;
        var isOn = AnthropicThinking.IsOn(reasoning) || (reasoning?.Summary is not null && _model.ThinksByDefault);
        var effort = isOn && _model.ThinksAdaptively ? AnthropicThinking.EffortOf(reasoning!, _model) : null;
        if (isOn)
            WriteThinking(reasoning!, ref effort);
        else if (reasoning is not null && AnthropicThinking.IsOff(reasoning) && _model.ThinksByDefault)
            WriteNoThinking();
        if (effort is null && means != AnthropicFormat.Means.Schema)
            return;
        json.WriteStartObject("output_config"u8);
        if (effort is not null)
            json.WriteString("effort"u8, effort);
        if (means == AnthropicFormat.Means.Schema)
            AnthropicFormat.WriteFormat(json, request.Format!);
        json.WriteEndObject();
    }

    private void WriteThinking(HubReasoning reasoning, ref string? effort)
    {
        json.WriteStartObject("thinking"u8);
        if (AnthropicThinking.IsAdaptive(reasoning, _model))
        {
            json.WriteString("type"u8, "adaptive"u8);
        }
        else
        {
            effort = reasoning.Effort is null ? null : effort; // the tokens say it
            json.WriteString("type"u8, "enabled"u8);
            json.WriteNumber("budget_tokens"u8,
                AnthropicThinking.BudgetWithin(reasoning, request.MaxTokens ?? target.DefaultMaxTokens) ?? AnthropicThinking.LeastBudget);
        }
        if (reasoning.IsShown is false)
            json.WriteString("display"u8, "omitted"u8);
        else if (reasoning.IsShown is true || _model.HidesThinking)
            json.WriteString("display"u8, "summarized"u8);
        json.WriteEndObject();
    }

    private void WriteNoThinking()
    {
        json.WriteStartObject("thinking"u8);
        json.WriteString("type"u8, _model.NoThinking);
        json.WriteEndObject();
    }
}
