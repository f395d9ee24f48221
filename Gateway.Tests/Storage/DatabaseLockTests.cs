using Gateway.Storage;

namespace Gateway.Tests.Storage;

public sealed class DatabaseLockTests
{
    private readonly TempFolder _folder = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void ASecondStartIsToldTheFileAndThePidOfTheFirst()
    {
        var path = _folder.File("gateway.db");
        using var first = DatabaseLock.Take(path);
        var refusal = Assert.Throws<StorageException>(() => DatabaseLock.Take(path));
        Assert.That(refusal.Message, Does.Contain(path).And.Contains($"(pid {Environment.ProcessId})"));
    }

    [Test]
    public void ALockThatWasGivenBackCanBeTakenAgain()
    {
        DatabaseLock.Take(_folder.File("gateway.db")).Dispose();
        Assert.That(() => DatabaseLock.Take(_folder.File("gateway.db")).Dispose(), Throws.Nothing);
    }

    [Test]
    public void TheFileOfAKilledGatewayIsNoObstacle()
    {
        File.WriteAllText(_folder.File("gateway.db.lock"), "4711 0123456789abcdef\n");
        Assert.That(() => DatabaseLock.Take(_folder.File("gateway.db")).Dispose(), Throws.Nothing);
    }

    [Test]
    public void OfManyThatStartAtOnceAtMostOneServes()
    {
        for (var round = 0; round < 20; round++)
        {
            var held = new System.Collections.Concurrent.ConcurrentBag<DatabaseLock>();
            Parallel.For(0, 8, _ =>
            {
                try
                {
                    held.Add(DatabaseLock.Take(_folder.File("gateway.db")));
                }
                catch (StorageException)
                {
                    // Gave way.
                }
            });
            Assert.That(held, Has.Count.LessThanOrEqualTo(1));
            foreach (var one in held)
                one.Dispose();
        }
    }

    [Test]
    public void AMissingFolderIsSaid()
    {
        var refusal = Assert.Throws<StorageException>(() => DatabaseLock.Take(_folder.File("none/gateway.db")));
        Assert.That(refusal.Message, Does.Contain("check that the folder exists"));
    }
}
