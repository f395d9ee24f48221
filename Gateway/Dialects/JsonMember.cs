namespace Gateway.Dialects;

/// <summary>What a top-level member of a request body means to the gateway.</summary>
public enum MemberKind : byte
{
    /// <summary>Nothing: it is passed on.</summary>
    Other,
    Model,
    Stream,
    StreamOptions,
    MaxTokens,
    MaxCompletionTokens,

    /// <summary>Responses' name of the limit; to a chat it means nothing.</summary>
    MaxOutputTokens,
    User,

    // What the cost of an answer depends on (AnswerTerms), beside its length.
    Choices,
    BestOf,
    ServiceTier,
    Modalities,
    Prompt,

    /// <summary>An object whose members are merged into the body that leaves.</summary>
    ExtraBody,

    /// <summary>Says where or with which key to call; refused unless the deployment lets clients say so.</summary>
    ApiKey,
    ApiBase,

    /// <summary>Would choose headers, credentials or the like; never accepted.</summary>
    Forbidden,

    /// <summary>The name of a member that the gateway reads in another case; a server that ignores case would read it as that member.</summary>
    WrongCase,

    /// <summary>Read by LiteLLM's proxy itself and of no meaning to a provider: it does not leave.</summary>
    GatewayOnly,

    // What a client says about how its request is tried (RoutingParams). It does not leave either.
    Timeout,
    RequestTimeout,
    StreamTimeout,
    NumRetries,
    Fallbacks,
    ContextWindowFallbacks,
    ContentPolicyFallbacks,
    DefaultFallbacks,
    DisableFallbacks,
    Tags,
    LiteLlmMetadata,

    /// <summary>LiteLLM's tags may be in it, and it is a field of OpenAI's too: it is passed on.</summary>
    Metadata,
}

/// <summary>One top-level member of a JSON object: where it stands in the bytes.</summary>
/// <param name="Kind">What it means; found by its unescaped name.</param>
/// <param name="Start">Offset of the name's opening quote.</param>
/// <param name="NameLength">Bytes of the name between its quotes, as written.</param>
/// <param name="NameIsEscaped">True when the name holds a backslash.</param>
/// <param name="ValueStart">Offset of the value's first byte.</param>
/// <param name="End">Offset behind the value's last byte.</param>
public readonly record struct JsonMember(MemberKind Kind, int Start, int NameLength, bool NameIsEscaped, int ValueStart, int End)
{
    public int ValueLength => End - ValueStart;
}
