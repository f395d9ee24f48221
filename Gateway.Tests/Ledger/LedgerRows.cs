using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Ledger;

/// <summary>Rows of a query as text: values between bars, null as nothing, bytes in hex.</summary>
internal static class LedgerRows
{
    public static List<string> Read(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Text(reader, i))));
        return rows;
    }

    private static string Text(SqliteDataReader reader, int i) => reader.GetValue(i) switch
    {
        DBNull => "",
        byte[] bytes => Convert.ToHexStringLower(bytes),
        _ => reader.GetString(i),
    };
}
