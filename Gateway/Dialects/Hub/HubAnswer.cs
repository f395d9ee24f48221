using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>Why an answer ended.</summary>
public enum HubFinish
{
    /// <summary>It has not ended, or gave no reason.</summary>
    None,
    Stop,

    /// <summary>One of the client's stop texts came.</summary>
    StopSequence,
    Length,
    ToolCalls,

    /// <summary>The provider held it back.</summary>
    ContentFilter,

    /// <summary>The model declined (Anthropic's <c>refusal</c>).</summary>
    Refusal,

    /// <summary>A tool of the provider's takes longer; the client sends the conversation again to go on.</summary>
    Pause,
}

/// <summary>A whole answer in no dialect's words.</summary>
public sealed class HubAnswer
{
    /// <summary>The provider's id of it. Null: none; the client's half makes one.</summary>
    public string? Id { get; set; }

    /// <summary>Null: not said.</summary>
    public DateTimeOffset? CreatedAt { get; set; }
    public List<HubChoice> Choices { get; } = [];
    public Usage? Usage { get; set; }

    /// <summary>The usage as it was sent. Null: none.</summary>
    public string? RawUsage { get; set; }
    public ServiceTier? Service { get; set; }

    /// <summary>The provider's word for it.</summary>
    public string? ServiceTier { get; set; }
    public ReportedBill? Bill { get; set; }
    public string? SystemFingerprint { get; set; }
}

/// <summary>One of the answers that were asked for.</summary>
public sealed class HubChoice
{
    public List<HubPart> Parts { get; } = [];
    public HubFinish Finish { get; set; }
    public string? StopSequence { get; set; }

    /// <summary>Probabilities in OpenAI's form. Null: none.</summary>
    public JsonElement? Logprobs { get; set; }
}
