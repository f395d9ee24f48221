using Gateway.Catalog;
using Gateway.Decisions;
using Gateway.Routing;

namespace Gateway.Pipeline;

/// <summary>
/// Asks the groups of a request that is not made in the order of one that is, each without a call. The first that could answer is
/// the choice; it is taken for failed, so as to see which ones would come next.
/// </summary>
internal sealed class DryWalk(Router router, TimeProvider time, AttemptRun run)
{
    /// <summary>The failure of a provider without a list of fallbacks of its own.</summary>
    private static readonly ApiError Failure = new()
    {
        Status = 500,
        Type = "internal_server_error",
        Message = "",
        ExceptionClass = "InternalServerError",
    };

    private readonly List<RouteRecord> _next = [];
    private readonly List<PriceEstimate> _prices = [];
    private readonly HashSet<(string Id, string Model)> _priced = [];
    private bool _canAnswer;

    /// <returns>Null, or the refusal that the request would get; the choices up to its end are in the exchange.</returns>
    public async ValueTask<(ApiError? Refusal, Hypothesis Answer)> RunAsync(CancellationToken ct)
    {
        var first = await AskAsync(run, ct);
        var error = first.Error!;
        await FallbackWalk.RunAsync(run, first, FallbackTargets.For(run, error.ExceptionClass), AskAsync, ct);
        var refusal = _canAnswer ? null : RequestChecks.Refuse(run.Exchange, GatewayPipeline.StageOfFailure(run.Exchange, error), error);
        return (refusal, new() { Fallbacks = _next, Prices = _prices });
    }

    private ValueTask<AttemptOutcome> AskAsync(AttemptRun asked, CancellationToken ct)
    {
        AddPrices(asked.Group);
        var none = Ask(asked, out var isOfDeployment);
        for (var others = asked.Group.Deployments.Length; isOfDeployment && others > 1; others--) // as DeploymentCalls.BeginAsync does
            none = Ask(asked, out isOfDeployment);
        if (none is not null)
            return new(none);
        _canAnswer = true;
        return new(new AttemptOutcome { Error = Failure, MayFallBack = true });
    }

    /// <summary>Chooses a deployment; what it does not take would be refused before it is called.</summary>
    /// <param name="isOfDeployment">True: maybe another one takes it.</param>
    /// <returns>Null: it could answer.</returns>
    private AttemptOutcome? Ask(AttemptRun asked, out bool isOfDeployment)
    {
        isOfDeployment = false;
        var none = router.Explain(asked.Group, asked.RouteRequest, out var record, asked.Tried);
        if (_canAnswer)
            _next.Add(record);
        else
            asked.Exchange.AddRoute(record);
        if (none is not null)
            return new AttemptOutcome { Error = none, MayFallBack = true };
        var index = Array.FindIndex(record.Candidates, candidate => candidate.Verdict == RouteVerdict.Chosen);
        var deployment = asked.Group.Deployments[index];
        if (RequestShape.For(asked, deployment, out _) is not { } refusal)
            return null;
        isOfDeployment = RequestShape.IsOfDeployment(refusal);
        return DeploymentCalls.NotCalled(asked, deployment, refusal, isOfDeployment);
    }

    /// <summary>Each deployment is priced once, in whichever group it stands; a wildcard's model by model.</summary>
    private void AddPrices(ModelGroup group)
    {
        foreach (var deployment in group.Deployments)
        {
            var model = group.UpstreamModelOf(deployment);
            if (_priced.Add((deployment.Id, model)))
                _prices.Add(PriceAt(deployment, model));
        }
    }

    /// <summary>The estimated input, and as much output as the client would let the model write.</summary>
    private PriceEstimate PriceAt(Deployment deployment, string model)
    {
        if (run.Snapshot.Catalog.PriceFor(deployment, model, time.GetUtcNow()) is not { } price)
            return new(deployment.Id, null, [], NanoUsd.Zero);
        var usage = new Usage { Input = run.Exchange.InputTokens, Output = run.Exchange.MaxTokens ?? 0 };
        var answer = ToolFees.PriceOf(run.Request, run.Endpoint.Operation, deployment, model, price, isClientTarget: false);
        return new(
            deployment.Id, price.Id, [.. AnswerUsage.Shown(answer.LinesOf(usage, null, null, TimeSpan.Zero))],
            answer.CostOf(usage, null, null, TimeSpan.Zero) ?? NanoUsd.Zero);
    }
}
