using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>Finds what a Claude model cannot do because of a value or of what else is asked, and mends it.</summary>
internal sealed class AnthropicFit(HubRequest request, HubTarget target, HubLosses losses)
{
    private readonly ClaudeModel _model = ClaudeModel.Of(target.Model);

    public void Run()
    {
        FitReasoning();
        FitFormat();
        FitForcedTools();
        FitTools();
        FitSampling();
        FitStops();
        FitService();
        FitPrefill();
        FitFirst();
        if (target.ModifiesParams && target.ModelMaxTokens is { } most && request.MaxTokens > most)
            request.MaxTokens = most;
    }

    private string ThinkingParam => ParamOf(Feature.ThinkingBudget) ?? ParamOf(Feature.ReasoningEffort) ?? "reasoning_effort";

    private string? ParamOf(Feature feature)
    {
        foreach (var use in request.Uses)
        {
            if (use.Feature == feature)
                return use.Param;
        }
        return null;
    }

    private void FitReasoning()
    {
        if (request.Reasoning is not { } reasoning)
            return;
        if (AnthropicThinking.IsOff(reasoning))
        {
            if (_model.AlwaysThinks)
                LoseThinking("this model cannot be kept from thinking; a lower effort makes it think less");
            return;
        }
        if (!AnthropicThinking.IsOn(reasoning))
            return;
        if (!_model.Thinks)
            LoseThinking("this model does not think");
        else if (!AnthropicThinking.IsAdaptive(reasoning, _model))
            FitBudget(reasoning);
    }

    private void FitBudget(HubReasoning reasoning)
    {
        var maxTokens = request.MaxTokens ?? target.DefaultMaxTokens;
        if (AnthropicThinking.BudgetWithin(reasoning, maxTokens) is not { } budget)
            LoseThinking($"thinking takes {AnthropicThinking.LeastBudget} tokens at least, and the limit of output must be larger");
        else if (reasoning.Budget > budget && !target.ModifiesParams)
            Lose(ThinkingParam, "the budget must be smaller than the limit of output tokens", () => SetBudget(budget));
        else if (CallsWithoutThoughts())
            LoseThinking("the last call of a tool came without its thoughts, and this model then takes none", target.ModifiesParams);
        else
            SetBudget(budget);

        void SetBudget(long tokens) => request.Reasoning = reasoning with { Budget = tokens };
    }

    /// <summary>
    /// True when results of tools end the conversation, and the calls came without sealed thoughts: a model that is told to think then
    /// wants to see them (https://platform.claude.com/docs/en/build-with-claude/extended-thinking, "Preserving thinking blocks").
    /// </summary>
    private bool CallsWithoutThoughts()
    {
        if (request.Messages.Count == 0 || request.Messages[^1].Role != HubRole.Tool)
            return false;
        var last = request.Messages.FindLast(static message => message.Role == HubRole.Assistant);
        return last is not null && !last.Parts.Exists(static part => part is HubThinking { Signature.Format: WireFormat.Anthropic });
    }

    private void LoseThinking(string why, bool isMended = false)
    {
        if (!isMended)
            losses.Add(ThinkingParam, why);
        request.Reasoning = null;
    }

    private void Lose(string param, string why, Action mend)
    {
        losses.Add(param, why);
        mend();
    }

    /// <summary>A form that a tool must bring about: not with thoughts, and not with a model that always thinks.</summary>
    private void FitFormat()
    {
        if (AnthropicFormat.MeansOf(request, _model) != AnthropicFormat.Means.Tool)
            return;
        if (_model.AlwaysThinks)
            Lose(ParamOf(Feature.JsonObject) ?? ParamOf(Feature.JsonSchema) ?? "response_format",
                "this model is held to a form by a schema alone: ask for a json_schema", () => request.Format = null);
        else if (AnthropicThinking.IsOn(request.Reasoning))
            LoseThinking("this model cannot think where its answer must have a form");
    }

    private void FitForcedTools()
    {
        if (request.ToolChoice?.Mode is not (HubToolMode.Required or HubToolMode.Named))
            return;
        if (_model.AlwaysThinks)
            Lose(ParamOf(Feature.ToolChoiceNamed) ?? ParamOf(Feature.ToolChoiceRequired) ?? "tool_choice",
                "this model always thinks, and then no tool can be forced", () => request.ToolChoice = null);
        else if (AnthropicThinking.IsOn(request.Reasoning))
            LoseThinking("a tool cannot be forced where the model thinks", isMended: target.ModifiesParams);
    }

