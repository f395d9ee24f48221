using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>
/// Makes one name of a namespace and a tool's name within it, for providers that know no namespaces. The same two always make the same
/// name.
/// </summary>
internal static class ToolNamespace
{
    /// <summary>The most that OpenAI's chats and Gemini take.</summary>
    private const int MaxLength = 64;

    private const int HashDigits = 8;

    /// <summary>What every provider takes in a tool's name.</summary>
    private static readonly SearchValues<char> NameLetters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    /// <summary>
    /// Both names with two underscores between; where that is too long, or not a name, it is cut and ends in a hash of both.
    /// </summary>
    public static string Flatten(string space, string name)
    {
        var flat = $"{space}__{name}";
        if (flat.Length <= MaxLength && !flat.AsSpan().ContainsAnyExcept(NameLetters))
            return flat;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{space}\n{name}")).AsSpan(0, HashDigits / 2));
        var kept = flat[..Math.Min(flat.Length, MaxLength - HashDigits - 1)];
        return $"{string.Concat(kept.Select(static c => NameLetters.Contains(c) ? c : '_'))}_{hash}";
    }

    /// <summary>A tool's name as the client knows it: without a namespace where it gave none.</summary>
    public static (string? Namespace, string Name) Unflatten(HubRequest request, string name)
    {
        foreach (var tool in request.Tools)
        {
            if (tool.Origin is { } origin && tool.Name == name)
                return (origin.Namespace, origin.Name);
        }
        return (null, name);
    }
}
