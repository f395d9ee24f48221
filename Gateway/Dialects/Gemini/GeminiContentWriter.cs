using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Writes a conversation as Google's <c>contents</c>: turns of user and model by turns, the results of tools in the user's, instructions
/// aside in <c>systemInstruction</c>, which Google has no other place for.
/// </summary>
internal sealed class GeminiContentWriter(Utf8JsonWriter json, HubTarget target)
{
    /// <summary>
    /// What Google takes in place of a seal for calls that another model made, without which Gemini 3 refuses a conversation
    /// (https://ai.google.dev/gemini-api/docs/thought-signatures#faqs).
    /// </summary>
    private static ReadOnlySpan<byte> NoSeal => "skip_thought_signature_validator"u8;

    private readonly bool _isLeveled = GeminiTarget.Generation(target.Model) >= GeminiTarget.Leveled;

    /// <summary>The names of the calls so far, by id: a result must say whose it is.</summary>
    private readonly Dictionary<string, string> _names = [];
    private string? _role;

    /// <summary>True when a call of the turn that is being written has a seal: of parallel calls only the first has one.</summary>
    private bool _isSealed;

    public void Write(List<HubMessage> messages)
    {
        var instructions = messages.Where(static message => message.Role == HubRole.System).SelectMany(static message => message.Parts)
            .OfType<HubText>().Where(static text => text.Text.Length > 0).ToArray();
        // Instructions alone are no conversation to Google; then they are what the user says.
        var isAlone = messages.TrueForAll(static message => message.Role == HubRole.System);
        if (instructions.Length > 0 && !isAlone)
            WriteInstructions(instructions);
        json.WriteStartArray("contents"u8);
        foreach (var message in messages)
        {
            if (message.Role == HubRole.System && !isAlone)
                continue;
            var role = message.Role == HubRole.Assistant ? "model" : "user";
            WriteParts(role, message.Parts);
        }
        End();
        json.WriteEndArray();
    }

    /// <summary>
    /// Dialects without a place for the seal of a call give it back as a hidden thought right before the call; it is put where it was.
    /// </summary>
    private void WriteParts(string role, List<HubPart> parts)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i] is HubThinking { IsHidden: true, Signature: { Format: WireFormat.Gemini } seal }
                && i + 1 < parts.Count && parts[i + 1] is HubToolCall { Signature: null } call)
            {
                WriteCall(role, call with { Signature = seal });
                i++;
            }
            else
            {
                WritePart(role, parts[i]);
            }
        }
    }

    private void WriteInstructions(HubText[] instructions)
    {
        json.WriteStartObject("systemInstruction"u8);
        json.WriteStartArray("parts"u8);
        foreach (var text in instructions)
        {
            json.WriteStartObject();
            json.WriteString("text"u8, text.Text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Begins a part, and a turn where another's was before.</summary>
    private void Begin(string role)
    {
        if (_role != role)
        {
            End();
            (_role, _isSealed) = (role, false);
            json.WriteStartObject();
            json.WriteString("role"u8, role);
            json.WriteStartArray("parts"u8);
        }
        json.WriteStartObject();
    }

    private void End()
    {
        if (_role is null)
            return;
        _role = null;
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WritePart(string role, HubPart part)
    {
        switch (part)
        {
            case HubText { Text.Length: > 0 } text:
                WriteText(role, text.Text);
                break;
            case HubRefusal { Text.Length: > 0 } refusal:
                WriteText(role, refusal.Text);
                break;
            case HubMedia media:
                Begin(role);
                GeminiMedia.Write(json, media);
                json.WriteEndObject();
                break;
            case HubThinking thought:
                WriteThought(role, thought);
                break;
            case HubToolCall call:
                WriteCall(role, call);
                break;
            case HubToolResult result:
                WriteResult(role, result);
                break;
            case HubForeignPart { Format: WireFormat.Gemini } own:
                Begin(role);
                foreach (var member in own.Json.EnumerateObject())
                    member.WriteTo(json);
                json.WriteEndObject();
                break;
        }
    }

    private void WriteText(string role, string text)
    {
        Begin(role);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    /// <summary>A thought that is hidden is its seal alone; one sealed by another dialect is nothing that Google can read.</summary>
    private void WriteThought(string role, HubThinking thought)
    {
        var seal = thought.Signature?.For(WireFormat.Gemini);
        if (thought.IsHidden ? seal is null : thought.Text.Length == 0 && seal is null)
            return;
        Begin(role);
        json.WriteString("text"u8, thought.Text);
        if (!thought.IsHidden)
            json.WriteBoolean("thought"u8, true);
        if (seal is not null)
            json.WriteString("thoughtSignature"u8, seal);
        json.WriteEndObject();
    }

    private void WriteCall(string role, HubToolCall call)
    {
        _names[call.Id] = call.Name;
        Begin(role);
        json.WriteStartObject("functionCall"u8);
        if (call.Id.Length > 0)
            json.WriteString("id"u8, call.Id);
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("args"u8);
        HubJson.WriteArguments(json, call.Arguments);
        json.WriteEndObject();
        if (call.Signature?.For(WireFormat.Gemini) is { } seal)
            json.WriteString("thoughtSignature"u8, seal);
        else if (_isLeveled && !_isSealed)
            json.WriteString("thoughtSignature"u8, NoSeal);
        _isSealed = true;
        json.WriteEndObject();
    }

    private void WriteResult(string role, HubToolResult result)
    {
        Begin(role);
        GeminiResultWriter.Write(json, result, result.Name ?? _names.GetValueOrDefault(result.CallId, result.CallId), _isLeveled);
        json.WriteEndObject();
        foreach (var item in _isLeveled ? [] : result.Content.OfType<HubMedia>())
            WritePart(role, item); // models before Gemini 3 see pictures beside a result only
    }
}
