using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>What a request can cost at one model at most.</summary>
internal readonly struct ModelBound
{
    private readonly PricedModel _model;
    private readonly BoundFacts _facts;
    private readonly AnswerTerms _terms;
    private readonly long _input;
    private readonly long _extra;
    private readonly NanoUsd _fees;
    private readonly bool _knowsFees = true;

    public ModelBound(AttemptRun run, PricedModel model, in InputSize input, bool mayWriteCache)
    {
        _model = model;
        var (of, operation) = (model.Of, run.Endpoint.Operation);
        _terms = AnswerChoices.TermsOf(run.Request, operation, of.Deployment);
        _input = input.AtMost(of.PicturesOf, of.ContextWindow);
        _facts = FactsOf(run, model, _terms, input, mayWriteCache);
        Choices = 1;
        var isByPiece = operation.IsPassedThrough() && PassThroughBound.IsByPiece(model.Prices);
        if (isByPiece)
            _input = Math.Min(_input, input.TextAtMost);
        else if (operation.IsPassedThrough())
            Cap = PassThroughBound.OutputOf(run.Request, operation, of.PicturesOf, of.Cap, _terms);
        if (operation.WritesText())
        {
            Choices = AnswerChoices.PaidOf(operation, _terms);
            CanLower = of.Deployment.Params.AdditionalDropParams.IsEmpty
                || RequestShape.LimitNameFor(run, of.Deployment, of.Model, of.Deployment.Params.AdditionalDropParams) is not null;
            Cap = CanLower ? Math.Min(_terms.Limit ?? AnswerTerms.NoLimit, of.Cap.Tokens) : of.Cap.Tokens;
            // Where the config lets no limit leave but its own, that one holds.
            if (!CanLower && of.Cap.IsDefault)
                Cap = _terms.RealLimit ?? Cap;
            _extra = Times(input.ExtraOutputAtMost, Choices);
        }
        foreach (var price in model.Prices)
        {
            var fees = ToolFees.AtMost(run.Request, of.Deployment, of.Model, price, out var isKnown);
            (_fees, _knowsFees) = (Dearer(_fees, fees), _knowsFees && isKnown);
            FixedCost = Dearer(FixedCost, price.BoundOf(_input, _extra, _facts));
            OutputRate = Math.Max(OutputRate, operation == Operation.Embeddings ? 0 : price.OutputRateBound(_input, _facts));
            _knowsFees &= OperationPrice.Covers(operation, price);
        }
        IsFree = OperationPrice.IsFree(of.Deployment, operation);
        FixedCost += _fees;
    }

    /// <summary>What is paid whatever the answer is, the provider's own searches included.</summary>
    public NanoUsd FixedCost { get; }

    /// <summary>Nano-USD per million output tokens.</summary>
    public long OutputRate { get; }

    /// <summary>Tokens that count whatever the answer is.</summary>
    public long FixedTokens => Plus(_input, _extra);

    /// <summary>The output tokens of each answer: what the body asks for, up to what the model can write.</summary>
    public long Cap { get; }

    /// <summary>How many answers are paid for.</summary>
    public long Choices { get; }

    /// <summary>True when a limit can be sent.</summary>
    public bool CanLower { get; }

    /// <summary>True where the provider takes nothing for the operation, whatever the model.</summary>
    private bool IsFree { get; }

    /// <summary>False when the price is not known at all times, or not for the urgency or the tools that are asked for.</summary>
    public bool IsPriced => IsFree || _model.IsKnown && _knowsFees
        && (_facts.Service != ServiceTier.Priority || Array.TrueForAll(_model.Prices, KnowsPriority));

    /// <summary>The cost at most with an output cap.</summary>
    public NanoUsd CostOf(long cap)
    {
        var cost = NanoUsd.Zero;
        foreach (var price in _model.Prices)
            cost = Dearer(cost, price.BoundOf(_input, Plus(_extra, Times(cap, Choices)), _facts));
        return cost + _fees;
    }

    /// <summary>Input and output tokens with an output cap.</summary>
    public long TokensOf(long cap) => Plus(FixedTokens, Times(cap, Choices));

    /// <summary>
    /// The limit that has to be sent for an output cap to hold. Null: the body says as little itself, or says nothing and the model writes
    /// no more.
    /// </summary>
    public long? CapToSend(long cap, bool isLimited)
    {
        if (!CanLower || (!isLimited && cap >= Cap))
            return null;
        if (_terms.Limit is { } asked)
            return asked > cap ? cap : null;
        return cap < _model.Of.Cap.Tokens || _model.Of.Cap.IsDefault ? cap : null;
    }

    private static bool KnowsPriority(ModelPrice price) => price.Knows(ServiceTier.Priority);

    /// <summary>What the request cannot bring about is left out only where that is certain.</summary>
    private static BoundFacts FactsOf(AttemptRun run, PricedModel model, in AnswerTerms terms, in InputSize input, bool mayWriteCache)
    {
        var deployment = model.Of.Deployment;
        var without = TokenKinds.None;
        if (input is { AudioAtMost: 0, Files: 0 })
            without |= TokenKinds.InputAudio;
        if (input is { Images: 0, Files: 0 })
            without |= TokenKinds.InputImage;
        // OpenAI's reference: modalities is ["text"] by default. Elsewhere a model may speak or draw unasked.
        var operation = run.Endpoint.Operation;
        if (deployment.Provider.SpeaksOnlyWhenAsked && terms.Speaks is not true && operation != Operation.Speech)
            without |= TokenKinds.OutputAudio;
        if (!mayWriteCache && !model.Of.WritesCache)
            without |= TokenKinds.CacheWrite | TokenKinds.CacheWriteHour;
        return new BoundFacts
        {
            Without = without,
            Service = terms.Service,
            // Where a recording is sent, seconds are the recording's.
            Longest = !operation.TakesAudio() && Array.Exists(model.Prices, static price => price.PerSecond > 0)
                ? RequestBound.LongestOf(run, deployment) : default,
            Units = operation.IsPassedThrough() ? PassThroughBound.UnitsOf(run.Request, operation, terms) : default,
        };
    }

    private static NanoUsd Dearer(NanoUsd a, NanoUsd b) => a > b ? a : b;
    private static long Times(long a, long b) => (long)Int128.Min((Int128)a * b, long.MaxValue);
    private static long Plus(long a, long b) => (long)Int128.Min((Int128)a + b, long.MaxValue);
}
