using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>A tool that the model may call.</summary>
/// <param name="Name">Unique within the request.</param>
public sealed record HubTool(string Name)
{
    public string? Description { get; init; }

    /// <summary>The JSON schema of its arguments. Null: it has none.</summary>
    public JsonElement? Schema { get; init; }

    /// <summary>Whether the arguments must follow the schema exactly. Null: not said.</summary>
    public bool? IsStrict { get; init; }
    public JsonElement? CacheControl { get; init; }

    /// <summary>
    /// The namespace that the client put the tool in (Responses), and its name there; <see cref="Name"/> is made of both. Null: none.
    /// </summary>
    public (string Namespace, string Name)? Origin { get; init; }

    /// <summary>
    /// A tool of another kind (run by the provider, or with free text as its input), as it was written in <see cref="ForeignFormat"/>.
    /// Null: a function. Its use is noted as <see cref="Feature.ServerTools"/> or <see cref="Feature.CustomTools"/>.
    /// </summary>
    public JsonElement? Foreign { get; init; }
    public WireFormat ForeignFormat { get; init; }
}

/// <summary>Whether and which tools must be called.</summary>
public enum HubToolMode { Auto, None, Required, Named }

/// <summary>What the client says about calling tools.</summary>
/// <param name="Mode">Whether it must.</param>
/// <param name="Name">The one that must be called, with <see cref="HubToolMode.Named"/>.</param>
public sealed record HubToolChoice(HubToolMode Mode, string? Name = null)
{
    /// <summary>Only these may be called. Empty: all may.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];
}

/// <summary>The form of the answer: JSON, by a schema or any.</summary>
public sealed record HubFormat
{
    /// <summary>Null: any JSON object.</summary>
    public JsonElement? Schema { get; init; }
    public string? Name { get; init; }
    public string? Description { get; init; }
    public bool? IsStrict { get; init; }
}

/// <summary>How much the model shall think, in either measure.</summary>
public sealed record HubReasoning
{
    /// <summary>OpenAI's: none, minimal, low, medium, high, xhigh. Null: not said so.</summary>
    public string? Effort { get; init; }

    /// <summary>Tokens; 0: not at all; -1: as the model likes. Null: not said so.</summary>
    public long? Budget { get; init; }

    /// <summary>OpenAI's <c>reasoning.summary</c>: auto, concise, detailed. Null: not asked for.</summary>
    public string? Summary { get; init; }

    /// <summary>Whether thoughts are shown. Null: not said.</summary>
    public bool? IsShown { get; init; }
}
