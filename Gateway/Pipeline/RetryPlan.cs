using System.Globalization;
using Gateway.Catalog;
using Gateway.Routing;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Says whether a failed call is made again in its group, and after what wait; why not is noted for whoever asks later.</summary>
internal sealed class RetryPlan(Router router, RetryBudget budget, TimeProvider time, Func<double> random)
{
    /// <summary>Decides on the next attempt.</summary>
    /// <returns>How long to wait for it. Null: there is none.</returns>
    public TimeSpan? Next(AttemptRun run, Deployment deployment, UpstreamFailure failure)
    {
        var allowed = AllowedRetries(run, deployment, failure.ExceptionClass, out var isAskedFor);
        run.MaxRetries ??= allowed;
        var cooldown = router.CooldownOf(run.Group);
        var isAnyHealthy = cooldown == TimeSpan.Zero;
        var mayHelp = !failure.IsGateways && RetryRules.MayRetry(new RetryFacts
        {
            Status = failure.UpstreamStatus,
            GroupHasOthers = run.Group.Deployments.Length > 1,
            IsAnyHealthy = isAnyHealthy,
            HasFallbacks = FallbackTargets.IsAnyLeft(run, failure.ExceptionClass),
            IsAskedFor = isAskedFor,
        });
        if (!mayHelp)
            return No(run, $"a {failure.ExceptionClass} of {deployment.Id} is not mended by a repetition");
        if (run.RetriesInGroup >= allowed)
            return No(run, allowed == 0 ? "none is allowed" : $"all {allowed} that are allowed were made");
        var settings = run.Snapshot.Config.Router;
        var hasAnother = router.HasAnother(run.Group, run.RouteRequest, run.Tried);
        var asked = AskedFor(run, deployment, failure);
        var wait = RetryRules.BackOff(run.RetriesInGroup, asked, settings.RetryAfter, hasAnother, random());
        if (wait < cooldown && !run.Group.IsById)
            return No(run, $"all deployments of {run.Group.Name} cool down for longer than {Seconds(wait)}");
        var left = TimeLimits.For(run, deployment).Request - time.GetElapsedTime(run.StartTimestamp);
        if (wait >= left)
            return No(run, $"the wait of {Seconds(wait)} does not fit the {Seconds(left)} that the request has left");
        var most = settings.RetryBudget;
        if (!budget.TryTakeRetry(most))
            return No(run, string.Create(CultureInfo.InvariantCulture,
                $"the retry budget is spent ({most.Ratio * 100:0.##} % of the requests of the last 10 s, and {most.Floor})"));
        if (wait > TimeSpan.Zero)
            run.Exchange.Note($"Retry {run.RetriesInGroup + 1} of {allowed} after {Seconds(wait)}.");
        return wait;
    }

    /// <summary>What the client says; else the policy of the group, the general one, the deployment, the router.</summary>
    /// <param name="isAskedFor">True when a policy names the failure's class.</param>
    private static int AllowedRetries(AttemptRun run, Deployment deployment, string exceptionClass, out bool isAskedFor)
    {
        var settings = run.Snapshot.Config.Router;
        var ofGroup = settings.ModelGroupRetryPolicy.GetValueOrDefault(run.AskedName)
            ?? settings.ModelGroupRetryPolicy.GetValueOrDefault(run.Group.Name);
        var byClass = ofGroup?.Of(exceptionClass) ?? (ofGroup?.Default is null ? settings.RetryPolicy?.Of(exceptionClass) : null);
        isAskedFor = byClass is not null;
        return run.Asked.NumRetries ?? byClass ?? ofGroup?.Default ?? settings.RetryPolicy?.Default
            ?? deployment.Params.NumRetries ?? settings.NumRetries;
    }

    /// <summary>
    /// How long the provider asked to be left alone. Null: it did not, or the deployment is left alone and another one, tried or not,
    /// may be called meanwhile.
    /// </summary>
    private TimeSpan? AskedFor(AttemptRun run, Deployment deployment, UpstreamFailure failure) =>
        failure.RetryAfter is not null && !run.Group.IsById && router.CooldownOf(deployment) > TimeSpan.Zero
            && router.HasAnother(run.Group, run.RouteRequest, tried: null)
            ? null
            : failure.RetryAfter;

    private static TimeSpan? No(AttemptRun run, string reason)
    {
        run.Exchange.Note($"No retry: {reason}.");
        return null;
    }

    private static string Seconds(TimeSpan time) => Math.Max(0, time.TotalSeconds).ToString("0.## s", CultureInfo.InvariantCulture);
}
