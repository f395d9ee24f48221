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

    // A name of 255 characters is the longest that file systems take; a link to itself leads nowhere.
    [TestCase(false)]
    [TestCase(true)]
    public void WhatIsWrongWithTheFileIsNotTakenForAnotherGateway(bool isLoop)
    {
        var path = _folder.File(isLoop ? "gateway.db" : new string('x', 253));
        if (isLoop)
            File.CreateSymbolicLink(path + ".lock", path + ".lock");
        var refusal = Assert.Throws<StorageException>(() => DatabaseLock.Take(path));
        Assert.That(refusal.Message, Does.Contain(".lock: cannot be written").And.Not.Contain("another gateway").And.Not.Contain("\n"));
    }

    [Test]
    public void AMissingFolderIsSaid()
    {
        var refusal = Assert.Throws<StorageException>(() => DatabaseLock.Take(_folder.File("none/gateway.db")));
        Assert.That(refusal.Message, Does.Contain("check that the folder exists"));
    }
}
