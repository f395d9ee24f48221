using System.Text;
using System.Text.Json;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>Whose sums a row belongs to: everybody, the user, key and team, the end user, each tag, the provider.</summary>
/// <remarks>Millions of rows have few different texts, so each is made once.</remarks>
internal sealed class RowSubjects
{
    /// <summary>To be selected in this order, next to each other.</summary>
    public const string Columns = "user_id, key_id, team_id, end_user, provider, tags";

    /// <summary>Bounds the memory of a walk; texts beyond are made anew.</summary>
    private const int MostTexts = 100_000;

    /// <summary>Longer ones than ids and names are made anew.</summary>
    private const int LongestText = 256;

    private static readonly SubjectKind[] Kinds =
        [SubjectKind.User, SubjectKind.Key, SubjectKind.Team, SubjectKind.EndUser, SubjectKind.Provider];

    private readonly HashSet<string> _texts = [];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _known;
    private readonly Dictionary<string, Subject[]> _tags = [];

    public RowSubjects() => _known = _texts.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Replaces what is in the list by the subjects of a row, the user first, everybody second, none twice.</summary>
    /// <param name="first">Where <see cref="Columns"/> begin.</param>
    public void Read(PreparedStatement row, int first, List<Subject> subjects)
    {
        subjects.Clear();
        for (var i = 0; i < Kinds.Length; i++)
        {
            if (i == 1)
                subjects.Add(Subject.Everybody);
            if (row.Utf8(first + i) is { Length: > 0 } id)
                subjects.Add(new Subject(Kinds[i], Text(id)));
        }
        if (row.Utf8(first + Kinds.Length) is { Length: > 0 } tags)
            subjects.AddRange(Tags(Text(tags)));
    }

    /// <summary>A text that rows repeat.</summary>
    public string Text(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > LongestText)
            return Encoding.UTF8.GetString(utf8);
        Span<char> chars = stackalloc char[LongestText];
        ReadOnlySpan<char> text = chars[..Encoding.UTF8.GetChars(utf8, chars)];
        if (_known.TryGetValue(text, out var known))
            return known;
        var made = text.ToString();
        if (_texts.Count < MostTexts)
            _texts.Add(made);
        return made;
    }

    private Subject[] Tags(string json)
    {
        if (_tags.TryGetValue(json, out var known))
            return known;
        using var document = JsonDocument.Parse(json);
        var tags = document.RootElement.EnumerateArray().Select(tag => new Subject(SubjectKind.Tag, tag.GetString()!)).Distinct().ToArray();
        if (_tags.Count < MostTexts)
            _tags[json] = tags;
        return tags;
    }
}
