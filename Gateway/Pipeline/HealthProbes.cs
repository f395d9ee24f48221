using System.Buffers;
using System.Collections.Immutable;
using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;
using Gateway.Ledger;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Calls deployments to see whether they answer, a few at a time.</summary>
/// <remarks>
/// A check is booked like a request of the user <see cref="User"/>. It is no client's: it counts in no metric of clients, and
/// neither cools a deployment nor lends it a latency.
/// </remarks>
internal sealed class HealthProbes(
    Func<GatewaySnapshot> snapshot, RequestChecks checks, UpstreamClient upstream, SpendLedger ledger, TimeProvider time,
    CancellationToken stopping)
{
    /// <summary>Whom checks are booked to, and with which key.</summary>
    public const string User = "health-check";

    /// <summary>Enough for a hundred deployments in seconds, and no flood for a provider that has them all.</summary>
    private const int AtOnce = 8;

    /// <summary>Whoever asks for all deployments gets an answer by then, and what is being called may still end.</summary>
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private const string Route = "/health";

    private static readonly OpenAiDialect Dialect = new();

    private readonly SemaphoreSlim _calls = new(AtOnce);
    private readonly Lock _starting = new();
    private Run? _running;

    private sealed record Run(HealthFilter Filter, Task<ImmutableArray<HealthResult>> Results);

    /// <summary>
    /// Checks deployments now. One run at a time: who asks for what is being checked gets its results, others wait for its end.
    /// </summary>
    /// <returns>In the config's order. Null: the gateway is stopping.</returns>
    /// <exception cref="OperationCanceledException">Whoever asked has gone (<paramref name="ct"/>); the run goes on.</exception>
    public async Task<ImmutableArray<HealthResult>?> CheckAsync(HealthFilter filter, CancellationToken ct)
    {
        while (true)
        {
            var run = RunningOrNew(filter);
            try
            {
                var results = await run.Results.WaitAsync(ct);
                if (run.Filter == filter)
                    return results;
                if (run.Filter.IsAll)
                    return [.. results.Where(result => filter.Matches(result.Deployment))];
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return null;
            }
        }
    }

    private Run RunningOrNew(HealthFilter filter)
    {
        lock (_starting)
        {
            return _running is { Results.IsCompleted: false } running
                ? running
                : _running = new(filter, Task.Run(() => RunAsync(filter)));
        }
    }

    private async Task<ImmutableArray<HealthResult>> RunAsync(HealthFilter filter)
    {
        var current = snapshot();
        var start = time.GetTimestamp();
        return [.. await Task.WhenAll(current.Catalog.Deployments.Where(filter.Matches)
            .Select(deployment => ProbeAsync(current, deployment, start, stopping)))];
    }

    /// <summary>Checks one deployment.</summary>
    /// <param name="start">When its round began, as a timestamp of the gateway's clock: one that takes too long is cut short.</param>
    /// <exception cref="OperationCanceledException">The gateway is stopping.</exception>
    public async Task<HealthResult> ProbeAsync(GatewaySnapshot current, Deployment deployment, long start, CancellationToken ct)
    {
        if (!deployment.Provider.IsBuilt)
            return HealthResult.Unhealthy(deployment, ApiError.ProviderNotBuilt(deployment.Provider.Name).Message, time.GetUtcNow());
        if (HealthProbe.For(deployment, out var probe) is { } reason)
            return HealthResult.NotChecked(deployment, reason, time.GetUtcNow());
        await _calls.WaitAsync(ct);
        try
        {
            if (time.GetElapsedTime(start) > RunLimit)
                return HealthResult.NotChecked(deployment, "too many others took too long", time.GetUtcNow());
            return ledger.IsFull
                ? HealthResult.NotChecked(deployment, "the ledger cannot be written, and a check costs money", time.GetUtcNow())
                : await CallAsync(NewRun(current, deployment, probe), deployment, probe, ct);
        }
        finally
        {
            _calls.Release();
        }
    }

    private AttemptRun NewRun(GatewaySnapshot current, Deployment deployment, HealthProbe probe)
    {
        if (Dialect.Read(new ReadOnlySequence<byte>(probe.Body), out var request) is { } malformed)
            throw new InvalidOperationException(malformed.Message);
        return new AttemptRun
        {
            Snapshot = current,
            Endpoint = new ClientEndpoint(Route, Dialect, probe.Operation),
            Exchange = new Exchange
            {
                Id = CallId.New(),
                StartedAt = time.GetUtcNow(),
                StartTimestamp = time.GetTimestamp(),
                Route = Route,
                Caller = CheckerFor(current.Config.GatewayLimits),
                RequestedModel = deployment.ModelName,
                ModelGroup = deployment.ModelName,
                InputTokens = request.Size.Estimate,
            },
            Request = request,
            Group = new ModelGroup { Name = deployment.ModelName, Deployments = [deployment], UpstreamModels = [probe.Model] },
            ShownModel = deployment.ModelName,
            IsProbe = true,
        };
    }

    /// <summary>Checks count for the gateway's own limits.</summary>
    private static Caller CheckerFor(SubjectLimits gatewayLimits) => new()
    {
        KeyId = User,
        UserId = User,
        Payers =
        [
            new(Subject.Everybody, gatewayLimits), new(new(SubjectKind.Key, User), SubjectLimits.None),
            new(new(SubjectKind.User, User), SubjectLimits.None),
        ],
    };

    /// <summary>Makes the call that a request to this deployment would make: (1) its money, (2) its journal, (3) the call, which is booked.</summary>
    private async Task<HealthResult> CallAsync(AttemptRun run, Deployment deployment, HealthProbe probe, CancellationToken ct)
    {
        if (Prepare(run, deployment, probe, out var call) is { } refusal)
            return HealthResult.Unhealthy(deployment, refusal.Message, time.GetUtcNow());
        // 1
        if ((await checks.AdmitAsync(run, ct)).Refusal is { } full)
            return HealthResult.NotChecked(deployment, full.Message, time.GetUtcNow());
        using var money = run.Money!;
        var bound = money.Bound.ForDeployment(run, deployment, money.OutputCap);
        var attempt = NewAttempt(deployment, bound);
        var provider = RequestPayers.Provider(deployment.Provider.Name, run.Snapshot.Config);
        if (money.Begin(attempt.Kind, bound, new(attempt.StartedAt, attempt.ModelGroup, provider), out var slice) is { } overBudget)
            return HealthResult.NotChecked(deployment, overBudget.Message, time.GetUtcNow());
        // 2
        if (!await ledger.OpenAsync(run.Exchange, attempt) && money.IsLimitedAt(provider))
            return HealthResult.NotChecked(deployment, "the ledger cannot be written, and there is a limit", time.GetUtcNow());
        // 3
        try
        {
            return await SendAsync(run, deployment, call, attempt, ct);
        }
        finally
        {
            money.Settle(slice, attempt);
            ledger.Append(run.Exchange);
        }
    }

    private async Task<HealthResult> SendAsync(
        AttemptRun run, Deployment deployment, UpstreamCall call, Attempt attempt, CancellationToken ct)
    {
        run.Exchange.Attempts.Add(attempt);
        try
        {
            using var answer = await upstream.CallAsync(call, ct);
            attempt.Latency = time.GetElapsedTime(attempt.StartTimestamp);
            if (answer is FailedAnswer { Failure: var failure })
                return Judge(run, call, attempt, failure);
            attempt.Status = 200;
            AnswerUsage.Read(run, answer, attempt, call);
            AnswerUsage.Charge(attempt, call);
            return new HealthResult
            {
                Deployment = deployment,
                Outcome = HealthOutcome.Healthy,
                Status = attempt.Status,
                Latency = attempt.Latency,
                At = time.GetUtcNow(),
            };
        }
        catch (OperationCanceledException)
        {
            (attempt.Status, attempt.ExceptionClass) = (ApiError.ClientClosedRequest, Attempts.ClientDisconnected);
            ChargeUnseen(run, call, attempt);
            throw;
        }
    }

    /// <summary>A provider may bill what nobody waits for any more.</summary>
    private static void ChargeUnseen(AttemptRun run, UpstreamCall call, Attempt attempt)
    {
        if (!call.IsSent)
            return;
        AnswerUsage.EstimateUnseen(run, attempt);
        AnswerUsage.Charge(attempt, call);
    }

    private ApiError? Prepare(AttemptRun run, Deployment deployment, HealthProbe probe, out UpstreamCall call)
    {
        call = null!;
        if (RequestShape.ChangesFor(run, deployment, probe.Model, out var changes) is { } unsupported)
            return unsupported;
        var format = RequestShape.FormatFor(run, deployment);
        var target = new ClientTarget(deployment.IsMock ? null : deployment.UriFor(probe.Operation, probe.Model, format), deployment.ApiKey, false);
        if (UpstreamBody.Compose(run, deployment, new(probe.Model, changes, target, format), time.GetUtcNow(), out var body) is { } untranslatable)
            return untranslatable;
        var price = run.Snapshot.Catalog.PriceFor(deployment, probe.Model, time.GetUtcNow());
        call = new UpstreamCall
        {
            Deployment = deployment,
            Operation = probe.Operation,
            Wire = body.Wire,
            Model = probe.Model,
            Uri = target.Uri,
            Key = target.Key,
            Body = body.Body,
            Headers = body.Headers,
            Price = price,
            AnswerPrice = ToolFees.PriceOf(run.Request, probe.Operation, deployment, probe.Model, price, isClientTarget: false)
                .UpTo(RequestBound.LongestOf(run, deployment)),
            Timeout = probe.Timeout,
        };
        return null;
    }

    private Attempt NewAttempt(Deployment deployment, AttemptBound bound) => new()
    {
        Number = 1,
        Kind = AttemptKind.First,
        ModelGroup = deployment.ModelName,
        DeploymentId = deployment.Id,
        Provider = deployment.Provider.Name,
        Model = deployment.Model,
        ApiBase = deployment.ApiBase,
        StartedAt = time.GetUtcNow(),
        StartTimestamp = time.GetTimestamp(),
        Bound = bound.Cost,
        InputAtMost = bound.InputAtMost,
        OutputAtMost = bound.OutputOfAll,
    };

    private HealthResult Judge(AttemptRun run, UpstreamCall call, Attempt attempt, UpstreamFailure failure)
    {
        var deployment = call.Deployment;
        (attempt.Status, attempt.ExceptionClass) = (failure.UpstreamStatus, failure.ExceptionClass);
        if (failure.IsAbandoned)
            ChargeUnseen(run, call, attempt);
        if (failure.IsGateways)
            return HealthResult.NotChecked(deployment, failure.Message, time.GetUtcNow());
        var result = HealthResult.Unhealthy(deployment, failure.Message, time.GetUtcNow()) with
        {
            Status = failure.UpstreamStatus,
            Latency = attempt.Latency,
        };
        return HealthProbe.IsOutOfTokens(failure.UpstreamStatus, failure.Message)
            ? result with { Outcome = HealthOutcome.Healthy, Error = null }
            : result;
    }
}
