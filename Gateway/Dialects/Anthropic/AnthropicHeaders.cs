namespace Gateway.Dialects.Anthropic;

/// <summary>
/// What Anthropic's API is told beside the body. Whoever sends a request sets these headers; here stands what they are called.
/// </summary>
public static class AnthropicHeaders
{
    public const string VersionName = "anthropic-version";
    public const string BetaName = "anthropic-beta";

    /// <summary>
    /// What the gateway says when it writes a body itself: the version that still has temperature, top_p and top_k
    /// (https://platform.claude.com/docs/en/api/versioning; 2026-10-21 refuses them even at their defaults).
    /// </summary>
    public const string Version = "2023-06-01";

    /// <summary>
    /// A client's headers that go on to a provider of the same dialect, since the body that passes was written for them. No others do.
    /// </summary>
    public static readonly IReadOnlyList<string> Forwarded = [VersionName, BetaName];
}
