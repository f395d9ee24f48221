using System.Net;

namespace Gateway.Upstream.Auth;

/// <summary>Finds the text of an element in the flat XML that AWS's query services answer with.</summary>
internal static class XmlText
{
    /// <summary>The text of the first element of that name that has neither attributes nor children. Null: there is none.</summary>
    public static string? Find(string xml, string name)
    {
        var start = xml.IndexOf($"<{name}>", StringComparison.Ordinal);
        if (start < 0)
            return null;
        start += name.Length + 2;
        var end = xml.IndexOf('<', start);
        return end >= 0 && xml.AsSpan(end).StartsWith($"</{name}>") ? WebUtility.HtmlDecode(xml[start..end]).Trim() : null;
    }
}
