namespace Gateway;

/// <summary>Why an attempt was made.</summary>
public enum AttemptKind
{
    First,
    Retry,
    Fallback,

    /// <summary>Beside one that was slow, whichever answers first.</summary>
    Hedge,
}

/// <summary>One call to one deployment. Ledger, metrics and log read it; it names the deployment but holds no reference to it.</summary>
public sealed class Attempt
{
    /// <summary>The class of an attempt that another one beside it was faster than: no failure of its deployment's.</summary>
    public const string HedgeLost = "HedgeLost";

    /// <summary>1 for the first attempt of an exchange.</summary>
    public required int Number { get; init; }

    public required AttemptKind Kind { get; init; }

    /// <summary>The public model name under which the deployment was reached.</summary>
    public required string ModelGroup { get; init; }

    /// <summary>The deployment's stable id (<c>x-litellm-model-id</c>).</summary>
    public required string DeploymentId { get; init; }

    /// <summary>LiteLLM's provider prefix: <c>openai</c>, <c>azure</c>, …</summary>
    public required string Provider { get; init; }

    /// <summary>The model in LiteLLM's spelling, with its provider: <c>openai/gpt-4o</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The base URL without query. Empty for a mock.</summary>
    public required string ApiBase { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The start as a timestamp of the gateway's clock, to measure from.</summary>
    public long StartTimestamp { get; init; }

    /// <summary>From the start of the attempt to the end of its answer.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>From the start of the attempt to its first event. Null: no stream, or none came.</summary>
    public TimeSpan? TimeToFirstToken { get; set; }

    /// <summary>The upstream's HTTP status; 408 for a time-out, 0 when it could not be reached.</summary>
    public int Status { get; set; }

    /// <summary>Null when the attempt succeeded; else LiteLLM's exception class (<c>RateLimitError</c>, <c>Timeout</c>, …).</summary>
    public string? ExceptionClass { get; set; }

    public Usage Usage { get; set; }

    /// <summary>The usage object as the provider sent it, JSON. Null: it sent none.</summary>
    public string? RawUsage { get; set; }

    /// <summary>The urgency that the answer says was billed. Null: it says none.</summary>
    public ServiceTier? Service { get; set; }

    /// <summary>What the provider said of its bill beside the tokens. Null: nothing.</summary>
    public ReportedBill? Bill { get; set; }

    public NanoUsd Cost { get; set; }

    /// <summary>Which price was applied (for the ledger), and at what rates. Null: the price is unknown.</summary>
    public string? PriceId { get; set; }

    /// <summary>The rates of <see cref="PriceId"/> that were applied to <see cref="Usage"/>, as the ledger keeps them; asked off the
    /// request's path. Null, and what it gives may be: no price.</summary>
    public Func<Usage, string?>? Rates { get; set; }

    /// <summary>The lines of <see cref="Cost"/>, from <see cref="Usage"/>; asked off the request's path. Null: no price.</summary>
    public Func<Usage, IEnumerable<CostLine>>? CostLines { get; set; }

    /// <summary>What the provider said is left of its rate limits.</summary>
    public RemainingQuota Remaining { get; set; }

    /// <summary>What it can cost at most: what it is booked at when the gateway dies before it has ended.</summary>
    public NanoUsd Bound { get; set; }

    /// <summary>The tokens that <see cref="Bound"/> pays for: what counts for a rate when the gateway dies before it has ended.</summary>
    public long InputAtMost { get; set; }

    /// <summary>As <see cref="InputAtMost"/>, of all choices together.</summary>
    public long OutputAtMost { get; set; }

    /// <summary>True when tokens were counted by the gateway because the provider reported none, or none that can be.</summary>
    public bool IsEstimated { get; set; }

    /// <summary>Its row among the reservations that survive a crash. 0: it has none.</summary>
    public long ReservationId { get; set; }

    private bool _isBooked;

    /// <summary>Claims the right to book the attempt, which must not change afterwards. False: somebody has had it before.</summary>
    public bool Book() => !Interlocked.Exchange(ref _isBooked, true);
}

/// <summary>The record of one client request and its attempts. Filled along the pipeline by one request, read by others only after it ended.</summary>
public sealed class Exchange
{
    /// <summary>The call id: <c>x-litellm-call-id</c>, the id of log lines and ledger rows.</summary>
    public required string Id { get; init; }

