using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>Finds what a model on Bedrock cannot do because of a value or of what else is asked, and mends it.</summary>
internal sealed class ConverseFit(HubRequest request, HubTarget target, HubLosses losses)
{
    private readonly ConverseModel _model = ConverseModel.Of(target.Model);

    public void Run()
    {
        FitMedia();
        if (_model.IsClaude)
            FitClaude();
        else
            FitOther();
        FitChoice();
        FitService();
    }

    private string ParamOf(Feature feature, string otherwise)
    {
        foreach (var use in request.Uses)
        {
            if (use.Feature == feature)
                return use.Param;
        }
        return otherwise;
    }

    /// <summary>Converse is a way to the same models, so what Claude cannot do it cannot do here; but the tiers are Bedrock's.</summary>
    private void FitClaude()
    {
        var service = request.ServiceTier;
        request.ServiceTier = null;
        new AnthropicFit(request, target, losses).Run();
        request.ServiceTier = service;
    }

    private void FitOther()
    {
        FitReasoning();
        FitSampling();
        FitForm();
        FitStrict();
        FitTurns();
    }

    private void FitMedia()
    {
        for (var i = 0; i < request.Messages.Count; i++)
        {
            foreach (var part in request.Messages[i].Parts)
            {
                IEnumerable<HubMedia> media = part switch
                {
                    HubMedia one => [one],
                    HubToolResult result => result.Content.OfType<HubMedia>(),
                    _ => [],
                };
                foreach (var item in media)
                {
                    if (ConverseMedia.Fault(item) is { } why)
                        losses.AddContent($"messages[{i}].content", why);
                }
            }
        }
    }

    private void FitReasoning()
    {
        if (request.Reasoning is not { } reasoning || _model.IsThinkingNova || _model.IsUnknown)
            return;
        var isLost = _model.IsGptOss ? AnthropicThinking.IsOff(reasoning) : AnthropicThinking.IsOn(reasoning);
        if (!isLost)
            return;
        losses.Add(ParamOf(Feature.ReasoningEffort, ParamOf(Feature.ThinkingBudget, "reasoning_effort")),
            _model.IsGptOss ? "this model cannot be kept from thinking" : "how much this model thinks cannot be said to Converse");
        request.Reasoning = null;
    }

    /// <summary>From 0 to 1: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html.</summary>
    private void FitSampling()
    {
        if (request.Temperature is < 0 or > 1)
        {
            if (!target.ModifiesParams)
                losses.Add(ParamOf(Feature.Temperature, "temperature"), "Converse's temperatures go from 0 to 1");
            request.Temperature = Math.Clamp(request.Temperature.Value, 0, 1);
        }
        if (request.TopK is null || _model.TopKName is not null || _model.IsNova)
            return;
        losses.Add(ParamOf(Feature.TopK, "top_k"), "this model does not take it");
        request.TopK = null;
    }

    private void FitForm()
    {
        var isMadeToCall = request.ToolChoice?.Mode is HubToolMode.Required or HubToolMode.Named && request.Tools.Count > 0;
        if (request.Format is null || isMadeToCall || _model.MeansOf(request) != AnthropicFormat.Means.None)
            return;
        losses.Add(ParamOf(Feature.JsonSchema, ParamOf(Feature.JsonObject, "response_format")),
            request.Format.Schema is null ? "this model is held to a form by a schema alone" : "this model cannot be held to a form");
        request.Format = null;
    }

    private void FitStrict()
    {
        for (var i = 0; i < request.Tools.Count && !_model.TakesStrictTools; i++)
        {
            if (request.Tools[i].IsStrict is not true)
                continue;
            losses.Add(ParamOf(Feature.StrictTools, "tools"), "this model is not held to the schema of a tool");
            request.Tools[i] = request.Tools[i] with { IsStrict = null };
        }
    }

    private void FitChoice()
    {
        var choice = request.ToolChoice;
        if (choice?.Mode == HubToolMode.Named && !_model.CanBeMadeToCallOne && _model.CanBeMadeToCall)
            request.ToolChoice = new HubToolChoice(HubToolMode.Required) { Allowed = [choice.Name!] }; // only that one is offered
        else if (choice?.Mode is HubToolMode.Named or HubToolMode.Required && !_model.CanBeMadeToCall)
            LoseChoice("this model cannot be made to call a tool");
        else if (choice?.Mode == HubToolMode.None && ConverseTools.HasCalls(request))
            LoseChoice("a conversation with calls needs its tools, and Converse has no word to keep the model from calling them");
        if (request.ParallelToolCalls is not false || request.Tools.Count == 0 || request.ToolChoice?.Mode == HubToolMode.None)
            return;
        losses.Add(ParamOf(Feature.ParallelToolCalls, "parallel_tool_calls"), "Converse has no word to keep a model to one call");
        request.ParallelToolCalls = null;
    }

    private void LoseChoice(string why)
    {
        var otherwise = ParamOf(Feature.ToolChoiceRequired, ParamOf(Feature.ToolChoiceNone, "tool_choice"));
        losses.Add(ParamOf(Feature.ToolChoiceNamed, otherwise), why);
        request.ToolChoice = null;
    }

    private void FitService()
    {
        request.ServiceTier = request.ServiceTier switch
        {
            null or "auto" => null,
            "default" or "standard" or "standard_only" => "default",
            "flex" or "priority" or "reserved" => request.ServiceTier,
            _ => Lost(),
        };

        string? Lost()
        {
            losses.Add(ParamOf(Feature.ServiceTier, "service_tier"), "Bedrock's are default, flex, priority and reserved");
            return null;
        }
    }

    /// <summary>A conversation begins and ends with the user.</summary>
    private void FitTurns()
    {
        var first = request.Messages.FindIndex(static message => message.Role != HubRole.System);
        if (first < 0 || request.Messages[first].Role == HubRole.Assistant)
        {
            if (!target.ModifiesParams)
                losses.Add("messages", "a conversation must begin with a message of the user's; modify_params puts one there");
            request.Messages.Insert(first < 0 ? request.Messages.Count : first, new HubMessage(HubRole.User, [new HubText(".")]));
        }
        if (_model.IsUnknown || request.Messages[^1].Role != HubRole.Assistant)
            return;
        if (!target.ModifiesParams)
            losses.Add(ParamOf(Feature.Prefill, "messages"),
                "this model goes on with no answer of the client's: end with a message of the user's");
        request.Messages.Add(new HubMessage(HubRole.User, [new HubText("Continue exactly where you stopped.")]));
    }
}
