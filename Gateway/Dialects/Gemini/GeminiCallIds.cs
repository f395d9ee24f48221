namespace Gateway.Dialects.Gemini;

/// <summary>
/// Makes ids for calls that Google gave none: of the answer's own id, so that no two calls of a conversation share one, and of letters that
/// every dialect takes.
/// </summary>
internal sealed class GeminiCallIds(string? responseId)
{
    /// <summary>OpenAI takes no id above 40 characters; there is room for the prefix and the number.</summary>
    private const int MostOfResponse = 24;

    private readonly string _base = Sanitize(responseId);
    private int _made;

    public string Next() => $"call_{_base}_{_made++}";

    private static string Sanitize(string? id)
    {
        var kept = string.Concat((id ?? "").Where(char.IsAsciiLetterOrDigit).Take(MostOfResponse));
        return kept.Length > 0 ? kept : Guid.NewGuid().ToString("N")[..MostOfResponse];
    }
}
