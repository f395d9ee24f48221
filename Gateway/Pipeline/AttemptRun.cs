using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Pricing;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>The state of one request while its attempts are made.</summary>
internal sealed class AttemptRun
{
    public required GatewaySnapshot Snapshot { get; init; }
    public required ClientEndpoint Endpoint { get; init; }
    public required Exchange Exchange { get; init; }
    public required ClientRequest Request { get; init; }

    /// <summary>The group that is being asked: the client's, later a fallback.</summary>
    public required ModelGroup Group { get; set; }

    /// <summary>The name under which the client gets to know the model that answers.</summary>
    public required string ShownModel { get; set; }

    /// <summary>Where attempts of this group went. Null: nowhere yet.</summary>
    public List<Deployment>? Tried { get; set; }

    /// <summary>Retries in all, and in this group.</summary>
    public int Retries { get; private set; }
    public int RetriesInGroup { get; private set; }

    /// <summary>Groups tried beyond the client's.</summary>
    public int Fallbacks { get; private set; }

    /// <summary>How long to wait before the retry that was decided on. Null: none was.</summary>
    public TimeSpan? RetryDelay { get; set; }

    /// <summary>How many retries the first failed attempt was allowed.</summary>
    public int? MaxRetries { get; set; }

    /// <summary>True while the client's own group is asked and other groups stand by.</summary>
    public bool HasFallbacks { get; set; }

    /// <summary>The first failure. Null: none yet.</summary>
    public ApiError? FirstError { get; set; }

    public void CountRetry()
    {
        Retries++;
        RetriesInGroup++;
    }

    /// <summary>Goes on with another group, as if it had been asked for.</summary>
    public void FallBackTo(ModelGroup group)
    {
        Group = group;
        ShownModel = group.Name;
        Tried = null;
        RetriesInGroup = 0;
        HasFallbacks = false;
        Fallbacks++;
    }
}

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

    /// <summary>What the model costs. Null: unknown.</summary>
    public ModelPrice? Price { get; init; }

    public bool ShouldRetry { get; init; }
    public bool MayFallBack { get; init; }

    /// <summary>True once the answer's usage and cost are in the attempt's record.</summary>
    public bool IsAccounted { get; set; }

    /// <summary>True when the gateway failed and not the deployment.</summary>
    public bool IsGateways { get; set; }
}
