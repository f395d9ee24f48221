namespace Gateway.Config;

/// <summary>One of a user's keys, with what it is called and the limits of its own that it may have.</summary>
public sealed record AccessKeyEntry
{
    /// <summary>Plain, or <c>sha256:&lt;hex&gt;</c>; unusable: it matches nobody.</summary>
    public required Secret Key { get; init; }

    /// <summary>Null: it is called as the user's <c>key_alias</c> says.</summary>
    public string? KeyAlias { get; init; }

    /// <summary>What may be spent with this key alone, and how fast; those of its user and team count too.</summary>
    public SubjectLimits Limits { get; init; } = SubjectLimits.None;

    /// <summary>True when it says more than the key.</summary>
    internal bool IsDescribed => KeyAlias is not null || Limits.IsLimited;

    /// <summary>An entry of <c>api_keys</c> that is a map. What makes no usable key, and a blocked one, opens nothing.</summary>
    internal static AccessKeyEntry Read(YamlSection s)
    {
        var key = s.Secret("api_key") ?? s.Secret("key");
        if (key is null && s.Map.Entries.Count > 0)
            s.Report(FindingKind.Invalid, "has no api_key; it opens nothing");
        var isClosed = s.IsSwitchedOn("blocked");
        if (s.Has("models"))
        {
            isClosed = true;
            s.Report(FindingKind.Refused, "models",
                "are those of the user for all of their keys, so this key opens nothing; make it a user_access entry of its own");
        }
        return new AccessKeyEntry
        {
            Key = key is null || isClosed ? Secret.Unusable : AccessKey.Checked(key, s.Path, s),
            KeyAlias = s.Text("key_alias"),
            Limits = LimitReader.Read(s, "the key"),
        };
    }
}
