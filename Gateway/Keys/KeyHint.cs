namespace Gateway.Keys;

/// <summary>What may be shown of a key so that its owner recognises it: <c>sk-...abcd</c>, as LiteLLM does.</summary>
internal static class KeyHint
{
    /// <summary>Of a shorter key four characters would tell too much.</summary>
    private const int MinLengthToShowEnd = 12;

    public static string Of(ReadOnlySpan<char> key)
    {
        var isPrintable = !key.ContainsAnyExceptInRange('!', '~');
        return key.Length >= MinLengthToShowEnd && isPrintable ? $"sk-...{key[^4..]}" : "sk-...";
    }
}
