using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>One numbered step of the schema: the SQL that leads from version <c>Number - 1</c> to <c>Number</c>.</summary>
/// <param name="Then">What SQL cannot do, afterwards. Null: nothing.</param>
internal sealed record Migration(int Number, string Sql, Action<SqliteConnection>? Then = null)
{
    /// <summary>The version in which rows of the ledger got their hashes.</summary>
    private const int Chained = 3;

    /// <summary>Where the project file puts <c>Storage/Migrations/*.sql</c> in the executable.</summary>
    private const string Prefix = "Migrations/";

    /// <summary>The steps in this executable, in order, numbered from 1 without a gap.</summary>
    public static IReadOnlyList<Migration> All { get; } = ReadAll();

    private static List<Migration> ReadAll()
    {
        var assembly = typeof(Migration).Assembly;
        var names = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal));
        var migrations = names.Select(name => Read(assembly, name)).OrderBy(migration => migration.Number).ToList();
        for (var i = 0; i < migrations.Count; i++)
            if (migrations[i].Number != i + 1)
                throw new InvalidOperationException($"Migration {i + 1} is missing.");
        return migrations;
    }

    /// <summary>A resource is called <c>Migrations/0001_what_it_does.sql</c>.</summary>
    private static Migration Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        var digits = name.AsSpan(Prefix.Length, 4);
        var number = int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        return new Migration(number, reader.ReadToEnd(), number == Chained ? LedgerTable.ChainAll : null);
    }
}
