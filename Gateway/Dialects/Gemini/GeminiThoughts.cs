using System.Text;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Joins thoughts that came in pieces, as Google streams them and its SDKs send them back: the seal comes with the last.</summary>
internal static class GeminiThoughts
{
    public static List<HubPart> Join(List<HubPart> parts)
    {
        if (!parts.Exists(static part => part is HubThinking))
            return parts;
        var joined = new List<HubPart>(parts.Count);
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            if (part is HubThinking { IsHidden: false, Signature: null } piece)
            {
                text.Append(piece.Text);
                continue;
            }
            var thought = part as HubThinking;
            var isLast = thought is not null && (text.Length > 0 || !thought.IsHidden);
            if (isLast)
                joined.Add(new HubThinking(text.Append(thought!.Text).ToString()) { Signature = thought.Signature });
            else if (text.Length > 0)
                joined.Add(new HubThinking(text.ToString()));
            text.Clear();
            if (!isLast)
                joined.Add(part);
        }
        if (text.Length > 0)
            joined.Add(new HubThinking(text.ToString()));
        return joined;
    }
}
