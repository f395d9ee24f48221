using System.Text.Json;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// Writes <c>additionalModelRequestFields</c>: what Converse has no word for, in the words of the model's maker.
/// </summary>
/// <remarks>
/// https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html and /claude-messages-adaptive-thinking.html;
/// https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-converse-api.html; /bedrock/latest/userguide/model-parameters-openai.html.
/// </remarks>
internal static class ConverseFields
{
    public const string Name = "additionalModelRequestFields";

    /// <summary>True when the model is told a number of tokens to think with.</summary>
    public static bool HasBudget(HubRequest request, ConverseModel model) =>
        (model.IsClaude || model.IsUnknown)
        && AnthropicThinking.IsOn(request.Reasoning)
        && !AnthropicThinking.IsAdaptive(request.Reasoning!, model.Claude);

    public static void Write(Utf8JsonWriter json, HubRequest request, HubTarget target, ConverseModel model)
    {
        var fields = new Fields(json);
        WriteGiven(ref fields, json, request);
        if (request.TopK is { } topK)
            WriteTopK(ref fields, json, model, (long)topK);
        if (model.IsThinkingNova)
            WriteNova(ref fields, json, request.Reasoning);
        else if (model.IsGptOss)
            WriteGptOss(ref fields, json, request.Reasoning);
        else if ((model.IsClaude || model.IsUnknown) && request.Reasoning is { } reasoning)
            WriteClaude(ref fields, json, reasoning, request.MaxTokens ?? target.DefaultMaxTokens, model.Claude);
        fields.End();
    }

    /// <summary>What a client may give itself, where a config allows it (<c>allowed_openai_params</c>).</summary>
    private static void WriteGiven(ref Fields fields, Utf8JsonWriter json, HubRequest request)
    {
        if (request.Extras.Find(static extra => extra.Key == Name).Value is not { ValueKind: JsonValueKind.Object } given)
            return;
        fields.Begin();
        foreach (var member in given.EnumerateObject())
            member.WriteTo(json);
    }

    private static void WriteTopK(ref Fields fields, Utf8JsonWriter json, ConverseModel model, long topK)
    {
        fields.Begin();
        if (model.IsNova)
        {
            json.WriteStartObject("inferenceConfig"u8);
            json.WriteNumber("topK"u8, topK);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNumber(model.TopKName ?? "top_k", topK);
        }
    }

    private static void WriteNova(ref Fields fields, Utf8JsonWriter json, HubReasoning? reasoning)
    {
        if (OpenAiEffort.Of(reasoning) is not { } effort)
            return;
        fields.Begin();
        json.WriteStartObject("reasoningConfig"u8);
        json.WriteString("type"u8, effort == "none" ? "disabled"u8 : "enabled"u8);
        if (effort != "none")
            json.WriteString("maxReasoningEffort"u8, OfThree(effort));
        json.WriteEndObject();
    }

    private static void WriteGptOss(ref Fields fields, Utf8JsonWriter json, HubReasoning? reasoning)
    {
        if (OpenAiEffort.Of(reasoning) is not { } effort)
            return;
        fields.Begin();
        json.WriteString("reasoning_effort"u8, OfThree(effort));
    }

    private static string OfThree(string effort) => effort switch
    {
        "minimal" or "low" => "low",
        "medium" => "medium",
        _ => "high",
    };

    private static void WriteClaude(ref Fields fields, Utf8JsonWriter json, HubReasoning reasoning, long maxTokens, ClaudeModel model)
    {
        if (AnthropicThinking.IsOff(reasoning))
        {
            if (!model.ThinksByDefault)
                return;
            fields.Begin();
            json.WriteStartObject("thinking"u8);
            json.WriteString("type"u8, model.NoThinking);
            json.WriteEndObject();
            return;
        }
        if (!AnthropicThinking.IsOn(reasoning))
            return;
        fields.Begin();
        json.WriteStartObject("thinking"u8);
        if (AnthropicThinking.IsAdaptive(reasoning, model))
        {
            json.WriteString("type"u8, "adaptive"u8);
        }
        else
        {
            json.WriteString("type"u8, "enabled"u8);
            json.WriteNumber("budget_tokens"u8, AnthropicThinking.BudgetWithin(reasoning, maxTokens) ?? AnthropicThinking.LeastBudget);
        }
        if (reasoning.IsShown is false)
            json.WriteString("display"u8, "omitted"u8);
        else if (reasoning.IsShown is true || model.HidesThinking)
            json.WriteString("display"u8, "summarized"u8);
        json.WriteEndObject();
        if (!model.ThinksAdaptively || AnthropicThinking.EffortOf(reasoning, model) is not { } effort)
            return;
        json.WriteStartObject("output_config"u8);
        json.WriteString("effort"u8, effort);
        json.WriteEndObject();
    }

    /// <summary>The object, which is there only when something is in it.</summary>
    private ref struct Fields(Utf8JsonWriter json)
    {
        private bool _hasBegun;

        public void Begin()
        {
            if (!_hasBegun)
                json.WriteStartObject(Name);
            _hasBegun = true;
        }

        public readonly void End()
        {
            if (_hasBegun)
                json.WriteEndObject();
        }
    }
}
