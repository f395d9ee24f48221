using System.Security.Cryptography;
using System.Text;

namespace Gateway.Config;

/// <summary>What a key that callers show may look like.</summary>
internal static class AccessKey
{
    /// <summary>Shorter ones are guessed.</summary>
    public const int ShortestUserKey = 8;

    /// <summary>Real files have master keys as short as "llm", and LiteLLM's own examples use sk-1234.</summary>
    public const int ShortestMasterKey = 1;

    /// <summary>Bounds what is hashed for each request.</summary>
    public const int Longest = 256;

    /// <summary>What a hashed key starts with; 64 hex digits follow.</summary>
    private const string HashPrefix = "sha256:";

    /// <summary>True for a key of printable ASCII characters without space, of a length within the bounds.</summary>
    public static bool IsUsable(Secret key, int shortest) =>
        key.IsUsable && key.Reveal() is var text
        && text.Length >= shortest && text.Length <= Longest && text.All(c => c is > ' ' and <= '~');

    /// <summary>The key, or with a finding one that matches nobody.</summary>
    public static Secret Checked(Secret key, string path, YamlSection s)
    {
        if (!key.IsUsable || (IsHash(key.Reveal()) ?? IsUsable(key, ShortestUserKey)))
            return key; // what made it unusable has been said
        s.Context.Findings.Add(FindingKind.Invalid, s.Map.File, s.Map.Line, path,
            $"is no usable key: {ShortestUserKey} to {Longest} printable characters, or {HashPrefix} and 64 hex digits; it opens nothing");
        return Secret.Unusable;
    }

    /// <summary>The SHA-256 of a key as lower-case hex, be it given plain or hashed.</summary>
    public static string Hash(Secret key) => key.Reveal() is var text && IsHash(text) == true
        ? text[HashPrefix.Length..].ToLowerInvariant()
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key.Reveal())));

    /// <summary>Null: a plain key; false: meant as a hash and is none.</summary>
    private static bool? IsHash(string key) =>
        !key.StartsWith(HashPrefix, StringComparison.Ordinal)
            ? null
            : key.Length == HashPrefix.Length + 64 && key.AsSpan(HashPrefix.Length).IndexOfAnyExcept("0123456789abcdefABCDEF") < 0;
}
