namespace Gateway.Dialects;

/// <summary>In which form an answer comes.</summary>
public enum AnswerForm
{
    /// <summary>One JSON object, which is looked at before it is passed on.</summary>
    Json,

    /// <summary>A stream of events.</summary>
    Events,

    /// <summary>Anything else: passed on as it comes.</summary>
    Bytes,
}
