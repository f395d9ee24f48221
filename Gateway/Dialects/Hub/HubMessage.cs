namespace Gateway.Dialects.Hub;

/// <summary>Who says a message.</summary>
public enum HubRole
{
    /// <summary>Instructions (OpenAI's <c>developer</c> too).</summary>
    System,
    User,
    Assistant,

    /// <summary>The results of tools; such a message has <see cref="HubToolResult"/> parts and no others.</summary>
    Tool,
}

/// <summary>One message of a conversation.</summary>
public sealed record HubMessage(HubRole Role, List<HubPart> Parts)
{
    /// <summary>A name of who speaks. Null: none given.</summary>
    public string? Name { get; init; }

    /// <summary>True for instructions that OpenAI's clients call the developer's.</summary>
    public bool IsDeveloper { get; init; }

    /// <summary>All text of the message; its parts follow one another without anything between them.</summary>
    public string Text => string.Concat(Parts.OfType<HubText>().Select(static part => part.Text));
}
