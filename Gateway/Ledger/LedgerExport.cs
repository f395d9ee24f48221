using System.Buffers;
using System.Text.Json;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>Which rows are meant.</summary>
/// <param name="Since">Attempts that started earlier are left out. Null: none is.</param>
/// <param name="Until">Attempts that started then or later are left out. Null: none is.</param>
/// <param name="UserId">Only this user's. Null: everybody's.</param>
public sealed record LedgerFilter(DateTimeOffset? Since = null, DateTimeOffset? Until = null, string? UserId = null)
{
    internal const string Condition = "time_ms >= ?1 AND time_ms < ?2 AND (?3 IS NULL OR user_id = ?3) AND id <= ?4";

    /// <param name="lastId">Rows after it do not count (<see cref="LedgerFiles.Parts"/>).</param>
    internal void BindTo(PreparedStatement statement, long lastId) => statement
        .Bind(Since?.ToUnixTimeMilliseconds() ?? long.MinValue).Bind(Until?.ToUnixTimeMilliseconds() ?? long.MaxValue).Bind(UserId)
        .Bind(lastId);
}

/// <summary>Writes rows of the ledger as text, one line each, in the order of their ids, with all columns and the hash.</summary>
public static class LedgerExport
{
    private const string Sql = $"SELECT {LedgerTable.Columns}, hash FROM ledger WHERE {LedgerFilter.Condition} ORDER BY id";

    // Written as JSON, not as text that holds JSON, where they are.
    private static readonly string[] JsonColumns = ["tags", "raw_usage", "price"];

    private static readonly string[] BooleanColumns = ["is_estimated", "is_stream"];

    /// <summary>RFC 4180 with a line of column names; lines end with CR LF; null is an empty cell.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The database could not be read.</exception>
    public static void WriteCsv(Database database, LedgerFilter filter, TextWriter output)
    {
        var cells = Array.Empty<string>();
        foreach (var row in Rows(database, filter))
        {
            if (cells.Length == 0)
                WriteNames(row, output);
            Array.Resize(ref cells, row.Columns);
            for (var i = 0; i < cells.Length; i++)
                cells[i] = CellOf(row, i);
            output.Write(string.Join(',', cells) + "\r\n");
        }
        if (cells.Length > 0)
            return;
        using var connection = database.Connect();
        using var none = new PreparedStatement(connection, Sql);
        WriteNames(none, output);
    }

    /// <summary>One JSON object per line, with the columns as members.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The database could not be read.</exception>
    public static void WriteJsonLines(Database database, LedgerFilter filter, TextWriter output)
    {
        string[]? names = null;
        var line = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(line);
        foreach (var row in Rows(database, filter))
        {
            names ??= [.. Enumerable.Range(0, row.Columns).Select(row.NameOf)];
            json.WriteStartObject();
            for (var i = 0; i < names.Length; i++)
            {
                json.WritePropertyName(names[i]);
                WriteValue(json, row, i, names[i]);
            }
            json.WriteEndObject();
            json.Flush();
            output.Write(System.Text.Encoding.UTF8.GetString(line.WrittenSpan) + "\n");
            line.ResetWrittenCount();
            json.Reset();
        }
    }

    /// <summary>Rows of archives and the database, in their order; each is valid until the next.</summary>
    private static IEnumerable<PreparedStatement> Rows(Database database, LedgerFilter filter)
    {
        using var files = LedgerFiles.Open(database, filter.Since);
        foreach (var (connection, lastId) in files.Parts())
        {
            using var rows = new PreparedStatement(connection, Sql);
            filter.BindTo(rows, lastId);
            while (rows.Read())
                yield return rows;
        }
    }

    private static void WriteNames(PreparedStatement row, TextWriter output) =>
        output.Write(string.Join(',', Enumerable.Range(0, row.Columns).Select(row.NameOf)) + "\r\n");

    private static string CellOf(PreparedStatement row, int column) =>
        row.IsNull(column) ? ""
        : row.IsNumber(column) ? row.Number(column).ToString(System.Globalization.CultureInfo.InvariantCulture)
        : column == LedgerTable.ColumnCount ? Convert.ToHexStringLower(row.Utf8(column))
        : CsvText.Cell(row.Text(column));

    private static void WriteValue(Utf8JsonWriter json, PreparedStatement row, int column, string name)
    {
        if (row.IsNull(column))
            json.WriteNullValue();
        else if (column == LedgerTable.ColumnCount)
            json.WriteStringValue(Convert.ToHexStringLower(row.Utf8(column)));
        else if (row.IsNumber(column) && BooleanColumns.Contains(name))
            json.WriteBooleanValue(row.Number(column) != 0);
        else if (row.IsNumber(column))
            json.WriteNumberValue(row.Number(column));
        else if (JsonColumns.Contains(name) && IsJson(row.Utf8(column)))
            json.WriteRawValue(row.Utf8(column), skipInputValidation: true);
        else
            json.WriteStringValue(row.Text(column));
    }

    /// <summary>What a provider sent as usage may be cut; and it may hold line ends, which one line must not.</summary>
    private static bool IsJson(ReadOnlySpan<byte> utf8)
    {
        if (utf8.ContainsAny((byte)'\r', (byte)'\n'))
            return false;
        try
        {
            var reader = new Utf8JsonReader(utf8);
            while (reader.Read())
                reader.TrySkip();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
