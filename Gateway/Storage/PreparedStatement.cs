using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage;

/// <summary>
/// A statement that is prepared once and run many times, for the one place where a SqliteCommand costs more than SQLite does:
/// three times as much per ledger row, for its boxed parameters and its reader. One thread at a time.
/// </summary>
internal sealed class PreparedStatement : IDisposable
{
    private readonly sqlite3 _connection;
    private readonly sqlite3_stmt _statement;
    private readonly RowBytes? _copy;
    private byte[] _utf8 = new byte[4096];
    private int _next = 1;

    /// <param name="copy">Takes a copy of every value that is bound, under the parameter's number. Null: nothing does.</param>
    public PreparedStatement(SqliteConnection connection, string sql, RowBytes? copy = null)
    {
        _copy = copy;
        _connection = connection.Handle ?? throw new InvalidOperationException("The connection is closed.");
        Check(raw.sqlite3_prepare_v3(_connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    /// <summary>Gives the next parameter its value.</summary>
    public PreparedStatement Bind(long value)
    {
        _copy?.Add(_next, value);
        Check(raw.sqlite3_bind_int64(_statement, _next++, value));
        return this;
    }

    /// <inheritdoc cref="Bind(long)"/>
    public PreparedStatement Bind(long? value) => value is { } number ? Bind(number) : BindNull();

    /// <inheritdoc cref="Bind(long)"/>
    public PreparedStatement Bind(bool value) => Bind(value ? 1L : 0L);

    /// <inheritdoc cref="Bind(long)"/>
    public PreparedStatement Bind(string? value)
    {
        if (value is null)
            return BindNull();
        if (value.Length == 0)
        {
            // An empty span reaches SQLite as a null pointer, which it takes for NULL.
            _copy?.Add(_next, []);
            Check(raw.sqlite3_bind_text(_statement, _next++, ""));
            return this;
        }

        var needed = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (needed > _utf8.Length)
            _utf8 = new byte[needed];
        return Bind(_utf8.AsSpan(0, Encoding.UTF8.GetBytes(value, _utf8)));
    }

    /// <summary>Gives the next parameter a text that is UTF-8 already; not empty.</summary>
    public PreparedStatement Bind(ReadOnlySpan<byte> utf8)
    {
        _copy?.Add(_next, utf8);
        // SQLite copies the text before it returns.
        Check(raw.sqlite3_bind_text(_statement, _next++, utf8));
        return this;
    }

    /// <summary>Gives the next parameter bytes; they are not copied anywhere else.</summary>
    public PreparedStatement BindBytes(ReadOnlySpan<byte> bytes)
    {
        Check(raw.sqlite3_bind_blob(_statement, _next++, bytes));
        return this;
    }

    /// <summary>Gives the next parameter no value.</summary>
    public PreparedStatement BindNull()
    {
        Check(raw.sqlite3_bind_null(_statement, _next++));
        return this;
    }

    /// <summary>How many rows the last run has changed.</summary>
    public int Changes => raw.sqlite3_changes(_connection);

    /// <summary>Runs a statement that gives no rows; afterwards the parameters are bound anew, from the first.</summary>
    /// <exception cref="SqliteException">It failed.</exception>
    public void Execute()
    {
        var result = raw.sqlite3_step(_statement);
        var reset = raw.sqlite3_reset(_statement);
        _next = 1;
        if (result != raw.SQLITE_DONE)
            Check(reset);
    }

    /// <summary>Goes to the next row of a statement that gives some; after the last one it may be run again.</summary>
    /// <returns>False: there is none.</returns>
    /// <exception cref="SqliteException">It failed.</exception>
    public bool Read()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW)
            return true;
        Reset();
        if (result != raw.SQLITE_DONE)
            Check(result);
        return false;
    }

    /// <summary>Ends reading before the last row.</summary>
    public void Reset()
    {
        raw.sqlite3_reset(_statement);
        _next = 1;
    }

    /// <summary>How many columns a row has.</summary>
    public int Columns => raw.sqlite3_column_count(_statement);

    /// <summary>The name of a column, from 0.</summary>
    public string NameOf(int column) => raw.sqlite3_column_name(_statement, column).utf8_to_string();

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public bool IsNumber(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_INTEGER;

    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>A text as UTF-8 or bytes as they are; valid until the next row.</summary>
    public ReadOnlySpan<byte> Utf8(int column) => raw.sqlite3_column_blob(_statement, column);

    public string Text(int column) => Encoding.UTF8.GetString(Utf8(column));

    public void Dispose() => _statement.Dispose();

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(result, _connection);
    }
}
