using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>One entry of <c>user_access</c>: a user, their keys, models and budget.</summary>
public sealed record UserAccess
{
    public required string UserId { get; init; }

    /// <summary>Plain keys, or <c>sha256:&lt;hex&gt;</c>; unusable ones match nobody. Empty: a key is minted at the first start.</summary>
    public ImmutableArray<Secret> ApiKeys => [.. Keys.Select(entry => entry.Key)];

    /// <summary>The <see cref="ApiKeys"/> in their order, each with its own name and limits.</summary>
    public ImmutableArray<AccessKeyEntry> Keys { get; init; } = [];

    /// <summary>Model names, wildcards, access groups. Empty: all.</summary>
    public ImmutableArray<string> Models { get; init; } = [];
    public NanoUsd? MaxBudget => Limits.MaxBudget;

    /// <summary>What the user may spend with all keys, and how fast.</summary>
    public SubjectLimits Limits { get; init; } = SubjectLimits.None;
    public string? KeyAlias { get; init; }
    public string? TeamId { get; init; }

    /// <summary>True: the user's keys are refused. Also when it is set and cannot be read.</summary>
    public bool IsBlocked { get; init; }

    /// <summary>Where the entry stands, for messages: its file, its line and its place in the list.</summary>
    public string File { get; init; } = "";
    public required int Line { get; init; }
    public string Path { get; init; } = "user_access[]";

    /// <summary>LiteLLM's name for access to no model at all.</summary>
    private const string NoModels = "no-default-models";

    /// <summary>
    /// A user. Null, with a finding, when there is no user_id. What is there and cannot be read never opens anything: a key
    /// matches nobody, models are none, a budget is zero.
    /// </summary>
    internal static UserAccess? Read(YamlSection s)
    {
        var userId = s.Text("user_id");
        var user = new UserAccess
        {
            UserId = userId ?? "",
            Keys = ReadKeys(s),
            Models = ReadModels(s),
            Limits = LimitReader.Read(s, "the user"),
            KeyAlias = s.Text("key_alias"),
            TeamId = s.Text("team_id"),
            IsBlocked = ReadBlocked(s),
            File = s.Map.File,
            Line = s.Map.Line,
            Path = s.Path,
        };
        if (userId is null && s.Map.Entries.Count > 0)
            s.Report(FindingKind.Invalid, "has no user_id; the entry is left out");
        return userId is null ? null : user;
    }

    private static bool ReadBlocked(YamlSection s)
    {
        var isBlocked = s.IsSwitchedOn("blocked");
        if (isBlocked && s.Flag("blocked") is null)
            s.Report(s.Blame("blocked"), "blocked", "is set and comes to neither true nor false: the user is blocked");
        return isBlocked;
    }

    /// <summary>The keys, each once; of two entries for one key that which says more of it.</summary>
    private static ImmutableArray<AccessKeyEntry> ReadKeys(YamlSection s)
    {
        var keys = new List<AccessKeyEntry>();
        foreach (var entry in ReadEntries(s))
        {
            var at = keys.FindIndex(other => other.Key.IsUsable && entry.Key.IsUsable && AccessKey.Hash(other.Key) == AccessKey.Hash(entry.Key));
            if (at < 0)
                keys.Add(entry);
            else if (entry.IsDescribed && keys[at].IsDescribed)
                s.Report(FindingKind.Fatal, "api_keys", "describes one key twice; it can have the limits of one entry only");
            else if (entry.IsDescribed)
                keys[at] = entry;
        }
        return [.. keys];
    }

    private static IEnumerable<AccessKeyEntry> ReadEntries(YamlSection s)
    {
        if (s.Secret("api_key") is { } single)
            yield return Plain(single, s.PathOf("api_key"));
        if (s.Node("api_keys") is not { } node)
            yield break;
        var items = node is YamlList list ? list.Items : [node];
        for (var i = 0; i < items.Count; i++)
        {
            var path = $"{s.PathOf("api_keys")}[{i}]";
            if (items[i] is YamlScalar scalar)
                yield return Plain(s.Context.Resolve(scalar, path).Text is { } text ? Secret.Of(text) : Secret.Unusable, path);
            else if (items[i] is YamlMap map)
            {
                var section = new YamlSection(s.Context, ConfigSections.AccessKey, map, path);
                yield return AccessKeyEntry.Read(section);
                section.ReportUnread();
            }
            else
            {
                s.Report(FindingKind.Invalid, "api_keys", "must hold keys; what is none opens nothing");
                yield return new AccessKeyEntry { Key = Secret.Unusable };
            }
        }

        AccessKeyEntry Plain(Secret key, string path) => new() { Key = AccessKey.Checked(key, path, s) };
    }

    /// <summary>Unreadable: none.</summary>
    internal static ImmutableArray<string> ReadModels(YamlSection s)
    {
        var isLiterallyEmpty = s.Node("models") is null or YamlList { Items.Count: 0 };
        var models = s.Words("models") ?? [];
        return models.IsEmpty && !isLiterallyEmpty ? [NoModels] : models;
    }
}
