namespace Gateway.Pipeline;

/// <summary>Reads model names out of paths.</summary>
internal static class PathText
{
    /// <summary>A segment with its slashes: the web server unescapes a path but for <c>%2F</c>.</summary>
    public static string Unescape(string segment) => segment.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
