using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>
/// Copies of messages that outlive the request: the parts of a message share the memory of the body that they were read from.
/// </summary>
public sealed class HubSnapshot
{
    /// <summary>About what an object with its headers and references takes.</summary>
    private const int BytesPerObject = 64;

    private const int BytesPerChar = sizeof(char);

    public HubSnapshot(IEnumerable<HubMessage> messages)
    {
        foreach (var message in messages)
        {
            Count(message.Name);
            _messages.Add(message with { Parts = Copy(message.Parts) });
        }
    }

    private readonly List<HubMessage> _messages = [];

    public IReadOnlyList<HubMessage> Messages => _messages;

    /// <summary>About how much memory the copies take.</summary>
    public long Bytes { get; private set; }

    private List<HubPart> Copy(List<HubPart> parts)
    {
        var copies = new List<HubPart>(parts.Count);
        foreach (var part in parts)
            copies.Add(Copy(part) with { CacheControl = Copy(part.CacheControl) });
        Bytes += BytesPerObject;
        return copies;
    }

    private HubPart Copy(HubPart part)
    {
        Bytes += BytesPerObject;
        switch (part)
        {
            case HubText text:
                Count(text.Text);
                return text with { Citations = Copy(text.Citations) };
            case HubRefusal refusal:
                Count(refusal.Text);
                return refusal;
            case HubMedia medium:
                return Copy(medium);
            case HubToolCall call:
                Count(call.Id, call.Name, call.Arguments, call.Signature?.Value);
                return call;
            case HubToolResult result:
                Count(result.CallId, result.Name);
                return result with { Content = Copy(result.Content) };
            case HubThinking thought:
                Count(thought.Text, thought.Id, thought.Signature?.Value);
                return thought;
            case HubForeignPart foreign:
                return foreign with { Json = Copy(foreign.Json)!.Value };
            default:
                throw new ArgumentOutOfRangeException(nameof(part), part.GetType().Name, "Nobody knows how to copy such a part.");
        }
    }

    private HubMedia Copy(HubMedia medium)
    {
        Count(medium.MediaType, medium.PlainText, medium.Url, medium.FileId, medium.Name, medium.Detail);
        Bytes += medium.Base64.Length;
        return medium with
        {
            Base64 = medium.Base64.ToArray(),
            Extras = [.. medium.Extras.Select(extra => KeyValuePair.Create(extra.Key, Copy(extra.Value)!.Value))],
        };
    }

    private JsonElement? Copy(JsonElement? json)
    {
        if (json is not { } value)
            return null;
        // Beside its text a document keeps three numbers for each value, which seldom are more than the text.
        Bytes += BytesPerObject + 2 * System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value).Length;
        return value.Clone();
    }

    private void Count(params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
            Bytes += BytesPerChar * (text?.Length ?? 0);
    }
}
