using System.Text;

namespace Gateway.Dialects;

/// <summary>
/// Reads the header lines of a form's part. What one reader takes otherwise than another (escapes, repeated or folded lines) is refused:
/// the provider must find the same fields as the gateway.
/// </summary>
internal ref struct FormPartHead
{
    private ReadOnlySpan<char> _rest;

    /// <summary>The field's name. Null: none was found.</summary>
    public string? Name { get; private set; }

    public bool IsFile { get; private set; }

    /// <summary>Reads the lines.</summary>
    /// <param name="lines">Without the blank line that ends them.</param>
    /// <returns>Null, or what is wrong, for people; never quotes the lines.</returns>
    public string? Read(scoped ReadOnlySpan<byte> lines)
    {
        var hasEncoding = false;
        foreach (var line in Encoding.Latin1.GetString(lines).Split("\r\n"))
        {
            var colon = line.IndexOf(':');
            if (colon <= 0 || line.AsSpan().ContainsAnyInRange('\n', '\r') || line[0] is ' ' or '\t')
                return "a part has a header line that is none";
            var name = line.AsSpan(0, colon);
            var value = line.AsSpan(colon + 1).Trim(' ');
            if (name.Equals("content-disposition", StringComparison.OrdinalIgnoreCase))
            {
                if (Name is not null)
                    return "a part has two content-disposition lines";
                if (ReadDisposition(value) is { } wrong)
                    return wrong;
            }
            else if (name.Equals("content-transfer-encoding", StringComparison.OrdinalIgnoreCase))
            {
                if (hasEncoding || value is not ("binary" or "8bit" or "7bit"))
                    return "a part has a content-transfer-encoding other than binary";
                hasEncoding = true;
            }
            else if (!IsToken(name))
            {
                return "a part has a header line that is none";
            }
        }
        return Name is null ? "a part has no content-disposition with a name" : null;
    }

    private string? ReadDisposition(ReadOnlySpan<char> value)
    {
        const string Kind = "form-data";
        if (!value.StartsWith(Kind, StringComparison.OrdinalIgnoreCase))
            return "a part's content-disposition is not form-data";
        _rest = value[Kind.Length..].TrimStart(' ');
        string? name = null;
        var (hasFile, hasExtended) = (false, false);
        while (!_rest.IsEmpty)
        {
            if (_rest[0] != ';' || !TryReadParameter(out var key, out var text))
                return "a part's content-disposition cannot be read; write it as form-data; name=\"field\"";
            if (key.Equals("name", StringComparison.OrdinalIgnoreCase) && name is null)
                name = text.ToString();
            else if (key.Equals("filename", StringComparison.OrdinalIgnoreCase) && !hasFile)
                hasFile = true;
            else if (key.Equals("filename*", StringComparison.OrdinalIgnoreCase) && !hasExtended)
                hasExtended = true;
            else
                return "a part's content-disposition has more than a name and a file name";
        }
        if (name is null || !IsFieldName(name))
            return "a part's name is not made of letters, digits and _ - . [ ], 64 at most";
        (Name, IsFile) = (name, hasFile || hasExtended);
        return null;
    }

    /// <summary><c>; key=token</c> or <c>; key="text"</c>; a quote in the text is no end to some readers and one to others.</summary>
    private bool TryReadParameter(out ReadOnlySpan<char> key, out ReadOnlySpan<char> text)
    {
        key = text = default;
        _rest = _rest[1..].TrimStart(' ');
        var equals = _rest.IndexOf('=');
        if (equals <= 0)
            return false;
        key = _rest[..equals];
        _rest = _rest[(equals + 1)..];
        if (_rest is ['"', ..])
        {
            var end = _rest[1..].IndexOf('"') + 1;
            if (end == 0 || _rest[end - 1] == '\\')
                return false;
            text = _rest[1..end];
            _rest = _rest[(end + 1)..].TrimStart(' ');
            return IsToken(key);
        }
        var length = _rest.IndexOf(';') is >= 0 and var next ? next : _rest.Length;
        text = _rest[..length].TrimEnd(' ');
        _rest = _rest[length..];
        return IsToken(key) && text.Length > 0 && !text.ContainsAny(" \t\",\\");
    }

    private static bool IsFieldName(string name) =>
        name.Length is > 0 and <= 64 && name.All(static c => char.IsAsciiLetterOrDigit(c) || "_-.[]".Contains(c));

    private static bool IsToken(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-.^_`|~".Contains(c))
                return false;
        }
        return text.Length > 0;
    }
}
