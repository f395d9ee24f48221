using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// A conversation as Anthropic wants it: instructions first and apart, then the user and the model in turns; the results of tools stand at
/// the start of the turn behind the calls.
/// </summary>
internal sealed class AnthropicTurns
{
    /// <summary>What the user, the model or (between them) the instructions say without a break.</summary>
    public sealed record Turn(HubRole Role, List<HubPart> Parts);

    /// <summary>The instructions before the conversation.</summary>
    public List<HubPart> System { get; } = [];

    public List<Turn> Turns { get; } = [];

    /// <summary>Where the next message is that is no instruction; it is looked for once for all instructions before it.</summary>
    private int _next = -1;

    /// <param name="takesSystemWithin">True where instructions may stand between the turns.</param>
    public static AnthropicTurns Of(List<HubMessage> messages, bool takesSystemWithin)
    {
        var turns = new AnthropicTurns();
        for (var i = 0; i < messages.Count; i++)
        {
            var message = messages[i];
            if (message.Role != HubRole.System)
                turns.Add(message.Role == HubRole.Assistant ? HubRole.Assistant : HubRole.User, Named(message));
            else if (turns.Turns.Count == 0)
                turns.System.AddRange(Named(message));
            else if (takesSystemWithin && turns.MayBeSystem(messages, i))
                turns.Add(HubRole.System, Named(message));
            else
                turns.Add(HubRole.User, [Marked(message)]);
        }
        turns.Tidy();
        return turns;
    }

    /// <summary>
    /// True where instructions may stand: behind the user, and before the model or at the end
    /// (https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages, "Placement rules").
    /// </summary>
    private bool MayBeSystem(List<HubMessage> messages, int index)
    {
        if (Turns[^1].Role == HubRole.Assistant)
            return false;
        if (_next < index)
            _next = messages.FindIndex(index, static message => message.Role != HubRole.System) is >= 0 and var found ? found : messages.Count;
        return _next == messages.Count || messages[_next].Role == HubRole.Assistant;
    }

    /// <summary>Instructions where only the user may speak: marked, so that the model can tell.</summary>
    private static HubText Marked(HubMessage message) =>
        new($"<system>\n{message.Text}\n</system>") { CacheControl = message.Parts.LastOrDefault()?.CacheControl };

    /// <summary>A message's parts, the speaker's name before its first text.</summary>
    private static List<HubPart> Named(HubMessage message)
    {
        var at = message.Name is null ? -1 : message.Parts.FindIndex(static part => part is HubText);
        if (at < 0)
            return message.Parts;
        List<HubPart> parts = [.. message.Parts];
        var text = (HubText)parts[at];
        parts[at] = text with { Text = $"{message.Name}: {text.Text}" };
        return parts;
    }

    private void Add(HubRole role, List<HubPart> parts)
    {
        if (Turns.Count > 0 && Turns[^1].Role == role)
            Turns[^1].Parts.AddRange(parts);
        else
            Turns.Add(new Turn(role, [.. parts]));
    }

    /// <summary>Leaves out what may not be sent (empty texts, thoughts without Anthropic's seal), and puts results first.</summary>
    private void Tidy()
    {
        System.RemoveAll(IsVoid);
        foreach (var turn in Turns)
        {
            turn.Parts.RemoveAll(IsVoid);
            if (turn.Role != HubRole.User || !turn.Parts.Exists(static part => part is HubToolResult))
                continue;
            List<HubPart> sorted = [.. turn.Parts.OrderBy(static part => part is not HubToolResult)]; // a stable order
            turn.Parts.Clear();
            turn.Parts.AddRange(sorted);
        }
        Turns.RemoveAll(static turn => turn.Parts.Count == 0);
        if (Turns is [.., { Role: HubRole.Assistant } last] && last.Parts is [.., HubText text])
            TrimEnd(last, text);
    }

    /// <summary>An answer to go on with must not end in white space: no word of a model's begins behind one.</summary>
    private static void TrimEnd(Turn turn, HubText text)
    {
        turn.Parts[^1] = text with { Text = text.Text.TrimEnd() };
        if (IsVoid(turn.Parts[^1]) && turn.Parts.Count > 1)
            turn.Parts.RemoveAt(turn.Parts.Count - 1);
    }

    private static bool IsVoid(HubPart part) => part switch
    {
        HubText text => text.Text.Length == 0,
        HubRefusal refusal => refusal.Text.Length == 0,
        HubThinking thinking => thinking.Signature?.For(WireFormat.Anthropic) is null,
        HubForeignPart foreign => foreign.Format != WireFormat.Anthropic,
        _ => false,
    };
}
