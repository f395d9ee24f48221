using Gateway.Catalog;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Limits;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>What one attempt can cost at most, and what it has to be sent for that to hold.</summary>
/// <param name="Tokens">Input and output at most.</param>
/// <param name="Output">The output tokens of each answer at most.</param>
/// <param name="Choices">How many answers are paid for.</param>
/// <param name="OutputCap">For <see cref="RequestChanges.OutputCap"/>. Null: what the body asks for stands.</param>
internal readonly record struct AttemptBound(NanoUsd Cost, long Tokens, long Output, long Choices, long? OutputCap)
{
    /// <summary>A model without a known price, where <c>unknown_price</c> is <c>deny</c>: then no budget may pay for it. Else null.</summary>
    public string? UnpricedModel { get; init; }

    /// <summary>The output tokens of all answers together.</summary>
    public long OutputOfAll => (long)Int128.Min((Int128)Output * Choices, long.MaxValue);

    /// <summary>The rest of <see cref="Tokens"/>: the input, and output beyond the answers (a prediction that was rejected).</summary>
    public long InputAtMost => Tokens - OutputOfAll;
}

/// <summary>
/// What a request can cost at most, on the body that leaves, over every model that it can come to. Of each attempt only one is paid for
/// out of it at a time, so the dearest counts.
/// </summary>
internal readonly struct RequestBound
{
    private readonly PricedModel[] _models;
    private readonly InputSize[] _inputs;
    private readonly bool _mayWriteCache;

    private RequestBound(AttemptRun run, in InputSize input, PricedModel[] models)
    {
        _models = models;
        _inputs = new InputSize[models.Length];
        _mayWriteCache = MayWriteCache(run, models);
        var writesText = run.Endpoint.Operation.WritesText();
        CanLower = writesText;
        IsCapExplicit = writesText && run.Request.Terms.RealLimit is not null;
        var (money, rate, tokens, cap, choices) = (NanoUsd.Zero, 0L, 0L, 0L, 1L);
        for (var i = 0; i < models.Length; i++)
        {
            _inputs[i] = SizeFor(run, models[i].Of, input);
            var part = new ModelBound(run, models[i], _inputs[i], _mayWriteCache);
            money = part.FixedCost > money ? part.FixedCost : money;
            rate = Math.Max(rate, part.OutputRate);
            tokens = Math.Max(tokens, part.FixedTokens);
            cap = Math.Max(cap, part.Cap);
            choices = Math.Max(choices, part.Choices);
            CanLower &= part.CanLower;
            if (!part.IsPriced)
                UnpricedModel ??= models[i].Of.Name;
        }
        if (AllowsUnknown(run))
            UnpricedModel = null;
        Cost = new CostBound { FixedCost = money, OutputRate = rate, InputTokens = tokens, OutputCap = cap, Choices = choices };
    }

    /// <summary>For the limiter.</summary>
    public CostBound Cost { get; }

    /// <inheritdoc cref="AdmitRequest.IsCapExplicit"/>
    public bool IsCapExplicit { get; }

    /// <inheritdoc cref="AdmitRequest.CanLower"/>
    public bool CanLower { get; }

    /// <inheritdoc cref="AdmitRequest.UnpricedModel"/>
    public string? UnpricedModel { get; }

    /// <summary>Finds the bound of a request.</summary>
    /// <param name="run">At its beginning: its group is the one that the client asked for.</param>
    /// <param name="now">Prices change: those of now and until the request must have ended count.</param>
    public static RequestBound Of(AttemptRun run, in InputSize input, DateTimeOffset now) =>
        new(run, input, run.Snapshot.Bounds.For(run, now));

    /// <summary>
    /// What an attempt at a deployment of the run's group can cost with the output cap that was granted; never more than
    /// <see cref="Cost"/> is with that cap.
    /// </summary>
    /// <param name="granted">The output cap of the reservation; at most that of <see cref="Cost"/>.</param>
    /// <param name="isLimited">
    /// True when somebody pays whose money or tokens are limited: then a cap that nobody knows but the gateway is sent too.
    /// </param>
    public AttemptBound ForDeployment(AttemptRun run, Deployment deployment, long granted, bool isLimited = true)
    {
        var model = run.Group.UpstreamModelOf(deployment);
        var at = Array.FindIndex(_models, known => known.Of.Deployment == deployment && known.Of.Model == model);
        if (at < 0)
            throw new InvalidOperationException($"Deployment {deployment.Id} was not among those that the request could come to.");
        var part = new ModelBound(run, _models[at], _inputs[at], _mayWriteCache);
        var output = part.CanLower ? Math.Min(part.Cap, granted) : part.Cap;
        return new(part.CostOf(output), part.TokensOf(output), output, part.Choices, part.CapToSend(output, isLimited))
        {
            UnpricedModel = part.IsPriced || AllowsUnknown(run) ? null : _models[at].Of.Name,
        };
    }

    /// <summary>
    /// The longest time that an attempt is paid for where a model is priced by the second. A stream may take longer, as only the time
    /// between its events is limited; what is longer is not charged.
    /// </summary>
    public static TimeSpan LongestOf(AttemptRun run, Deployment deployment)
    {
        var limits = TimeLimits.For(run, deployment);
        return limits.Request > limits.Attempt ? limits.Request : limits.Attempt;
    }

    private static bool AllowsUnknown(AttemptRun run) => run.Snapshot.Config.General.UnknownPrice == UnknownPrice.Allow;

    /// <summary>The size of the body that leaves for a model.</summary>
    private static InputSize SizeFor(AttemptRun run, RequestBoundModel model, in InputSize input)
    {
        var size = input + model.Added;
        return model.CountsExactly && !run.Endpoint.Operation.IsPassedThrough() ? TokenCounter.Measure(run.Request.Body, model.PicturesOf, size) : size;
    }

    /// <summary>The body is looked through only where it matters.</summary>
    private static bool MayWriteCache(AttemptRun run, PricedModel[] models)
    {
        foreach (var model in models)
        {
            if (model.ChargesForCacheWrites && !model.Of.WritesCache)
                return CacheControl.MayBeIn(run.Request.Body);
        }
        return true;
    }
}
