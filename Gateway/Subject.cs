namespace Gateway;

/// <summary>
/// What kind of holder a balance has, in the order in which a refusal names the first that is full: the widest first, because what
/// everybody shares explains more than what one has.
/// </summary>
public enum SubjectKind { Gateway, Team, Key, User, EndUser, Tag, Provider }

/// <summary>One holder of a balance: a user by id, a key by its hash, a team by id. Ledger and limits meet in it.</summary>
public readonly record struct Subject(SubjectKind Kind, string Id)
{
    /// <summary>Everybody together.</summary>
    public static readonly Subject Everybody = new(SubjectKind.Gateway, "");
}
