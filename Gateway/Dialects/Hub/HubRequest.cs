using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>
/// A conversation to go on with, in no dialect's words. A client's half of a dialect reads it from a body; a provider's half writes it into
/// another. What the hub has no word for is kept in <see cref="Extras"/>, so that it is sent or refused by name, never lost in silence.
/// </summary>
/// <remarks>
/// Null means: not said. JSON values are parts of a document that lives as long as the request.
/// </remarks>
public sealed class HubRequest
{
    /// <summary>As many names of one feature as a person reads in a message.</summary>
    private const int MostNames = 16;

    private HashSet<FeatureUse> _seen = [];
    private Dictionary<Feature, int> _counts = [];

    /// <summary>The conversation in its order; instructions stand where the client put them.</summary>
    public List<HubMessage> Messages { get; private set; } = [];

    /// <summary>
    /// The first message, where it stands beside the conversation and is not kept with it (Responses' <c>instructions</c>). Null: none does.
    /// </summary>
    public HubMessage? Instructions { get; set; }

    /// <summary>
    /// The answer that the conversation goes on from (Responses' <c>previous_response_id</c>); what went before is not in
    /// <see cref="Messages"/> until <see cref="Resume"/>. Its use is noted as <see cref="Feature.StoredConversation"/>. Null: none.
    /// </summary>
    public string? PreviousResponseId { get; set; }

    /// <summary>True when the answer must not be kept for the conversation to go on from (Responses' <c>store: false</c>).</summary>
    public bool ForgetsAnswer { get; set; }

    public List<HubTool> Tools { get; private set; } = [];
    public HubToolChoice? ToolChoice { get; set; }
    public bool? ParallelToolCalls { get; set; }

    /// <summary>The form that the answer must have. Null: text.</summary>
    public HubFormat? Format { get; set; }

    /// <summary>How much to think.</summary>
    public HubReasoning? Reasoning { get; set; }

    public long? MaxTokens { get; set; }
    public double? Temperature { get; set; }
    public double? TopP { get; set; }
    public double? TopK { get; set; }
    public double? MinP { get; set; }
    public double? FrequencyPenalty { get; set; }
    public double? PresencePenalty { get; set; }
    public double? RepetitionPenalty { get; set; }
    public long? Seed { get; set; }
    public List<string> Stop { get; set; } = [];

    /// <summary>How many answers.</summary>
    public long? Choices { get; set; }

    public bool? Logprobs { get; set; }
    public long? TopLogprobs { get; set; }
    public JsonElement? LogitBias { get; set; }

    /// <summary>low, medium, high.</summary>
    public string? Verbosity { get; set; }

    /// <summary>As the client wrote it.</summary>
    public string? ServiceTier { get; set; }

    /// <summary>Who the client asks for.</summary>
    public string? EndUser { get; set; }
    public JsonElement? Metadata { get; set; }
    public string? PromptCacheKey { get; set; }
    public JsonElement? WebSearchOptions { get; set; }
    public bool IsStream { get; set; }

    /// <summary>Members without a word here: name as the client wrote it, and value. Each is noted as <see cref="Feature.Unknown"/>, too.</summary>
    public List<KeyValuePair<string, JsonElement>> Extras { get; private set; } = [];

    /// <summary>Every feature that the request uses.</summary>
    public List<FeatureUse> Uses { get; private set; } = [];

    /// <summary>
    /// Notes that a feature is used; a second use of the same under the same name is the same. A feature is carried or not wherever it is
    /// used, so after some names of it no more are kept: a conversation may have a million messages.
    /// </summary>
    public void Use(Feature feature, string param)
    {
        var count = _counts.GetValueOrDefault(feature);
        if (feature != Feature.Unknown && count >= MostNames || !_seen.Add(new(feature, param)))
            return;
        _counts[feature] = count + 1;
        Uses.Add(new(feature, param));
    }

    /// <summary>Keeps a member that the hub has no word for.</summary>
    public void AddExtra(string name, JsonElement value)
    {
        Extras.Add(new(name, value));
        Use(Feature.Unknown, name);
    }

    /// <summary>Puts what went before in front of the conversation: it stands on its own then.</summary>
    public void Resume(IReadOnlyList<HubMessage> earlier)
    {
        Messages.InsertRange(Instructions is null ? 0 : 1, earlier);
        PreviousResponseId = null;
        Uses.RemoveAll(static use => use is { Feature: Feature.StoredConversation, Param: "previous_response_id" });
    }

    /// <summary>A request of its own with the same parts, so that what is dropped for one provider is still there for the next.</summary>
    public HubRequest Copy()
    {
        var copy = (HubRequest)MemberwiseClone();
        (copy.Messages, copy.Tools, copy.Stop) = ([.. Messages], [.. Tools], [.. Stop]);
        (copy.Extras, copy.Uses) = ([.. Extras], [.. Uses]);
        (copy._seen, copy._counts) = ([.. _seen], new(_counts));
        return copy;
    }
}
