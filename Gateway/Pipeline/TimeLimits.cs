using Gateway.Catalog;

namespace Gateway.Pipeline;

/// <summary>How long a request may take, in LiteLLM's order of settings; pure.</summary>
/// <param name="Request">
/// For the whole request over all its attempts; for a stream, until its first event. A client's own limit stands as it is. A configured
/// one is stretched for a deployment that alone may take longer, so that no setting for one deployment is void.
/// </param>
/// <param name="Attempt">For one call: its whole answer, or a stream's first event and the time between events.</param>
internal readonly record struct TimeLimits(TimeSpan Request, TimeSpan Attempt)
{
    public static TimeLimits For(AttemptRun run, Deployment deployment)
    {
        var router = run.Snapshot.Config.Router;
        var asked = run.Asked;
        var own = deployment.Params;
        var configured = router.Timeout ?? run.Snapshot.Config.LiteLlm.RequestTimeout;
        var whole = asked.Timeout ?? own.Timeout ?? configured;
        var attempt = run.Request.IsStream ? asked.StreamTimeout ?? own.StreamTimeout ?? router.StreamTimeout ?? whole : whole;
        return new(asked.Timeout ?? (configured > attempt ? configured : attempt), attempt);
    }
}
