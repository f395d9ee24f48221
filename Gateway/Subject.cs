namespace Gateway;

/// <summary>What kind of holder a balance has.</summary>
public enum SubjectKind { User, Key, Team }

/// <summary>One holder of a balance: a user by id, a key by its hash, a team by id. Ledger and limits meet in it.</summary>
public readonly record struct Subject(SubjectKind Kind, string Id);
