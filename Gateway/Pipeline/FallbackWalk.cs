namespace Gateway.Pipeline;

/// <summary>Goes from a group that failed to its fallbacks, and on to theirs, until one answers; a dry run goes the same way.</summary>
internal static class FallbackWalk
{
    /// <summary>Asks the groups to go on with, each with its own fallbacks behind it.</summary>
    /// <param name="failed">What came of the group that is left.</param>
    /// <param name="ask">Asks the run's group, with its retries.</param>
    /// <returns>The answer, or the last failure.</returns>
    public static async ValueTask<AttemptOutcome> RunAsync(
        AttemptRun run, AttemptOutcome failed, FallbackTargets targets,
        Func<AttemptRun, CancellationToken, ValueTask<AttemptOutcome>> ask, CancellationToken clientAborted)
    {
        var from = run.Group.Name;
        var error = failed.Error!;
        var last = failed;
        foreach (var name in targets.Names)
        {
            if (!last.MayFallBack)
                break;
            if (run.Fallbacks >= run.Snapshot.Config.Router.MaxFallbacks)
            {
                run.Exchange.Note($"No fallback to {name}: {run.Fallbacks} were made, which is max_fallbacks.");
                break;
            }
            if (targets.WhySkipped(run, name, out var group) is { } reason)
            {
                run.Exchange.Note($"No fallback to {RecordedText.Shorten(name)}: {reason}.");
                continue;
            }
            run.FallBackTo(group, name);
            last = await ask(run, clientAborted);
            var status = failed.Attempt?.Status ?? error.Status;
            run.Exchange.AddFallback(new(from, group.Name, status, error.ExceptionClass, last.Error is null));
            if (last.Error is { } again)
                last = await RunAsync(run, last, FallbackTargets.For(run, again.ExceptionClass), ask, clientAborted);
            if (last.Error is null)
                return last;
        }
        return last;
    }
}
