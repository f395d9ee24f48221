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
    Func<GatewaySnapshot> snapshot, UpstreamClient upstream, SpendLedger ledger, TimeProvider time, CancellationToken stopping)
{
    /// <summary>Whom checks are booked to, and with which key.</summary>
    public const string User = "health-check";

    /// <summary>Enough for a hundred deployments in seconds, and no flood for a provider that has them all.</summary>
    private const int AtOnce = 8;

    /// <summary>Whoever asks for all deployments gets an answer by then, and what is being called may still end.</summary>
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private const string Route = "/health";

    private static readonly OpenAiDialect Dialect = new();
    private static readonly Caller Checker = new() { KeyId = User, UserId = User };

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
                Caller = Checker,
                RequestedModel = deployment.ModelName,
                ModelGroup = deployment.ModelName,
                InputTokens = InputEstimate.Of(request.Body),
            },
            Request = request,
            Group = new ModelGroup { Name = deployment.ModelName, Deployments = [deployment], UpstreamModels = [probe.Model] },
            ShownModel = deployment.ModelName,
        };
    }

    /// <summary>Makes the call that a request to this deployment would make, and books it.</summary>
    private async Task<HealthResult> CallAsync(AttemptRun run, Deployment deployment, HealthProbe probe, CancellationToken ct)
    {
        if (Prepare(run, deployment, probe, out var call) is { } refusal)
            return HealthResult.Unhealthy(deployment, refusal.Message, time.GetUtcNow());
        var attempt = NewAttempt(run, deployment);
        try
        {
            using var answer = await upstream.CallAsync(call, ct);
            attempt.Latency = time.GetElapsedTime(attempt.StartTimestamp);
            if (answer is FailedAnswer { Failure: var failure })
                return Judge(deployment, attempt, failure);
            attempt.Status = 200;
            AnswerUsage.Read(run, answer, attempt);
            AnswerUsage.Charge(attempt, call.Price);
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
            if (call.IsSent) // a provider may bill what nobody waits for any more
            {
                AnswerUsage.EstimateInput(run, attempt);
                AnswerUsage.Charge(attempt, call.Price);
            }
            throw;
        }
        finally
        {
            ledger.Append(run.Exchange);
        }
    }

    private ApiError? Prepare(AttemptRun run, Deployment deployment, HealthProbe probe, out UpstreamCall call)
    {
        call = null!;
        if (RequestShape.ChangesFor(run, deployment, probe.Model, out var changes) is { } unsupported)
            return unsupported;
        call = new UpstreamCall
        {
            Deployment = deployment,
            Operation = probe.Operation,
            Dialect = Dialect,
            Model = probe.Model,
            Uri = deployment.IsMock ? null : deployment.UriFor(probe.Operation, probe.Model),
            Key = deployment.ApiKey,
            Body = Dialect.Compose(run.Request, changes),
            Price = run.Snapshot.Catalog.PriceFor(deployment, probe.Model, time.GetUtcNow()),
            Timeout = probe.Timeout,
        };
        return null;
    }

    private Attempt NewAttempt(AttemptRun run, Deployment deployment)
    {
        var attempt = new Attempt
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
        };
        run.Exchange.Attempts.Add(attempt);
        return attempt;
    }

    private HealthResult Judge(Deployment deployment, Attempt attempt, UpstreamFailure failure)
    {
        (attempt.Status, attempt.ExceptionClass) = (failure.UpstreamStatus, failure.ExceptionClass);
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
