using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>
/// How seals of thoughts stand in <c>encrypted_content</c>, the one place that Responses has for them. Other dialects seal more than
/// thoughts that can be seen or not: what is sealed is written in front of the seal.
/// </summary>
internal static class ReasoningSeal
{
    /// <summary>Before the id of the tool call whose seal follows (Gemini). OpenAI's own seals are base64 and have no colon.</summary>
    private const string CallMark = "gwcall:";

    /// <summary>Before the seal of a thought without text that is not hidden, but left out (Anthropic's <c>display: omitted</c>).</summary>
    private const string OmittedMark = "gwomitted:";

    public static string Write(HubThinking thought) =>
        OfThought(thought.Signature!, isOmitted: !thought.IsHidden && thought.Text.Length == 0);

    public static string OfThought(ThoughtSignature seal, bool isOmitted) =>
        isOmitted && seal.Format != WireFormat.Responses
            ? OmittedMark + seal.WrittenIn(WireFormat.Responses)
            : seal.WrittenIn(WireFormat.Responses);

    public static string OfCall(string callId, ThoughtSignature seal) =>
        $"{CallMark}{callId.Length}:{callId}{seal.WrittenIn(WireFormat.Responses)}";

    /// <summary>Reads the seal of a call.</summary>
    /// <returns>Null: it is that of a thought.</returns>
    public static (string CallId, ThoughtSignature Seal)? ReadCall(string text)
    {
        if (!text.StartsWith(CallMark, StringComparison.Ordinal))
            return null;
        var colon = text.IndexOf(':', CallMark.Length);
        if (colon < 0 || !int.TryParse(text.AsSpan(CallMark.Length..colon), out var length))
            return null;
        if (length < 0 || length > text.Length - colon - 1)
            return null;
        var end = colon + 1 + length;
        return (text[(colon + 1)..end], ThoughtSignature.ReadFrom(WireFormat.Responses, text[end..]));
    }

    /// <summary>Reads a thought.</summary>
    public static HubThinking Read(string text, string? seal, string? id)
    {
        if (seal is null)
            return new(text) { Id = id };
        var isOmitted = seal.StartsWith(OmittedMark, StringComparison.Ordinal);
        return new(text)
        {
            Id = id,
            Signature = ThoughtSignature.ReadFrom(WireFormat.Responses, isOmitted ? seal[OmittedMark.Length..] : seal),
            IsHidden = text.Length == 0 && !isOmitted,
        };
    }
}