    private void FitTools()
    {
        for (var i = request.Tools.Count - 1; i >= 0; i--)
        {
            var tool = request.Tools[i];
            if (tool.Foreign is not null && tool.ForeignFormat != WireFormat.Anthropic && !AnthropicTools.IsWebSearch(tool))
            {
                losses.Add(ForeignParam(tool), "it is a tool of another provider's");
                request.Tools.RemoveAt(i);
            }
            else if (tool.IsStrict is true && !_model.TakesSchemas)
            {
                losses.Add(ParamOf(Feature.StrictTools) ?? "tools", "this model is not held to the schema of a tool");
                request.Tools[i] = tool with { IsStrict = null };
            }
        }
    }

    private string ForeignParam(HubTool tool)
    {
        var type = tool.Foreign?.FindText("type"u8) ?? tool.Name;
        foreach (var use in request.Uses)
        {
            if (use.Feature == Feature.ServerTools && use.Param.EndsWith($"({type})", StringComparison.Ordinal))
                return use.Param;
        }
        return "tools";
    }

    private void FitSampling()
    {
        if (!_model.TakesSampling)
        {
            const string Why = "this model chooses its words itself";
            FitNone(Feature.Temperature, request.Temperature, Why, () => request.Temperature = null);
            FitNone(Feature.TopP, request.TopP, Why, () => request.TopP = null);
            FitNone(Feature.TopK, request.TopK, Why, () => request.TopK = null);
            return;
        }
        if (AnthropicThinking.IsOn(request.Reasoning))
        {
            const string Why = "it cannot be set where the model thinks";
            FitNone(Feature.Temperature, request.Temperature, Why, () => request.Temperature = null);
            FitNone(Feature.TopP, request.TopP is >= 0.95 and <= 1 ? null : request.TopP, Why, () => request.TopP = null);
            FitNone(Feature.TopK, request.TopK, Why, () => request.TopK = null);
        }
        if (request.Temperature is < 0 or > 1)
        {
            if (!target.ModifiesParams)
                losses.Add(ParamOf(Feature.Temperature) ?? "temperature", "Anthropic's temperatures go from 0 to 1");
            request.Temperature = Math.Clamp(request.Temperature.Value, 0, 1);
        }
        if (!_model.TakesOneOfTemperatureAndTopP || request is not { Temperature: { } temperature, TopP: not null })
            return;
        if (temperature == 1)
            request.Temperature = null;
        else
            FitNone(Feature.TopP, request.TopP, "this model takes temperature or top_p, but not both", () => request.TopP = null);
    }

    /// <summary>Takes a value out that cannot be sent. The default, 1, need not be.</summary>
    private void FitNone(Feature feature, double? value, string why, Action clear)
    {
        if (value is null)
            return;
        if (value != 1 && !target.ModifiesParams)
            losses.Add(ParamOf(feature) ?? feature.ToString(), why);
        clear();
    }

    private void FitStops()
    {
        if (request.Stop.RemoveAll(string.IsNullOrWhiteSpace) > 0 && !target.ModifiesParams)
            losses.Add(ParamOf(Feature.Stop) ?? "stop", "Anthropic takes no text of white space alone to stop at");
    }

    private void FitService()
    {
        request.ServiceTier = request.ServiceTier switch
        {
            null or "auto" => null,
            "default" or "standard" or "standard_only" => "standard_only",
            _ => LoseService(),
        };
    }

    private string? LoseService()
    {
        losses.Add(ParamOf(Feature.ServiceTier) ?? "service_tier", "Anthropic has auto and default alone");
        return null;
    }

    private void FitPrefill()
    {
        if (_model.TakesPrefill || request.Messages.Count == 0 || request.Messages[^1].Role != HubRole.Assistant)
            return;
        if (!target.ModifiesParams)
            losses.Add(ParamOf(Feature.Prefill) ?? "messages",
                "this model goes on with no answer of the client's: end with a message of the user's");
        request.Messages.Add(new HubMessage(HubRole.User, [new HubText("Continue exactly where you stopped.")]));
    }

    /// <summary>A conversation begins with the user; a point stands for what was not said.</summary>
    private void FitFirst()
    {
        var first = request.Messages.FindIndex(static message => message.Role != HubRole.System);
        if (first >= 0 && request.Messages[first].Role != HubRole.Assistant)
            return;
        if (!target.ModifiesParams)
            losses.Add("messages", "a conversation with this model must begin with a message of the user's; modify_params puts one there");
        request.Messages.Insert(first < 0 ? request.Messages.Count : first, new HubMessage(HubRole.User, [new HubText(".")]));
    }
}