    /// <summary>The id under which the way to the answer can be asked for (<c>x-gateway-decision</c>). Empty: it is not kept.</summary>
    public string DecisionId { get; init; } = "";

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The start as a timestamp of the gateway's clock, to measure from.</summary>
    public long StartTimestamp { get; init; }

    /// <summary>The path as registered, never the client's text: <c>/v1/chat/completions</c>.</summary>
    public required string Route { get; init; }

    /// <summary>The wire format that the client speaks. Null: OpenAI's.</summary>
    public string? Dialect { get; init; }

    /// <summary>Null until the caller is authenticated.</summary>
    public Caller? Caller { get; set; }

    /// <summary>The model that the client named, at most 256 characters. Null until the body is read.</summary>
    public string? RequestedModel { get; set; }

    /// <summary>The group that <see cref="RequestedModel"/> resolved to. Null: unknown model.</summary>
    public string? ModelGroup { get; set; }

    /// <summary>Which entry of the caller's models let the request pass. Null: none did, or it was not looked at.</summary>
    public string? AllowedBy { get; set; }

    public bool IsStream { get; set; }

    /// <summary>About how many tokens the request has. 0 until the body is read.</summary>
    public long InputTokens { get; set; }

    /// <summary>The limit of output tokens that the client set. Null: none.</summary>
    public long? MaxTokens { get; set; }

    /// <summary>What the user had spent when the budget was looked at. Null: it was not.</summary>
    public NanoUsd? Spent { get; set; }

    /// <summary>What was set aside for the request at its admission: it can cost no more. Null: it was not admitted.</summary>
    public NanoUsd? Bound { get; set; }

    /// <summary>The output tokens that each answer may have, as far as <see cref="Bound"/> pays for them. Null: it was not admitted.</summary>
    public long? OutputCap { get; set; }

    /// <summary>The <c>user</c> of the body or its header, at most 256 characters. Null: none.</summary>
    public string? EndUser { get; set; }

    public string? ClientIp { get; set; }

    /// <summary>At most 256 characters.</summary>
    public string? UserAgent { get; set; }

    /// <summary>The tags of the request, from its body and headers; bounded in number and length. Empty: none.</summary>
    public IReadOnlyList<string> Tags { get; set; } = [];

    public List<Attempt> Attempts { get; } = new(1);

    /// <summary>The choices of deployments, in order. Null: none was made.</summary>
    public List<RouteRecord>? Routes { get; private set; }

    /// <summary>What else was decided on the way. Null: nothing.</summary>
    public List<DecisionNote>? Notes { get; private set; }

    /// <summary>The fallbacks from group to group, in order. Null: none was made.</summary>
    public List<FallbackRecord>? Fallbacks { get; private set; }

    /// <summary>The stage that refused the request or failed. Null: none did.</summary>
    public Stage? RefusedBy { get; set; }

    /// <summary>The status sent to the client; 499 when it hung up before one was sent.</summary>
    public int Status { get; set; }

    /// <summary>What the client was told. Null: an answer.</summary>
    public ApiError? Error { get; set; }

    /// <summary>From the request's head to the last byte of the answer.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>The attempt that answered where another one was made beside it. Null: the last one counts.</summary>
    public Attempt? Answered { get; set; }

    /// <summary>The attempt that answered when there is an answer, else the last one. Null: none was made.</summary>
    public Attempt? Last => Answered ?? (Attempts.Count == 0 ? null : Attempts[^1]);

    public void AddRoute(RouteRecord route) => (Routes ??= new(1)).Add(route);

    public void AddFallback(FallbackRecord fallback) => (Fallbacks ??= new(1)).Add(fallback);

    /// <summary>Notes what was decided; one sentence for people.</summary>
    public void Note(string text) => (Notes ??= []).Add(new(Attempts.Count, text));
}
