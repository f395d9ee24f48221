namespace Gateway;

/// <summary>What became of a deployment when one was chosen.</summary>
public enum RouteVerdict
{
    Chosen,

    /// <summary>It could have been taken; the strategy preferred another.</summary>
    LostOnScore,

    CoolingDown,

    /// <summary>An earlier attempt of the same request went there.</summary>
    AlreadyTried,

    /// <summary>One more request would pass its <c>rpm</c> or <c>tpm</c>.</summary>
    OverLimit,

    /// <summary>It has as many calls in flight as its <c>max_parallel_requests</c> allows.</summary>
    AtParallelLimit,

    /// <summary>The request is longer than its model's context window.</summary>
    ContextTooSmall,

    /// <summary>Its tags are not those of the request.</summary>
    WrongTag,

    /// <summary>One with a lower <c>order</c> may be called.</summary>
    LaterOrder,

    /// <summary>The last health check found it broken.</summary>
    Unhealthy,
}

/// <summary>One deployment that could have been chosen, and why it was or was not.</summary>
/// <param name="Score">What the strategy judged it by; NaN where it was not judged.</param>
/// <param name="Cooldown">How long it was still to be left alone. Zero: it was not.</param>
public readonly record struct CandidateRecord(string DeploymentId, RouteVerdict Verdict, double Score, TimeSpan Cooldown);

/// <summary>One choice among the deployments of a group: written when it is made, read when the request is explained.</summary>
public sealed class RouteRecord
{
    public required string ModelGroup { get; init; }

    /// <summary>The strategy's name as configured.</summary>
    public required string Strategy { get; init; }

    /// <summary>In the config's order.</summary>
    public required CandidateRecord[] Candidates { get; init; }

    /// <summary>The number of the attempt that it led to. 0: to none.</summary>
    public int Attempt { get; set; }
}

/// <summary>Something that was decided on the way and that no attempt shows: a retry that was left out, a fallback that was skipped.</summary>
/// <param name="AfterAttempt">How many attempts had been made.</param>
/// <param name="Text">One sentence for people. Never a secret, a prompt or an answer.</param>
public readonly record struct DecisionNote(int AfterAttempt, string Text);

/// <summary>The stages of the pipeline that can refuse a request.</summary>
public enum Stage { Authenticate, Parse, Authorize, Admit, Route, Call, Relay }
