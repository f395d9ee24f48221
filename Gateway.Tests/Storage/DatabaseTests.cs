using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Storage;

public sealed class DatabaseTests
{
    private readonly TempFolder _folder = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void ANewDatabaseIsInWalModeWithTheNewestSchema()
    {
        using var connection = _folder.OpenDatabase().Connect();
        Assert.Multiple(() =>
        {
            Assert.That(Scalar(connection, "PRAGMA journal_mode"), Is.EqualTo("wal"));
            Assert.That(Scalar(connection, "PRAGMA user_version"), Is.EqualTo(Migration.All.Count));
            Assert.That(Scalar(connection, "PRAGMA foreign_keys"), Is.EqualTo(1));
            Assert.That(Scalar(connection, "PRAGMA mmap_size"), Is.Zero);
        });
    }

    [TestCase(true, 2)]
    [TestCase(false, 1)]
    public void SyncEveryCommitDecidesHowDurableACommitIs(bool syncEveryCommit, int expected)
    {
        using var connection = Database.Open(_folder.File("x.db"), syncEveryCommit).Connect();
        Assert.That(Scalar(connection, "PRAGMA synchronous"), Is.EqualTo(expected));
    }

    [Test]
    public void OpeningAgainKeepsWhatIsThere()
    {
        using (var first = _folder.OpenDatabase().Connect())
            Run(first, "INSERT INTO balance VALUES ('user', 'alice', 7, 7)");
        using var second = _folder.OpenDatabase().Connect();
        Assert.That(Scalar(second, "SELECT spent_nano_usd FROM balance"), Is.EqualTo(7));
    }

    [Test]
    public void AnOlderDatabaseIsMigratedAfterACopyWasMade()
    {
        Migration one = new(1, "CREATE TABLE a (x); INSERT INTO a VALUES (42)"), two = new(2, "ALTER TABLE a ADD COLUMN y");
        Database.Open(_folder.File("x.db"), false, [one]);
        var database = Database.Open(_folder.File("x.db"), false, [one, two]);
        using var migrated = database.Connect();
        using var copy = new SqliteConnection($"Data Source={_folder.File("x.db.backup-v1")};Mode=ReadOnly;Pooling=False");
        copy.Open();
        Assert.Multiple(() =>
        {
            Assert.That(Scalar(migrated, "SELECT count(y) + x FROM a"), Is.EqualTo(42));
            Assert.That(Scalar(migrated, "PRAGMA user_version"), Is.EqualTo(2));
            Assert.That(Scalar(copy, "SELECT x FROM a"), Is.EqualTo(42));
            Assert.That(Scalar(copy, "PRAGMA user_version"), Is.EqualTo(1));
            Assert.That(database.CopyPath, Is.EqualTo(_folder.File("x.db.backup-v1")));
        });
    }

    [Test]
    public void AMigrationThatFailsChangesNothing()
    {
        Migration one = new(1, "CREATE TABLE a (x)"), two = new(2, "CREATE TABLE b (x)"), bad = new(3, "CREATE TABLE c (x); NONSENSE");
        Database.Open(_folder.File("x.db"), false, [one]);
        Assert.Throws<StorageException>(() => Database.Open(_folder.File("x.db"), false, [one, two, bad]));
        using var connection = Database.Open(_folder.File("x.db"), false, [one]).Connect();
        Assert.That(Scalar(connection, "SELECT group_concat(name) FROM sqlite_schema"), Is.EqualTo("a"));
    }

    [Test]
    public void ADatabaseOfANewerVersionIsRefused()
    {
        using (var connection = _folder.OpenDatabase().Connect())
            Run(connection, "PRAGMA user_version = 99");
        var refusal = Assert.Throws<StorageException>(() => _folder.OpenDatabase());
        Assert.That(refusal.Message, Does.Contain("newer gateway (version 99"));
        Assert.That(() => Database.OpenExisting(_folder.File("gateway.db"), readOnly: true), Throws.TypeOf<StorageException>());
    }

    [Test]
    public void AFileThatIsNoDatabaseIsRefusedAndLeftAlone()
    {
        var path = _folder.File("notes.txt");
        var text = string.Concat(Enumerable.Repeat("not a database at all. ", 100));
        File.WriteAllText(path, text);
        var refusal = Assert.Throws<StorageException>(() => Database.Open(path, false));
        Assert.That(refusal.Message, Does.StartWith(path).And.Contains("is not a SQLite database"));
        Assert.That(File.ReadAllText(path), Is.EqualTo(text));
    }

    [Test]
    public void ADatabaseOfAnotherProgramIsRefused()
    {
        using (var other = new SqliteConnection($"Data Source={_folder.File("other.db")};Pooling=False"))
        {
            other.Open();
            Run(other, "CREATE TABLE theirs (x)");
        }

        var refusal = Assert.Throws<StorageException>(() => Database.Open(_folder.File("other.db"), false));
        Assert.That(refusal.Message, Does.Contain("another program"));
    }

    [Test]
    public void AMissingFolderIsNamed()
    {
        var refusal = Assert.Throws<StorageException>(() => Database.Open(_folder.File("none/x.db"), false));
        Assert.That(refusal.Message, Does.Contain("none/x.db").And.Contains("folder does not exist"));
    }

    [Test]
    public void AFolderInPlaceOfAFileIsRefused() =>
        Assert.That(() => Database.Open(_folder.Path, false), Throws.TypeOf<StorageException>().With.Message.Contains("is a folder"));

    [Test]
    public void BesideAGatewayADatabaseIsNeverCreated()
    {
        var refusal = Assert.Throws<StorageException>(() => Database.OpenExisting(_folder.File("x.db"), readOnly: false));
        Assert.That(refusal.Message, Does.Contain("no such database"));
        Assert.That(File.Exists(_folder.File("x.db")), Is.False);
    }

    [Test]
    public void AReadOnlyConnectionReadsBesideAWriterAndWritesNothing()
    {
        using var writer = _folder.OpenDatabase().Connect();
        Run(writer, "BEGIN IMMEDIATE; INSERT INTO balance VALUES ('user', 'alice', 7, 7)");
        using var reader = Database.OpenExisting(_folder.File("gateway.db"), readOnly: true).Connect();
        Assert.That(Scalar(reader, "SELECT count(*) FROM balance"), Is.Zero);
        Assert.That(() => Run(reader, "DELETE FROM balance"), Throws.TypeOf<SqliteException>());
    }

    [TestCase("3.51.2")]
    [TestCase("3.40.1")]
    public void AnUnsafeSqliteIsRefused(string version) =>
        Assert.That(() => Database.RequireSafe(version), Throws.TypeOf<StorageException>().With.Message.Contains(version));

    [Test]
    public void TheSqliteInUseIsSafe() => Assert.That(() => Database.RequireSafe(Database.SqliteVersion), Throws.Nothing);

    internal static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    internal static void Run(SqliteConnection connection, string sql) => Database.Run(connection, sql);
}
