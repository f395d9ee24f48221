namespace Gateway;

/// <summary>Cuts text that others sent before it is recorded or told.</summary>
public static class RecordedText
{
    /// <summary>A client's text that is recorded is cut to this many characters.</summary>
    public const int MaxLength = 256;

    /// <summary>The first <paramref name="maxLength"/> characters, or one fewer: a surrogate pair is not cut in two.</summary>
    public static string Shorten(string text, int maxLength = MaxLength) => text.Length <= maxLength
        ? text
        : text[..(char.IsHighSurrogate(text[maxLength - 1]) ? maxLength - 1 : maxLength)];
}
