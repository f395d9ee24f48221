using System.Collections.Immutable;
using Gateway.Keys;
using Gateway.Storage;
using Gateway.Tests.Ledger;
using Gateway.Tests.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Keys;

public sealed class KeyRingTests
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<IDisposable> _open = [];

    [TearDown]
    public void RemoveFolder()
    {
        foreach (var one in Enumerable.Reverse(_open))
            one.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void AKeyOfTheConfigTellsWhoIsCalling()
    {
        var alpha = new KeyUser
        {
            UserId = "team-alpha",
            Keys = [new("team-alpha-token", null, SubjectLimits.None), new("second-token", null, SubjectLimits.None)],
            Models = ["gpt-4"],
            Limits = new() { MaxBudget = NanoUsd.FromUsd(500m) },
            KeyAlias = "laptop",
            Team = new("red", null, [], SubjectLimits.None),
        };
        var ring = Ring(new KeySetup { Users = [alpha] });
        var caller = Authenticated(ring, "team-alpha-token");
        Assert.Multiple(() =>
        {
            Assert.That(caller.UserId, Is.EqualTo("team-alpha"));
            Assert.That(caller.KeyId, Is.EqualTo(HexOf("team-alpha-token")));
            Assert.That(caller.KeyAlias, Is.EqualTo("laptop"));
            Assert.That(caller.TeamId, Is.EqualTo("red"));
            Assert.That(caller.Models, Is.EqualTo(new[] { "gpt-4" }));
            Assert.That(caller.MaxBudget, Is.EqualTo(NanoUsd.FromUsd(500m)));
            Assert.That(caller.IsAdmin, Is.False);
            Assert.That(Authenticated(ring, "second-token").KeyId, Is.EqualTo(HexOf("second-token")));
        });
    }

    [Test]
    public void AKeyMayStandInTheConfigAsItsHash()
    {
        var ring = Ring(new KeySetup { Users = [User("alice", "sha256:" + HexOf("alice-token").ToUpperInvariant())] });
        Assert.That(Authenticated(ring, "alice-token").UserId, Is.EqualTo("alice"));
        Assert.That(Refused(ring, HexOf("alice-token")), Is.Not.Null, "a hash is not a key");
    }

    [Test]
    public void ABlockedUserIsLockedOutWithEveryKeyAndGetsNone()
    {
        var ring = Ring(new KeySetup
        {
            MasterKey = "sk-master-1234",
            Users = [User("alice", "alice-token") with { IsBlocked = true }, User("bob", "bob-token"), User("carol") with { IsBlocked = true }],
        });
        Assert.That(Refused(ring, "alice-token").Message, Does.StartWith("Authentication Error, Key is blocked."));
        Assert.That(Refused(ring, "alice-token").Status, Is.EqualTo(401));
        Assert.That(Authenticated(ring, "bob-token").UserId, Is.EqualTo("bob"));
        Assert.That(ring.MintMissing(), Is.Empty);
    }

    [Test]
    public void TheMasterKeyIsTheAdmin()
    {
        var caller = Authenticated(Ring(new KeySetup { MasterKey = "sk-master-1234" }), "sk-master-1234");
        Assert.That(caller.IsAdmin, Is.True);
        Assert.That(caller.UserId, Is.EqualTo("default_user_id"));
        Assert.That(caller.KeyId, Is.EqualTo(HexOf("sk-master-1234")));
    }

    [TestCase("sk-unknown-key-wxyz", "Received API Key = sk-...wxyz.")]
    [TestCase("short-key", "Received API Key = sk-....")]
    [TestCase("x", "Received API Key = sk-....")]
    public void AnUnknownKeyIsRefusedWithoutBeingTold(string key, string expected)
    {
        var refusal = Refused(Ring(new KeySetup { MasterKey = "sk-master-1234" }), key);
        Assert.Multiple(() =>
        {
            Assert.That(refusal.Status, Is.EqualTo(401));
            Assert.That(refusal.Type, Is.EqualTo("token_not_found_in_db"));
            Assert.That(refusal.Param, Is.EqualTo("key"));
            Assert.That(refusal.Message, Does.StartWith("Authentication Error, Invalid proxy server token passed. " + expected));
            Assert.That(refusal.Message, Does.Not.Contain(key.Length > 4 ? key : "= x"));
        });
    }

    [Test]
    public void NoKeyIsRefusedAsSuch()
    {
        var refusal = Ring(new KeySetup { MasterKey = "sk-master-1234" }).Authenticate(new HeaderDictionary(), out var caller);
        Assert.That(refusal?.Type, Is.EqualTo("auth_error"));
        Assert.That(caller, Is.Null);
    }

    [Test]
    public void AKeyThatCameToNothingMatchesNobodyAndIsNotReplacedByAMintedOne()
    {
        var ring = Ring(new KeySetup { Users = [User("alice", [null])] });
        Assert.That(ring.MintMissing(), Is.Empty);
        Assert.That(Refused(ring, "anything-at-all"), Is.Not.Null);
        Assert.That(ring.IsOpen, Is.False);
    }

    [Test]
    public void WithoutAnyUsableKeyNobodyGetsIn() => Assert.That(Refused(Ring(new KeySetup()), "sk-anything-at-all"), Is.Not.Null);

    [Test]
    public void WithoutAnyKeyConfiguredEverybodyIsTheAdmin()
    {
        var ring = Ring(new KeySetup { IsOpen = true });
        Assert.That(ring.IsOpen, Is.True);
        Assert.That(ring.Authenticate(new HeaderDictionary(), out var caller), Is.Null);
        Assert.That(caller, Is.Not.Null);
        Assert.That((caller!.UserId, caller.KeyId, caller.IsAdmin), Is.EqualTo(("default_user_id", "", true)));
    }

    [Test]
    public void AUserWithoutKeysIsGivenOneOnceAndKeepsItAcrossRestarts()
    {
        var setup = new KeySetup { Users = [User("beta"), User("alpha"), User("carol", "carols-own-key")] };
        var minted = Ring(setup).MintMissing();
        Assert.That(minted.Select(one => one.UserId), Is.EqualTo(new[] { "beta", "alpha" }), "in the config's order");
        Assert.That(minted.Select(one => one.Key), Has.All.Match("^sk-[A-Za-z0-9_-]{22}$"));

        var restarted = Ring(setup);
        Assert.That(restarted.MintMissing(), Is.Empty);
        Assert.That(Authenticated(restarted, minted[1].Key).UserId, Is.EqualTo("alpha"));
    }

    [Test]
    public void AMintedKeyIsNowhereInTheDatabase()
    {
        var key = Ring(new KeySetup { Users = [User("alice")] }).MintMissing()[0].Key;
        foreach (var one in Enumerable.Reverse(_open))
            one.Dispose();
        _open.Clear();
        foreach (var file in Directory.GetFiles(_folder.Path))
            Assert.That(File.ReadAllText(file), Does.Not.Contain(key[3..]), file);
    }

    [Test]
    public void OnlyTheKeysOfTheConfigCountForAUserWhoHasSome()
    {
        var minted = Ring(new KeySetup { Users = [User("alice")] }).MintMissing()[0].Key;
        var ring = Ring(new KeySetup { Users = [User("alice", "alices-own-key")] });
        Assert.That(Refused(ring, minted), Is.Not.Null);
        Assert.That(Authenticated(ring, "alices-own-key").UserId, Is.EqualTo("alice"));
    }

    [Test]
    public void AUserWhoLeftTheConfigIsLockedOut()
    {
        var minted = Ring(new KeySetup { Users = [User("alice"), User("bob")] }).MintMissing()[0].Key;
        Assert.That(Refused(Ring(new KeySetup { Users = [User("bob")] }), minted), Is.Not.Null);
    }

    [Test]
    public void ARunningGatewayNoticesARotationWithinASecond()
    {
        var ring = Ring(new KeySetup { Users = [User("alice")] });
        var old = ring.MintMissing()[0].Key;
        var renewed = OtherProcess().Rotate("alice");
        Assert.That(Authenticated(ring, old).UserId, Is.EqualTo("alice"), "not yet noticed");

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Authenticated(ring, renewed!).UserId, Is.EqualTo("alice"));
        Assert.That(Refused(ring, old), Is.Not.Null);
    }

    [Test]
    public void AKeyThatIsRememberedFromAKeptConnectionEndsWithItsRotation()
    {
        var ring = Ring(new KeySetup { Users = [User("alice")] });
        var headers = new HeaderDictionary { ["Authorization"] = "Bearer " + ring.MintMissing()[0].Key }; // one string, as on a connection
        Assert.That(ring.Authenticate(headers, out _), Is.Null);
        Assert.That(ring.Authenticate(headers, out var again), Is.Null);
        Assert.That(again!.UserId, Is.EqualTo("alice"));

        OtherProcess().Rotate("alice");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(ring.Authenticate(headers, out _), Is.Not.Null);
    }

    [Test]
    public void ARevokedUserStaysLockedOutUntilRotated()
    {
        var setup = new KeySetup { Users = [User("alice")] };
        var ring = Ring(setup);
        var key = ring.MintMissing()[0].Key;
        Assert.That(OtherProcess().Revoke("alice"), Is.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Refused(ring, key), Is.Not.Null);
        Assert.That(Ring(setup).MintMissing(), Is.Empty);
    }

    [Test]
    public void WhenTheStoreCannotBeReadKnownKeysGoOnWorking()
    {
        var logger = new RecordingLogger<KeyRing>();
        var ring = Ring(new KeySetup { Users = [User("alice")] }, logger);
        var key = ring.MintMissing()[0].Key;
        using (var connection = _folder.OpenDatabase().Connect())
            DatabaseTests.Run(connection, "DROP TABLE key_generation");
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.That(Authenticated(ring, key).UserId, Is.EqualTo("alice"));
        Assert.That(logger.Messages, Has.Count.EqualTo(1), "said once, not every second");
    }

    [Test]
    public void WhenOneKeyCannotBeStoredNoneIsMinted()
    {
        var setup = new KeySetup { Users = [User("alice"), User("bob")] };
        var ring = Ring(setup);
        using (var connection = _folder.OpenDatabase().Connect())
        {
            DatabaseTests.Run(connection, """
                CREATE TRIGGER no_bob BEFORE INSERT ON keys WHEN NEW.user_id = 'bob' BEGIN SELECT raise(ABORT, 'no room'); END
                """);
            Assert.That(() => ring.MintMissing(), Throws.TypeOf<Microsoft.Data.Sqlite.SqliteException>());
            DatabaseTests.Run(connection, "DROP TRIGGER no_bob");
        }
        Assert.That(Ring(setup).MintMissing().Select(one => one.UserId), Is.EqualTo(new[] { "alice", "bob" }));
    }

    [Test]
    public void MintedKeysAreShownEvenWhenTheyCannotBeReadBack()
    {
        var ring = Ring(new KeySetup { Users = [User("alice")] });
        using (var connection = _folder.OpenDatabase().Connect())
            DatabaseTests.Run(connection, "CREATE TRIGGER gone AFTER INSERT ON keys BEGIN DELETE FROM key_generation; END");
        Assert.That(ring.MintMissing(), Has.Count.EqualTo(1));
    }

    [Test]
    public void AClosedRingReadsNoMore()
    {
        var logger = new RecordingLogger<KeyRing>();
        var ring = Ring(new KeySetup { Users = [User("alice")] }, logger);
        ring.Dispose();
        OtherProcess().MintFirst(["alice"]);
        Assert.That(ring.MintMissing(), Is.Empty);
        Assert.That(ring.Callers, Is.Empty);
    }

    private static KeyUser User(string userId, params string?[] keys) =>
        new() { UserId = userId, Keys = [.. keys.Select(key => new KeyEntry(key, null, SubjectLimits.None))] };

    private static string HexOf(string key) => KeyHash.TryCompute(key, out var hash) ? hash.ToHex() : throw new ArgumentException("no key");

    private static ApiError? Authenticate(KeyRing ring, string key, out Caller? caller) =>
        ring.Authenticate(new HeaderDictionary { ["Authorization"] = "Bearer " + key }, out caller);

    private static Caller Authenticated(KeyRing ring, string key)
    {
        Assert.That(Authenticate(ring, key, out var caller), Is.Null);
        return caller!;
    }

    private static ApiError Refused(KeyRing ring, string key)
    {
        var refusal = Authenticate(ring, key, out var caller);
        Assert.That(caller, Is.Null);
        Assert.That(refusal, Is.Not.Null);
        return refusal!;
    }

    private KeyStore OtherProcess() => Kept(new KeyStore(Database.OpenExisting(_folder.File("gateway.db"), readOnly: false), _time));

    private KeyRing Ring(KeySetup setup, RecordingLogger<KeyRing>? logger = null)
    {
        var store = Kept(new KeyStore(_folder.OpenDatabase(), _time));
        return Kept(logger is null
            ? new KeyRing(setup, store, _time, NullLogger<KeyRing>.Instance)
            : new KeyRing(setup, store, _time, logger));
    }

    private T Kept<T>(T one) where T : IDisposable
    {
        _open.Add(one);
        return one;
    }
}
