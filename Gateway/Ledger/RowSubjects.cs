using System.Text.Json;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>Whose sums a row belongs to: everybody, the user, key and team, the end user, each tag, the provider.</summary>
internal static class RowSubjects
{
    /// <summary>To be selected in this order, next to each other.</summary>
    public const string Columns = "user_id, key_id, team_id, end_user, provider, tags";

    /// <summary>How many <see cref="Columns"/> are.</summary>
    public const int Count = 6;

    private static readonly SubjectKind[] Kinds =
        [SubjectKind.User, SubjectKind.Key, SubjectKind.Team, SubjectKind.EndUser, SubjectKind.Provider];

    /// <summary>Replaces what is in the list by the subjects of a row, the user first, everybody second, none twice.</summary>
    /// <param name="first">Where <see cref="Columns"/> begin.</param>
    public static void Read(PreparedStatement row, int first, List<Subject> subjects)
    {
        subjects.Clear();
        for (var i = 0; i < Kinds.Length; i++)
        {
            if (i == 1)
                subjects.Add(Subject.Everybody);
            if (!row.IsNull(first + i) && row.Text(first + i) is { Length: > 0 } id)
                subjects.Add(new Subject(Kinds[i], id));
        }
        if (!row.IsNull(first + Kinds.Length))
            AddTags(row.Text(first + Kinds.Length), subjects);
    }

    private static void AddTags(string json, List<Subject> subjects)
    {
        using var tags = JsonDocument.Parse(json);
        foreach (var tag in tags.RootElement.EnumerateArray())
        {
            var subject = new Subject(SubjectKind.Tag, tag.GetString()!);
            if (!subjects.Contains(subject))
                subjects.Add(subject);
        }
    }
}
