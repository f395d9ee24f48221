using Gateway.Keys;
using Gateway.Ledger;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Keys;

/// <summary>Whose ids at providers are.</summary>
public sealed class OwnedIdsTests
{
    private static readonly Caller Alice = new() { KeyId = "a", UserId = "alice" };
    private static readonly Caller AlicesOtherKey = new() { KeyId = "a2", UserId = "alice" };
    private static readonly Caller Admin = new() { KeyId = "master", UserId = Caller.DefaultUserId, IsAdmin = true };

    private TempFolder _folder = null!;
    private SpendLedger _ledger = null!;
    private OwnedIds _owned = null!;

    [SetUp]
    public void Open()
    {
        _folder = new TempFolder();
        var database = _folder.OpenDatabase();
        _ledger = new SpendLedger(database, TimeProvider.System, NullLogger<SpendLedger>.Instance);
        _owned = new OwnedIds(database, _ledger.Writer, TimeProvider.System);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _owned.Dispose();
        await _ledger.DisposeAsync();
        _folder.Dispose();
    }

    [TestCase(OwnedKind.File)]
    [TestCase(OwnedKind.Batch)]
    [TestCase(OwnedKind.Response)]
    public async Task AnIdBelongsToTheKeyThatMadeItAndToTheAdmin(OwnedKind kind)
    {
        Assert.That(await _owned.RememberAsync(Alice, kind, "id-1", "openai"), Is.True);

        Assert.That(_owned.Find(kind, "id-1"), Is.EqualTo(new OwnedId("id-1", "openai", "a", "alice")));
        Assert.That((_owned.Owns(Alice, kind, "id-1"), _owned.Owns(AlicesOtherKey, kind, "id-1"), _owned.Owns(Admin, kind, "id-1")),
            Is.EqualTo((true, false, true)));
        Assert.That(_owned.Owns(Alice, kind, "id-2"), Is.False);
        Assert.That(Enum.GetValues<OwnedKind>().Where(other => _owned.Owns(Alice, other, "id-1")), Is.EqualTo(new[] { kind }));
    }

    [Test]
    public async Task AnIdKeepsItsFirstOwner()
    {
        await _owned.RememberAsync(Alice, OwnedKind.File, "id-1", "openai");
        await _owned.RememberAsync(AlicesOtherKey, OwnedKind.File, "id-1", "azure");

        Assert.That(_owned.Find(OwnedKind.File, "id-1")!.KeyId, Is.EqualTo("a"));
    }

    [Test]
    public async Task AKeysIdsAreListedByProvider()
    {
        await _owned.RememberAsync(Alice, OwnedKind.File, "id-1", "openai");
        await _owned.RememberAsync(Alice, OwnedKind.File, "id-2", "azure");
        await _owned.RememberAsync(AlicesOtherKey, OwnedKind.File, "id-3", "openai");
        await _owned.RememberAsync(Alice, OwnedKind.File, "id-4", "openai");
        await _owned.ForgetAsync(OwnedKind.File, "id-4");

        Assert.That(_owned.Of(Alice, OwnedKind.File, "openai"), Is.EquivalentTo(new[] { "id-1" }));
    }

    [TestCase("file-abc_123", true)]
    [TestCase("", false)]
    [TestCase(null, false)]
    [TestCase("..", false)]
    [TestCase("a/b", false)]
    [TestCase("a%2Fb", false)]
    [TestCase("é", false)]
    public void AnIdMayStandInAUrlAsItIs(string? text, bool isId)
    {
        Assert.That(OwnedIds.IsId(text), Is.EqualTo(isId));
        Assert.That((OwnedIds.IsId(new string('a', 128)), OwnedIds.IsId(new string('a', 129))), Is.EqualTo((true, false)));
    }
}
