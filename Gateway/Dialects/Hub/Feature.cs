namespace Gateway.Dialects.Hub;

/// <summary>
/// What a request may ask for: each is a row of the compatibility matrix. A client's half of a dialect notes the features that a request
/// uses; a provider's half says in its <see cref="FeatureTable"/> which of them it can carry.
/// </summary>
public enum Feature
{
    /// <summary>Instructions before the conversation.</summary>
    System,

    /// <summary>Instructions between other messages.</summary>
    SystemWithin,

    /// <summary>A name of who speaks a message.</summary>
    MessageName,
    Images,
    ImageUrls,
    ImageDetail,
    Documents,
    DocumentUrls,
    AudioInput,
    VideoInput,

    /// <summary>Media given by the id of an uploaded file.</summary>
    FileIds,
    Tools,
    StrictTools,
    ToolChoiceRequired,
    ToolChoiceNamed,
    ToolChoiceNone,
    ToolChoiceAllowed,
    ParallelToolCalls,
    ToolResultImages,
    ToolErrors,

    /// <summary>Tools that the provider runs itself (web search, code).</summary>
    ServerTools,

    /// <summary>Tools whose input is free text or a grammar.</summary>
    CustomTools,
    JsonObject,
    JsonSchema,
    MaxTokens,
    Temperature,
    TopP,
    TopK,
    MinP,
    FrequencyPenalty,
    PresencePenalty,
    RepetitionPenalty,
    Seed,
    Stop,
    Choices,
    Logprobs,
    TopLogprobs,
    LogitBias,
    ReasoningEffort,

    /// <summary>A number of tokens to think with.</summary>
    ThinkingBudget,

    /// <summary>Thoughts of earlier turns with their signatures.</summary>
    ThinkingHistory,
    ReasoningSummary,
    Verbosity,
    CacheControl,
    PromptCacheKey,
    Citations,
    ServiceTier,
    EndUser,
    Metadata,
    Store,

    /// <summary>A conversation that the provider keeps (<c>previous_response_id</c>, <c>conversation</c>).</summary>
    StoredConversation,

    /// <summary>The answer's beginning, given by the client as a last assistant message.</summary>
    Prefill,
    AudioOutput,
    ImageOutput,
    Prediction,
    WebSearchOptions,
    SafetySettings,
    Truncation,
    ContextManagement,

    /// <summary>How many numbers a vector has.</summary>
    EmbeddingDimensions,

    /// <summary>What vectors are for: a search's query, a document to be found.</summary>
    EmbeddingInputType,

    /// <summary>What happens to a text that is too long to embed.</summary>
    EmbeddingTruncation,

    /// <summary>A part of a message that the gateway has no word for. As all content it is refused rather than dropped.</summary>
    UnknownPart,

    /// <summary>A member that the gateway has no word for.</summary>
    Unknown,
}

/// <summary>One use of a feature in a request.</summary>
/// <param name="Feature">What is asked for.</param>
/// <param name="Param">How the client wrote it: <c>generationConfig.topK</c>; for messages and refusals.</param>
public readonly record struct FeatureUse(Feature Feature, string Param);
