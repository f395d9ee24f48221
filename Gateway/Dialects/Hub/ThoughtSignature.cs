using System.Diagnostics.CodeAnalysis;

namespace Gateway.Dialects.Hub;

/// <summary>
/// A provider's seal of a thought, with the dialect that it belongs to: no other understands it. Where a client's dialect has a place for a
/// seal but the seal is of another dialect, it is written with a mark in front, so that it finds its way back, and only there.
/// </summary>
/// <param name="Format">Whose it is.</param>
/// <param name="Value">The seal as that dialect writes it.</param>
public sealed record ThoughtSignature(WireFormat Format, string Value)
{
    /// <summary>No provider's seal begins so: they are base64.</summary>
    private const string Mark = "gw:";

    /// <summary>The seal as it is written in a place of dialect <paramref name="place"/>.</summary>
    public string WrittenIn(WireFormat place) => place == Format ? Value : $"{Mark}{(int)Format}:{Value}";

    /// <summary>Reads a seal from a place of dialect <paramref name="place"/>.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static ThoughtSignature? ReadFrom(WireFormat place, string? text)
    {
        if (text is null)
            return null;
        if (text.StartsWith(Mark, StringComparison.Ordinal) && text.Length > Mark.Length + 1 && text[Mark.Length + 1] == ':'
            && Enum.IsDefined((WireFormat)(text[Mark.Length] - '0')))
            return new((WireFormat)(text[Mark.Length] - '0'), text[(Mark.Length + 2)..]);
        return new(place, text);
    }

    /// <summary>The seal if it belongs to the dialect. Null: it would mean nothing there.</summary>
    public string? For(WireFormat format) => format == Format ? Value : null;
}
