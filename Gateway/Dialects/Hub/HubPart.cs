using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>A part of a message or of an answer.</summary>
public abstract record HubPart
{
    /// <summary>Anthropic's <c>cache_control</c> behind this part, as it was written. Null: none.</summary>
    public JsonElement? CacheControl { get; init; }
}

/// <summary>Text.</summary>
public sealed record HubText(string Text) : HubPart
{
    /// <summary>What the text refers to, in the words of the dialect named by <see cref="CitationFormat"/>. Null: nothing.</summary>
    public JsonElement? Citations { get; init; }
    public WireFormat? CitationFormat { get; init; }
}

/// <summary>A model's words for not answering (OpenAI's <c>refusal</c>).</summary>
public sealed record HubRefusal(string Text) : HubPart;

/// <summary>What kind of medium a part is.</summary>
public enum HubMediaKind { Image, Document, Audio, Video }

/// <summary>A picture, a document, a recording: inline, by URL or by the id of an uploaded file; exactly one of the three is given.</summary>
public sealed record HubMedia(HubMediaKind Kind) : HubPart
{
    /// <summary><c>image/png</c>. Null: not said.</summary>
    public string? MediaType { get; init; }

    /// <summary>The content in base64, as ASCII bytes; the bytes live as long as the request. Empty: not inline.</summary>
    public ReadOnlyMemory<byte> Base64 { get; init; }

    /// <summary>Plain text of a document that is given as text. Null: it is not.</summary>
    public string? PlainText { get; init; }

    public string? Url { get; init; }
    public string? FileId { get; init; }

    /// <summary>A file's name or a document's title.</summary>
    public string? Name { get; init; }

    /// <summary>OpenAI's <c>detail</c> of a picture.</summary>
    public string? Detail { get; init; }

    /// <summary>What else a dialect says of it (Anthropic's <c>context</c>, <c>citations</c>), by the name in that dialect.</summary>
    public IReadOnlyList<KeyValuePair<string, JsonElement>> Extras { get; init; } = [];
}

/// <summary>A call of a tool by the model.</summary>
/// <param name="Id">Joins the call and its result; the provider's own, or made by the gateway where it gives none.</param>
/// <param name="Arguments">JSON as text; models sometimes write what is not valid.</param>
public sealed record HubToolCall(string Id, string Name, string Arguments) : HubPart
{
    /// <summary>True when the arguments are free text (OpenAI's custom tools).</summary>
    public bool IsCustom { get; init; }

    /// <summary>A provider's signature of the thoughts before the call (Gemini), to be given back. See <see cref="ThoughtSignature"/>.</summary>
    public ThoughtSignature? Signature { get; init; }
}

/// <summary>What a tool gave.</summary>
public sealed record HubToolResult(string CallId, List<HubPart> Content) : HubPart
{
    /// <summary>The tool's name, where the dialect says it or the call is in the conversation.</summary>
    public string? Name { get; init; }
    public bool IsError { get; init; }
    public bool IsCustom { get; init; }
}

/// <summary>
/// An item of an earlier answer that the client only names (Responses' <c>item_reference</c>): the item takes its place before anything is
/// translated.
/// </summary>
/// <param name="Param">Where it stands, by the client's names.</param>
public sealed record HubItemReference(string Id, string Param) : HubPart;

/// <summary>What a model thought before it answered.</summary>
public sealed record HubThinking(string Text) : HubPart
{
    /// <summary>The provider's seal of it, without which it takes no thought back. Null: none.</summary>
    public ThoughtSignature? Signature { get; init; }

    /// <summary>True when the thought itself is hidden and <see cref="Signature"/> holds it (redacted thinking, encrypted reasoning).</summary>
    public bool IsHidden { get; init; }

    /// <summary>OpenAI's id of a reasoning item. Null: none.</summary>
    public string? Id { get; init; }
}

/// <summary>A part that the hub has no word for, as it was written. Its use is noted as <see cref="Feature.UnknownPart"/>.</summary>
public sealed record HubForeignPart(WireFormat Format, JsonElement Json) : HubPart;
