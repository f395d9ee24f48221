using System.Globalization;
using System.Text;

namespace Gateway.Pipeline;

/// <summary>Makes any text fit for a response header.</summary>
internal static class HeaderText
{
    /// <summary>The text with all but visible ASCII and spaces as percent-escapes of its UTF-8: the web server sends nothing else.</summary>
    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return text;
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (b is >= (byte)' ' and <= (byte)'~')
                escaped.Append((char)b);
            else
                escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }
        return escaped.ToString();
    }
}
