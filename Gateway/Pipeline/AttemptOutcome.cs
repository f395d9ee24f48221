using Gateway.Catalog;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>What came of one attempt.</summary>
internal sealed class AttemptOutcome
{
    /// <summary>The answer to pass on. Null: none.</summary>
    public UpstreamAnswer? Answer { get; init; }

    /// <summary>What the client is told when this was the last attempt. Null: there is an answer.</summary>
    public ApiError? Error { get; init; }

    /// <summary>The attempt's record and where it went; null when it was not made.</summary>
    public Attempt? Attempt { get; init; }
    public Deployment? Deployment { get; init; }

    /// <summary>The call that was made. Null: none was.</summary>
    public OpenCall? Call { get; init; }

    /// <summary>Ends the call before its time; disposed with the answer. Null: the client's own hanging-up alone does.</summary>
    public CancellationTokenSource? HangUp { get; init; }

    public bool ShouldRetry { get; init; }
    public bool MayFallBack { get; init; }

    /// <summary>True once the answer's usage and cost are in the attempt's record.</summary>
    public bool IsAccounted { get; set; }

    /// <summary>True when the gateway failed and not the deployment.</summary>
    public bool IsGateways { get; set; }
}
