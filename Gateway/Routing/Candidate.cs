namespace Gateway.Routing;

/// <summary>What a routing decision knows of the request.</summary>
public readonly record struct RouteRequest
{
    public bool IsStream { get; init; }

    /// <summary>The tags that the request carries. Null or empty: none.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Input tokens, counted or estimated. 0: not known.</summary>
    public long InputTokens { get; init; }

    /// <summary>True when the client named the one deployment by its id: then its cooldown, health and tags do not count.</summary>
    public bool IsById { get; init; }
}

/// <summary>What a routing decision knows of one deployment: its settings and its state at this moment, as plain numbers.</summary>
public readonly record struct Candidate
{
    /// <summary>The configured share, requests and tokens per minute. Null: not configured.</summary>
    public double? Weight { get; init; }
    public long? Rpm { get; init; }
    public long? Tpm { get; init; }

    /// <summary>The calls that may be in flight together. Null: any number.</summary>
    public int? MaxParallelRequests { get; init; }

    /// <summary>The input tokens that its model takes. Null: not known.</summary>
    public long? MaxInputTokens { get; init; }

    /// <summary>Those with the lowest number are called before the others. None: after all that have one.</summary>
    public int Order { get; init; }

    /// <summary>True when its tags are those that the request asks for.</summary>
    public bool FitsTags { get; init; }

    /// <summary>True when one of its tags is <c>default</c>.</summary>
    public bool IsDefault { get; init; }

    /// <summary>What a million input and a million output tokens cost together. Null: unknown.</summary>
    public NanoUsd? Price { get; init; }

    /// <summary>Calls that began and have not ended.</summary>
    public int InFlight { get; init; }

    /// <summary>Calls begun in the current minute, the ones in flight included.</summary>
    public long Requests { get; init; }

    /// <summary>Tokens of the answers that ended in the current minute, and the input tokens of the calls in flight.</summary>
    public long Tokens { get; init; }

    /// <summary>Mean seconds per output token of the last plain answers. Null: no sample.</summary>
    public double? SecondsPerToken { get; init; }

    /// <summary>Mean seconds to the first token of the last streams. Null: no sample.</summary>
    public double? SecondsToFirstToken { get; init; }

    /// <summary>How long it is still left alone. Zero: it may be called.</summary>
    public TimeSpan Cooldown { get; init; }

    /// <summary>True when the last health check found it broken.</summary>
    public bool IsUnhealthy { get; init; }

    /// <summary>True when an earlier attempt of the same request went there.</summary>
    public bool IsTried { get; init; }

    /// <summary>The <see cref="Order"/> of one that has none.</summary>
    public const int NoOrder = int.MaxValue;

    /// <summary>True when one more request of this size would pass a configured rpm or tpm.</summary>
    public bool IsOverLimit(in RouteRequest request) => Requests >= Rpm || Tokens >= Tpm || Tokens + request.InputTokens > Tpm;

    /// <summary>True when it has as many calls in flight as it may.</summary>
    public bool IsAtParallelLimit => InFlight >= MaxParallelRequests;

    /// <summary>True when the request is known to be longer than the model's context window.</summary>
    public bool IsTooSmall(in RouteRequest request) => request.InputTokens > MaxInputTokens;

    /// <summary>True when nothing is known of its speed and nobody is finding out.</summary>
    public bool IsProbe(in RouteRequest request) => InFlight == 0 && Seconds(request.IsStream) is null;

    /// <summary>Mean seconds to the first token of streams, or per output token of answers. Null: no sample.</summary>
    public double? Seconds(bool isStream) => isStream ? SecondsToFirstToken : SecondsPerToken;
}
