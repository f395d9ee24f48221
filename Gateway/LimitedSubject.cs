namespace Gateway;

/// <summary>A subject that pays for a request, with its limits as they are now.</summary>
/// <param name="Name">What messages call it: a key by its alias or hint. Null: its id.</param>
public sealed record LimitedSubject(Subject Subject, SubjectLimits Limits, string? Name = null)
{
    /// <summary>Of the hash of a key as much as tells it from others, and no more.</summary>
    private const int ShownOfKey = 8;

    internal string DisplayName { get; } =
        Name ?? (Subject.Kind == SubjectKind.Key && Subject.Id.Length > ShownOfKey ? Subject.Id[..ShownOfKey] : Subject.Id);
}
