using System.Globalization;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>An end that the chain of rows has or had: how many rows there were, and the hash of the last one.</summary>
/// <param name="Hash">64 lower-case hex digits; zeros without a row.</param>
public sealed record LedgerHead(long Count, string Hash)
{
    internal const string Sql = "SELECT count, hash, last_id, correction_id FROM ledger_head";

    /// <summary>As it is printed and logged: <c>COUNT:HASH</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count}:{Hash}");

    /// <summary>The end of the chain now.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The database could not be read.</exception>
    public static LedgerHead Read(Database database)
    {
        using var connection = database.Connect();
        using var statement = new PreparedStatement(connection, Sql);
        return statement.Read()
            ? new LedgerHead(statement.Number(0), Convert.ToHexStringLower(statement.Utf8(1)))
            : throw new InvalidDataException("The table ledger_head is empty.");
    }

    /// <summary>Reads <c>COUNT:HASH</c> or <c>HASH</c> alone, whose count is -1.</summary>
    internal static bool TryParse(string text, out LedgerHead head)
    {
        head = new LedgerHead(-1, text[(text.IndexOf(':') + 1)..].ToLowerInvariant());
        if (text.IndexOf(':') is >= 0 and var colon)
        {
            if (!long.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                return false;
            head = head with { Count = count };
        }
        return head.Hash.Length == 2 * RowBytes.HashLength && head.Hash.All(char.IsAsciiHexDigit);
    }
}
