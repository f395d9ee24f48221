using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Routing;

namespace Gateway.Pipeline;

/// <summary>The state of one request while its attempts are made.</summary>
internal sealed class AttemptRun
{
    private List<string>? _asked;
    private string? _fallback;

    public required GatewaySnapshot Snapshot { get; init; }
    public required ClientEndpoint Endpoint { get; init; }
    public required Exchange Exchange { get; init; }
    public required ClientRequest Request { get; init; }

    /// <summary>The group that is being asked: the client's, later a fallback.</summary>
    public required ModelGroup Group { get; set; }

    /// <summary>The name that led to the group, maybe an alias or a deployment's id: the client's, later a fallback's.</summary>
    public string AskedName => _fallback ?? Exchange.RequestedModel ?? Group.Name;

    /// <summary>True for a health check: its group is one deployment under the name of the whole group.</summary>
    public bool IsProbe { get; init; }

    /// <summary>Keeps conversations for clients that go on from an answer's id. Null: nothing is kept.</summary>
    public ResponseStore? Responses { get; init; }

    /// <summary>What pays for the attempts. Null until the request is admitted.</summary>
    public RequestMoney? Money { get; set; }

    /// <summary>What the router has to know of the request.</summary>
    public RouteRequest RouteRequest =>
        new() { IsStream = Request.IsStream, InputTokens = Exchange.InputTokens, Tags = Exchange.Tags };

    /// <summary>The name under which the client gets to know the model that answers.</summary>
    public required string ShownModel { get; set; }

    /// <summary>When the first attempt began, as a timestamp of the gateway's clock: the request's time limit runs from here.</summary>
    public long StartTimestamp { get; set; }

    /// <summary>What the client says about how its request is tried.</summary>
    public RoutingParams Asked => Request.Routing ?? RoutingParams.None;

    /// <summary>Where attempts of this group went. Null: nowhere yet.</summary>
    public List<Deployment>? Tried { get; set; }

    /// <summary>Retries in all, and in this group.</summary>
    public int Retries { get; private set; }
    public int RetriesInGroup { get; private set; }

    /// <summary>Groups tried beyond the client's.</summary>
    public int Fallbacks { get; private set; }

    /// <summary>How long to wait before the retry that was decided on. Null: none was.</summary>
    public TimeSpan? RetryDelay { get; set; }

    /// <summary>True once a second deployment was tried beside the first: that is done once for a request.</summary>
    public bool WasHedged { get; set; }

    /// <summary>How many retries the first failed attempt was allowed.</summary>
    public int? MaxRetries { get; set; }

    /// <summary>The first failure. Null: none yet.</summary>
    public ApiError? FirstError { get; set; }

    public void CountRetry()
    {
        Retries++;
        RetriesInGroup++;
    }

    /// <summary>True when the group was asked already: none is asked twice, so fallbacks that lead in a circle end.</summary>
    public bool WasAsked(ModelGroup group) => _asked?.Contains(KeyOf(group)) ?? KeyOf(group) == KeyOf(Group);

    /// <summary>A deployment that is named by its id is not the group that it is in.</summary>
    private static string KeyOf(ModelGroup group) => group.IsById ? $"id {group.Deployments[0].Id}" : $"group {group.Name}";

    /// <summary>Goes on with another group, as if it had been asked for.</summary>
    /// <param name="name">The name that led to it.</param>
    public void FallBackTo(ModelGroup group, string name)
    {
        (_asked ??= [KeyOf(Group)]).Add(KeyOf(group));
        Group = group;
        _fallback = name;
        ShownModel = group.Name;
        Tried = null;
        RetriesInGroup = 0;
        Fallbacks++;
    }
}
