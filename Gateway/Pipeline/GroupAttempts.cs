using System.Globalization;
using System.Runtime.CompilerServices;
using Gateway.Routing;
using Gateway.Upstream;
using Polly;
using Polly.Retry;

namespace Gateway.Pipeline;

/// <summary>Makes the attempts of one group: a call, and again at another deployment or after a wait where that may help.</summary>
internal sealed class GroupAttempts
{
    private readonly ResiliencePipeline<AttemptOutcome> _retries;
    private readonly DeploymentCalls _calls;
    private readonly RetryPlan _plan;
    private readonly Hedge _hedge;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;

    /// <param name="stopping">Cancelled when the gateway stops: then nothing waits for a retry any more.</param>
    public GroupAttempts(DeploymentCalls calls, RetryPlan plan, Hedge hedge, TimeProvider time, CancellationToken stopping)
    {
        _calls = calls;
        _plan = plan;
        _hedge = hedge;
        _time = time;
        _stopping = stopping;
        _retries = new ResiliencePipelineBuilder<AttemptOutcome> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<AttemptOutcome>
            {
                // How often and when is decided request by request, in RetryPlan.
                MaxRetryAttempts = int.MaxValue,
                Delay = TimeSpan.Zero,
                ShouldHandle = static args => new(args.Outcome.Result is { ShouldRetry: true }),
            })
            .Build();
    }

    /// <summary>The first attempt is made straight away: Polly takes over where it failed and is to be made again.</summary>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<AttemptOutcome> RunAsync(AttemptRun run, CancellationToken clientAborted)
    {
        var first = await AttemptAsync(run, clientAborted);
        return first.ShouldRetry ? await RetryAsync(run, first, clientAborted) : first;
    }

    private ValueTask<AttemptOutcome> RetryAsync(AttemptRun run, AttemptOutcome failed, CancellationToken clientAborted) =>
        _retries.ExecuteAsync(
            static (state, ct) => Interlocked.Exchange(ref state.Failed.Value, null) is { } failed
                ? new ValueTask<AttemptOutcome>(failed)
                : state.Attempts.AttemptAsync(state.Run, ct),
            (Attempts: this, Run: run, Failed: new StrongBox<AttemptOutcome?>(failed)),
            clientAborted);

    /// <summary>One attempt: (1) wait where it is a retry, (2) begin a call, (3) make it, (4) judge what came.</summary>
    private async ValueTask<AttemptOutcome> AttemptAsync(AttemptRun run, CancellationToken clientAborted)
    {
        // 1
        if (run.RetryDelay is { } delay)
        {
            run.RetryDelay = null;
            if (!await WaitAsync(delay, clientAborted))
                return new AttemptOutcome { Error = run.FirstError, MayFallBack = true };
            run.CountRetry();
        }
        // 2
        var kind = run.RetriesInGroup > 0 ? AttemptKind.Retry : run.Fallbacks > 0 ? AttemptKind.Fallback : AttemptKind.First;
        var (begun, none) = await _calls.BeginAsync(run, kind);
        if (begun is not { } open)
            return none!;
        // 3
        UpstreamAnswer answer;
        CancellationTokenSource? hangUp = null;
        if (_hedge.DelayFor(run) is { } patience)
            (open, answer, hangUp) = await _hedge.RunAsync(run, open, patience, clientAborted);
        else
            answer = await _calls.SendAsync(run, open, clientAborted);
        // 4
        return answer is FailedAnswer { Failure: var failure }
            ? Judge(run, open, failure)
            : new AttemptOutcome
            {
                Answer = answer,
                Attempt = open.Attempt,
                Deployment = open.Deployment,
                Call = open,
                HangUp = hangUp,
            };
    }

    /// <summary>Waits before a retry.</summary>
    /// <returns>False: the gateway is stopping, and the failure that there is will have to do.</returns>
    private async ValueTask<bool> WaitAsync(TimeSpan delay, CancellationToken clientAborted)
    {
        if (delay == TimeSpan.Zero)
            return true;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(clientAborted, _stopping);
        try
        {
            await Task.Delay(delay, _time, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!clientAborted.IsCancellationRequested)
        {
            return false;
        }
    }

    private AttemptOutcome Judge(AttemptRun run, OpenCall open, UpstreamFailure failure)
    {
        _calls.Failed(run, open, failure);
        var error = Told(run, open, failure);
        run.FirstError ??= error;
        run.RetryDelay = _plan.Next(run, open.Deployment, failure);
        return new AttemptOutcome
        {
            Error = error,
            Attempt = open.Attempt,
            Deployment = open.Deployment,
            ShouldRetry = run.RetryDelay is not null,
            IsGateways = failure.IsGateways,
            MayFallBack = !failure.IsGateways && RetryRules.MayFallBack(failure.Status),
        };
    }

    /// <summary>A time-out says, as in LiteLLM, which limits there were.</summary>
    private static ApiError Told(AttemptRun run, OpenCall open, UpstreamFailure failure)
    {
        var error = failure.ToError();
        if (failure.ExceptionClass != "Timeout")
            return error;
        var limits = TimeLimits.For(run, open.Deployment);
        return error with
        {
            Message = $"{error.Message}\n\nDeployment Info: "
                + string.Create(CultureInfo.InvariantCulture,
                    $"request_timeout: {limits.Request.TotalSeconds:0.###}\ntimeout: {limits.Attempt.TotalSeconds:0.###}"),
        };
    }
}
