using System.CommandLine;
using Gateway.Cli;
using Gateway.Ledger;
using Gateway.Storage;
using Gateway.Tests.Ledger;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Cli;

public sealed class BackupCommandTests
{
    private static readonly Caller Alice = new() { UserId = "alice", KeyId = "k1" };

    private readonly TempFolder _folder = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task ABackupThatIsMadeWhileRowsAreWrittenHolds()
    {
        await using var ledger = new SpendLedger(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance);
        ledger.Append(Sample.Exchange(Alice, new NanoUsd(1)));
        await ledger.FlushAsync();
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                ledger.Append(Sample.Exchange(Alice, new NanoUsd(1)));
                await ledger.FlushAsync();
            }
        });
        for (var i = 0; i < 5; i++)
        {
            var path = _folder.File($"copy{i}.db");
            var (code, output, error) = Run(path);
            Assert.That((code, error), Is.EqualTo((0, "")));
            var proof = LedgerProof.Of(Database.OpenExisting(path, readOnly: true), null);
            Assert.That(proof.Broken, Is.Null);
            Assert.That(output, Does.Contain($"{path}: {proof.Head.Count} rows, head {proof.Head}"));
        }
        await stop.CancelAsync();
        await writing;
        Assert.That(Directory.GetFiles(_folder.Path, "copy*").Order().Select(Path.GetFileName),
            Is.EqualTo(Enumerable.Range(0, 5).Select(i => $"copy{i}.db")));
    }

    [Test]
    public async Task ABackupServesInPlaceOfTheDatabase()
    {
        await using (var ledger = new SpendLedger(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance))
            ledger.Append(Sample.Exchange(Alice, new NanoUsd(7)));
        Assert.That(Run(_folder.File("copy.db")).Code, Is.Zero);
        await using var restored = new SpendLedger(
            Database.Open(_folder.File("copy.db"), false), TimeProvider.System, NullLogger<SpendLedger>.Instance);
        Assert.That(restored.LoadBalances()[new Subject(SubjectKind.User, "alice")], Is.EqualTo(new NanoUsd(7)));
    }

    [Test]
    public void AnExistingFileIsLeftAlone()
    {
        _folder.OpenDatabase();
        File.WriteAllText(_folder.File("copy.db"), "mine");
        var (code, _, error) = Run(_folder.File("copy.db"));
        Assert.That((code, File.ReadAllText(_folder.File("copy.db"))), Is.EqualTo((1, "mine")));
        Assert.That(error, Does.Contain("copy.db: exists already"));
    }

    [Test]
    public void AFolderThatIsNotThereIsNamed()
    {
        _folder.OpenDatabase();
        Assert.That(Run(_folder.File("none/copy.db")).Error, Does.Contain("none/copy.db: the folder does not exist"));
    }

    [Test]
    public async Task ADatabaseWhoseChainIsBrokenLeavesNoBackup()
    {
        await using (var ledger = new SpendLedger(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance))
            ledger.Append(Sample.Exchange(Alice, new NanoUsd(7)));
        using (var connection = _folder.OpenDatabase().Connect())
            Database.Run(connection, "DROP TRIGGER ledger_no_update; UPDATE ledger SET cost_nano_usd = 0");
        var (code, _, error) = Run(_folder.File("copy.db"));
        Assert.That(code, Is.EqualTo(1));
        Assert.That(error, Does.Contain("was not kept").And.Contains("Row 1 is not as it was written"));
        Assert.That(Directory.GetFiles(_folder.Path, "copy*"), Is.Empty);
    }

    [Test]
    public async Task WhereTheCopyCannotBeWrittenThereIsNoHalfFile()
    {
        await using (var ledger = new SpendLedger(_folder.OpenDatabase(), TimeProvider.System, NullLogger<SpendLedger>.Instance))
            ledger.Append(Sample.Exchange(Alice, new NanoUsd(7)));
        // Where the unfinished copy is to go, there is a folder that cannot be replaced: nothing can be written.
        Directory.CreateDirectory(_folder.File("copy.db.unfinished/x"));
        var (code, _, error) = Run(_folder.File("copy.db"));
        Assert.That(code, Is.EqualTo(1));
        Assert.That(error.TrimEnd(), Does.Contain("copy.db: ").And.Not.Contain('\n'));
        Assert.That(File.Exists(_folder.File("copy.db")), Is.False);
    }

    private (int Code, string Output, string Error) Run(string file)
    {
        using StringWriter output = new(), error = new();
        var code = BackupCommand.Create(new Dictionary<string, string>()).Parse([file, "--db", _folder.File("gateway.db")])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
