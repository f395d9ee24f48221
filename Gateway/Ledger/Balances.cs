using System.Collections.Frozen;
using Dapper;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>The table of sums: what each user, key and team has spent since the beginning. Others have none yet, but names.</summary>
internal static class Balances
{
    /// <summary>A row; not private, because Dapper.AOT's generated code makes it.</summary>
    internal sealed record Row(string Kind, string Id, long Spent);

    /// <summary>All balances that were committed, as they are at one moment.</summary>
    /// <param name="lastCorrection">The row of the last correction that is in them; 0 without one.</param>
    public static FrozenDictionary<Subject, NanoUsd> Load(Database database, out long lastCorrection)
    {
        using var connection = database.Connect();
        Database.Run(connection, "BEGIN");
        lastCorrection = Database.ReadNumber(connection, "SELECT correction_id FROM ledger_head");
        var rows = connection.Query<Row>("SELECT kind AS Kind, id AS Id, spent_nano_usd AS Spent FROM balance");
        return rows.ToFrozenDictionary(row => new Subject(KindOf(row.Kind), row.Id), row => new NanoUsd(row.Spent));
    }

    /// <summary>The text of a kind in the table.</summary>
    public static string NameOf(SubjectKind kind) => kind switch
    {
        SubjectKind.Gateway => "gateway",
        SubjectKind.Team => "team",
        SubjectKind.Key => "key",
        SubjectKind.User => "user",
        SubjectKind.EndUser => "end_user",
        SubjectKind.Tag => "tag",
        SubjectKind.Provider => "provider",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static SubjectKind KindOf(string name) => name switch
    {
        "gateway" => SubjectKind.Gateway,
        "team" => SubjectKind.Team,
        "key" => SubjectKind.Key,
        "user" => SubjectKind.User,
        "end_user" => SubjectKind.EndUser,
        "tag" => SubjectKind.Tag,
        "provider" => SubjectKind.Provider,
        _ => throw new InvalidDataException($"The table balance holds an unknown kind '{name}'."),
    };
}
