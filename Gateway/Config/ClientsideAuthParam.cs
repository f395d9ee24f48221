using System.Text.RegularExpressions;

namespace Gateway.Config;

/// <summary>One entry of <c>configurable_clientside_auth_params</c>: <c>api_key</c>, or <c>{api_base: pattern}</c>.</summary>
/// <param name="Name"><c>api_key</c>, <c>api_base</c> or <c>base_url</c>.</param>
/// <param name="Pattern">What the whole of a client's URL must match. Null exactly for <c>api_key</c>.</param>
public sealed record ClientsideAuthParam(string Name, Regex? Pattern)
{
    private const string Key = "configurable_clientside_auth_params";
    private const string ApiKey = "api_key";

    private static readonly string[] UrlNames = ["api_base", "base_url"];

    internal static IEnumerable<ClientsideAuthParam> Read(YamlSection s)
    {
        if (s.Node(Key) is not { } node)
            yield break;
        foreach (var item in node is YamlList list ? list.Items : [node])
        {
            var allowed = item switch
            {
                YamlScalar { IsNull: false } name => ReadName(s, name),
                YamlMap { Entries: [{ Value: YamlScalar { IsNull: false } pattern } entry] } => ReadPattern(s, entry, pattern),
                _ => Refuse(s, item, "must hold names, or api_base: PATTERN"),
            };
            if (allowed is not null)
                yield return allowed;
        }
    }

    private static ClientsideAuthParam? ReadName(YamlSection s, YamlScalar name) =>
        name.Text == ApiKey ? new(ApiKey, null)
        : UrlNames.Contains(name.Text)
            ? Refuse(s, name, $"lets clients choose {name.Text} only with a pattern that says which URLs: {name.Text}: PATTERN")
        : RefuseName(s, name, name.Text);

    private static ClientsideAuthParam? ReadPattern(YamlSection s, YamlEntry entry, YamlScalar pattern)
    {
        if (entry.Key == ApiKey)
            return Refuse(s, pattern, "takes api_key without a pattern; it is left out");
        if (!UrlNames.Contains(entry.Key))
            return RefuseName(s, pattern, entry.Key);
        if (s.Context.ResolveVerbatim(pattern, s.PathOf(Key)).Text is not { } text)
            return null;
        try
        {
            // Not with a wrapped pattern, so that "a)|(b" is refused instead of getting out of the brackets.
            _ = new Regex(text, RegexOptions.CultureInvariant);
            return new(entry.Key, new Regex($@"\A(?:{text})\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return Refuse(s, pattern, $"has a pattern for {entry.Key} that {(e is NotSupportedException
                ? "looks around or back, or is too large, which is not supported" : "is no regular expression")}; it allows nothing");
        }
    }

    private static ClientsideAuthParam? RefuseName(YamlSection s, YamlNode item, string name) =>
        Refuse(s, item, $"names '{FindingLog.Clip(name)}', which clients cannot choose: only {ApiKey} and {UrlNames[0]}");

    private static ClientsideAuthParam? Refuse(YamlSection s, YamlNode item, string message)
    {
        s.Context.Findings.Add(FindingKind.Invalid, item.File, item.Line, s.PathOf(Key), message);
        return null;
    }
}
