using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>One entry of <c>teams</c>: users who share models and limits.</summary>
public sealed record TeamAccess
{
    public required string TeamId { get; init; }

    /// <summary>A name for people.</summary>
    public string? TeamAlias { get; init; }

    /// <summary>Model names, wildcards, access groups. Empty: all.</summary>
    public ImmutableArray<string> Models { get; init; } = [];

    /// <summary>What all members together may spend, and how fast.</summary>
    public SubjectLimits Limits { get; init; } = SubjectLimits.None;

    /// <summary>The ids of its users; a <c>team_id</c> in <c>user_access</c> says the same.</summary>
    public ImmutableArray<string> Members { get; init; } = [];

    /// <summary>True: the keys of all members are refused. Also when it is set and cannot be read.</summary>
    public bool IsBlocked { get; init; }

    /// <summary>Where the entry stands, for messages.</summary>
    public string File { get; init; } = "";
    public int Line { get; init; }
    public string Path { get; init; } = "teams[]";

    /// <summary>All teams, each once. A member who is nobody, or in two teams, is reported.</summary>
    internal static ImmutableArray<TeamAccess> ReadAll(YamlSection root, ImmutableArray<UserAccess> users)
    {
        var teams = ImmutableArray.CreateBuilder<TeamAccess>();
        var teamOf = users.Where(user => user.TeamId is not null).ToDictionary(user => user.UserId, user => user.TeamId!);
        foreach (var entry in root.Sections("teams", ConfigSections.Team))
        {
            var team = Read(entry);
            entry.ReportUnread();
            if (team is null)
                continue;
            if (teams.Any(other => other.TeamId == team.TeamId))
            {
                entry.Report(FindingKind.Invalid, "team_id", "is the team_id of an entry before this one; this one is left out");
                continue;
            }
            foreach (var member in team.Members)
            {
                if (!users.Any(user => user.UserId == member))
                    entry.Report(FindingKind.Invalid, "members", $"'{FindingLog.Clip(member)}' is no user_id of user_access");
                else if (!teamOf.TryAdd(member, team.TeamId) && teamOf[member] != team.TeamId)
                    entry.Report(FindingKind.Invalid, "members",
                        $"'{FindingLog.Clip(member)}' is in the team '{FindingLog.Clip(teamOf[member])}' already, which counts; "
                        + "a user is in one team");
            }
            teams.Add(team);
        }
        return teams.ToImmutable();
    }

    /// <summary>A team. Null, with a finding, when there is no team_id.</summary>
    internal static TeamAccess? Read(YamlSection s)
    {
        var teamId = s.Text("team_id");
        var team = new TeamAccess
        {
            TeamId = teamId ?? "",
            TeamAlias = s.Text("team_alias"),
            Models = UserAccess.ReadModels(s),
            Limits = LimitReader.Read(s, "the team"),
            Members = s.Words("members") ?? [],
            IsBlocked = s.IsSwitchedOn("blocked"),
            File = s.Map.File,
            Line = s.Map.Line,
            Path = s.Path,
        };
        if (teamId is null && s.Map.Entries.Count > 0)
            s.Report(FindingKind.Invalid, "has no team_id; the entry is left out");
        return teamId is null ? null : team;
    }
}
