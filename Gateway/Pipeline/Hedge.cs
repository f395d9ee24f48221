using Gateway.Routing;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Tries a second deployment beside one that is slow: the first that answers wins, the other is cancelled.</summary>
/// <remarks>Both calls have ended, but for the winner's answer, before anything is returned: they read the request's memory.</remarks>
internal sealed class Hedge(DeploymentCalls calls, Router router, RetryBudget budget, TimeProvider time)
{
    private const double SlowShare = 0.95; // p95

    /// <summary>One of the two calls.</summary>
    private sealed record Runner(OpenCall Open, Task<UpstreamAnswer> Calling, CancellationTokenSource HangUp);

    /// <summary>After what time without an answer a second deployment is tried. Null: not at all.</summary>
    public TimeSpan? DelayFor(AttemptRun run)
    {
        if (run.Snapshot.Config.Router.Hedge is not { } settings || run.WasHedged || run.Group.Deployments.Length < 2)
            return null;
        if (run.Endpoint.Operation.IsPassedThrough())
            return null; // a picture or an upload is not paid for twice to save seconds
        if (settings.After is not null)
            return run.Request.IsStream ? settings.After : null; // a whole answer takes as long as it is, which says nothing
        return run.Request.IsStream
            ? router.FirstTokenPercentile(run.Group, SlowShare)
            : router.AnswerPercentile(run.Group, SlowShare);
    }

    /// <summary>Makes the call, with another one beside it where it is slow.</summary>
    /// <returns>
    /// The call that answered, with what hangs up on it; where both failed, the first. Its failure may have been reported.
    /// </returns>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<(OpenCall Open, UpstreamAnswer Answer, CancellationTokenSource? HangUp)> RunAsync(
        AttemptRun run, OpenCall open, TimeSpan delay, CancellationToken clientAborted)
    {
        var first = Start(run, open, clientAborted);
        Runner? second = null;
        Runner? winner = null;
        try
        {
            if (await IsSlowAsync(first.Calling, delay, clientAborted) && await BeginAsync(run) is { } beside)
                second = Start(run, beside, clientAborted);
            winner = second is null ? first : await RaceAsync(run, first, second);
            var answer = await winner.Calling;
            return (winner.Open, answer, answer is FailedAnswer ? null : winner.HangUp);
        }
        finally
        {
            if (first != winner)
                await EndAsync(run, first, hasLost: winner is not null);
            if (second is not null && second != winner)
                await EndAsync(run, second, hasLost: winner is not null);
            if (winner is not { Calling: { IsCompletedSuccessfully: true, Result: not FailedAnswer } })
                winner?.HangUp.Dispose();
        }
    }

    private Runner Start(AttemptRun run, OpenCall open, CancellationToken clientAborted)
    {
        var hangUp = CancellationTokenSource.CreateLinkedTokenSource(clientAborted);
        return new(open, calls.SendAsync(run, open, hangUp.Token).AsTask(), hangUp);
    }

    /// <summary>Waits for the call, and no longer than the delay. True: it is still running, and the client is there.</summary>
    private async ValueTask<bool> IsSlowAsync(Task calling, TimeSpan delay, CancellationToken clientAborted)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(clientAborted);
        await Task.WhenAny(calling, Task.Delay(delay, time, stop.Token));
        await stop.CancelAsync();
        return !calling.IsCompleted && !clientAborted.IsCancellationRequested;
    }

    /// <summary>Begins the second call. Null: there is none, and why is noted.</summary>
    private async ValueTask<OpenCall?> BeginAsync(AttemptRun run)
    {
        var settings = run.Snapshot.Config.Router;
        var reason = "";
        if (!router.HasAnother(run.Group, run.RouteRequest, run.Tried))
            reason = "no other deployment is left";
        else if (!budget.TryTakeHedge(settings.RetryBudget))
            reason = "hedge_max_share or the retry budget is spent";
        else
        {
            var (open, none) = await calls.BeginAsync(run, AttemptKind.Hedge);
            if (open is not null)
            {
                run.WasHedged = true;
                run.Exchange.Note($"{open.Deployment.Id} was tried beside an attempt that was slow.");
                return open;
            }
            reason = none!.Error is { IsOfMoney: true } ? "its money does not fit" : "no other deployment can be called";
        }
        run.Exchange.Note($"No second deployment was tried beside a slow one: {reason}.");
        return null;
    }

    /// <summary>The first of two calls that gives an answer; the first of the two where none does.</summary>
    private async ValueTask<Runner> RaceAsync(AttemptRun run, Runner first, Runner second)
    {
        var done = await Task.WhenAny(first.Calling, second.Calling) == first.Calling ? first : second;
        var other = done == first ? second : first;
        if (await done.Calling is FailedAnswer { Failure: var failure })
        {
            calls.Failed(run, done.Open, failure);
            if (await other.Calling is FailedAnswer { Failure: var otherFailure })
            {
                calls.Failed(run, other.Open, otherFailure);
                return first;
            }
            done = other;
        }
        run.Exchange.Answered = done.Open.Attempt;
        return done;
    }

    /// <summary>Ends a call that is not needed. It never throws: a call that was cancelled, or broke, has booked itself.</summary>
    /// <param name="hasLost">False: nobody has won, as the client hung up.</param>
    private async ValueTask EndAsync(AttemptRun run, Runner loser, bool hasLost)
    {
        loser.Open.HasLost = hasLost;
        await loser.HangUp.CancelAsync();
        await Task.WhenAny(loser.Calling);
        loser.HangUp.Dispose();
        if (!loser.Calling.IsCompletedSuccessfully)
            return;
        using var answer = await loser.Calling;
        if (answer is FailedAnswer { Failure: var failure })
            calls.Failed(run, loser.Open, failure);
        else
            calls.Lost(run, loser.Open, answer);
    }
}
