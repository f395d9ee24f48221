using Gateway.Limits;
using static Gateway.Tests.Limits.LimitFixture;

namespace Gateway.Tests.Limits;

public sealed class BudgetAdmissionTests
{
    private readonly LimitFixture _limits = new();

    [Test]
    public void WhatIsReservedIsNotThereForOthers()
    {
        var user = User(Budget(100));
        using var first = _limits.Grant(Fixed(60, user));
        using var second = _limits.Grant(Fixed(40, user));
        Assert.That((_limits.Spent(user), _limits.Reserved(user)), Is.EqualTo((0L, 100L)));
        first.Settle(new NanoUsd(10));
        Assert.That((_limits.Spent(user), _limits.Reserved(user)), Is.EqualTo((10L, 40L)));
        using var third = _limits.Grant(Fixed(50, user));
        Assert.That(third.Bound.Value, Is.EqualTo(50));
    }

    [Test]
    public void AllSubjectsAreTakenOrNone()
    {
        var (key, user) = (Key(Budget(1_000)), User(Budget(10)));
        var refusal = _limits.Refuse(Fixed(11, key, user));
        Assert.That(refusal.Message, Does.StartWith("ExceededBudget: User=alice over budget."));
        Assert.That((_limits.Reserved(key), _limits.Reserved(user)), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public void TheFirstThatIsFullIsNamedFromTheGatewayToTheProvider()
    {
        var zero = Budget(0);
        LimitedSubject[] all =
        [
            new(Subject.Everybody, zero),
            new(new Subject(SubjectKind.Team, "research"), zero),
            Key(zero with { Models = [new SubjectModelLimits("m", zero)] }),
            User(zero),
            new(new Subject(SubjectKind.EndUser, "customer"), zero),
            new(new Subject(SubjectKind.Tag, "product"), zero),
        ];
        string[] named =
        [
            "Budget has been exceeded! Current cost: 0.00, Max budget: 0.00.",
            "Budget has been exceeded! Team=research Current cost",
            "Budget has been exceeded! Key=k1 Current cost",
            "ExceededBudget: User=alice over budget.",
            "ExceededBudget: End User=customer over budget.",
            "Budget has been exceeded! Tag=product Current cost",
        ];
        for (var i = 0; i < all.Length; i++)
        {
            var rest = all.Select((subject, at) => at < i ? subject with { Limits = SubjectLimits.None } : subject);
            Assert.That(_limits.Refuse(Fixed(1, [.. rest])).Message, Does.StartWith(named[i]));
        }
        var onlyModel = Key(new SubjectLimits { Models = [new SubjectModelLimits("m", zero)] });
        Assert.That(_limits.Refuse(Fixed(1, onlyModel, all[5])).Message,
            Does.StartWith("LiteLLM Virtual Key: k1, exceeded budget for model=m."));
    }

    [Test]
    public void ABudgetOfZeroIsClosedAndAnythingFreeNeedsNoOther()
    {
        Assert.That(_limits.Refuse(Fixed(0, User(Budget(0)))).Type, Is.EqualTo("budget_exceeded"));
        var user = User(Budget(10), "bob");
        _limits.Spend(Fixed(10, user), 10);
        _limits.Refuse(Fixed(1, user));
        using var free = _limits.Grant(Fixed(0, user));
        Assert.That(free.Bound.Value, Is.Zero);
    }

    [Test]
    public void WhoHasNoLimitIsOnlyCounted()
    {
        var user = User(SubjectLimits.None);
        using var huge = _limits.Grant(Request(long.MaxValue, input: long.MaxValue, isExplicit: true, subjects: user));
        using var other = _limits.Grant(Request(long.MaxValue, input: long.MaxValue, isExplicit: true, subjects: user));
        huge.Settle(new NanoUsd(7));
        other.Settle(new NanoUsd(8));
        Assert.That((_limits.Spent(user), _limits.Reserved(user)), Is.EqualTo((15L, 0L)));
    }

    [Test]
    public void ACapThatNobodyAskedForFallsToWhatTheMoneyBuys()
    {
        var user = User(Budget(5_000));
        using var reservation = _limits.Grant(Request(cap: 9_000, input: 500, subjects: user));
        Assert.That((reservation.OutputCap, reservation.IsLowered, reservation.Bound.Value, reservation.Tokens),
            Is.EqualTo((4_500L, true, 5_000L, 5_000L)));
    }

    [Test]
    public void ChoicesShareTheMoney()
    {
        var request = Request(cap: 9_000, input: 500, subjects: User(Budget(5_000)));
        using var reservation = _limits.Grant(request with { Bound = request.Bound with { Choices = 4 } });
        Assert.That((reservation.OutputCap, reservation.Bound.Value), Is.EqualTo((1_125L, 5_000L)));
    }

    [TestCase(16, true)]
    [TestCase(15, false)]
    public void TheLeastAnswerIsSixteenTokens(long left, bool isGranted) =>
        Assert.That(_limits.Decide(Request(cap: 5_000, input: 100, subjects: User(Budget(100 + left)))).Reservation is not null,
            Is.EqualTo(isGranted));

    [Test]
    public void AShorterAnswerThanSixteenTokensIsGivenWholeOrNotAtAll()
    {
        using var five = _limits.Grant(Request(cap: 5, isExplicit: true, subjects: User(Budget(5))));
        Assert.That(five.IsLowered, Is.False);
        _limits.Refuse(Request(cap: 5, isExplicit: true, subjects: User(Budget(4), "bob")));
    }

    [Test]
    public void AModelWithoutAPriceIsRefusedToWhoHasAnyBudget()
    {
        var unpriced = Fixed(0, Key(SubjectLimits.None), User(Budget(5))) with { UnpricedModel = "acme/new" };
        var refusal = _limits.Refuse(unpriced);
        Assert.That((refusal.Status, refusal.ShouldRetry), Is.EqualTo((400, false)));
        Assert.That(refusal.Message, Does.Contain("acme/new").And.Contain("input_cost_per_token").And.Contain("unknown_price: allow"));
        var ofModel = User(new SubjectLimits { Models = [new SubjectModelLimits("m", Budget(1))] });
        _limits.Refuse(Fixed(0, ofModel) with { UnpricedModel = "acme/new" });
        _limits.Grant(Fixed(0, User(SubjectLimits.None)) with { UnpricedModel = "acme/new" }).Dispose();
    }

    [Test]
    public void ModelsOfAPatternShareABudgetAndANameGoesBeforeAPattern()
    {
        var user = User(new SubjectLimits
        {
            Models = [new("gpt-*", Budget(100)), new("gpt-4*", Budget(50)), new("gpt-4o", Budget(10))],
        });
        _limits.Refuse(Fixed(11, user) with { Model = "gpt-4o" });
        _limits.Spend(Fixed(50, user) with { Model = "gpt-4.1" }, 50);
        _limits.Refuse(Fixed(1, user) with { Model = "gpt-4-turbo" });
        _limits.Spend(Fixed(100, user) with { Model = "gpt-5" }, 100);
        _limits.Spend(Fixed(1_000, user) with { Model = "claude" }, 1_000);
        Assert.That((_limits.Spent(user), _limits.Spent(user, "gpt-4*"), _limits.Spent(user, "gpt-*")), Is.EqualTo((1_150L, 50L, 100L)));
    }

    [Test]
    public void MoreThanTheBoundIsBookedWholeAndReported()
    {
        var user = User(Budget(100));
        var reservation = _limits.Grant(Fixed(60, user));
        Assert.That(reservation.Settle(new NanoUsd(75)), Is.True);
        Assert.That((reservation.Overshoot.Value, _limits.Spent(user), _limits.Reserved(user)), Is.EqualTo((15L, 75L, 0L)));
        Assert.That(reservation.Settle(new NanoUsd(75)), Is.False);
        reservation.Dispose();
        Assert.That(_limits.Spent(user), Is.EqualTo(75));
    }

    [Test]
    public void ASecondSliceFitsOrIsNotMade()
    {
        var user = User(Budget(100));
        using var first = _limits.Grant(Fixed(40, user));
        var start = new AttemptStart(_limits.Now, "m");
        Assert.That(first.TryExtend(new NanoUsd(61), 1, start), Is.Null);
        using var hedge = first.TryExtend(new NanoUsd(60), 1, start);
        Assert.That(_limits.Reserved(user), Is.EqualTo(100));
        hedge!.Settle(new NanoUsd(30));
        first.Settle(new NanoUsd(20));
        Assert.That((_limits.Spent(user), _limits.Reserved(user)), Is.EqualTo((50L, 0L)));
    }

    [Test]
    public void AFallbackMovesTheMoneyToTheAccountsOfItsModel()
    {
        var user = User(new SubjectLimits { Models = [new("a", Budget(100)), new("b", Budget(30)), new("c", Budget(90))] });
        using var reservation = _limits.Grant(Fixed(60, user) with { Model = "a" });
        Assert.That(reservation.BeginAttempt(new AttemptStart(_limits.Now, "b"))!.Message, Does.Contain("exceeded budget for model=b"));
        Assert.That(_limits.Reserved(user, "a"), Is.EqualTo(60), "nothing has changed");
        Assert.That(reservation.BeginAttempt(new AttemptStart(_limits.Now, "c")), Is.Null);
        Assert.That((_limits.Reserved(user, "a"), _limits.Reserved(user, "c"), _limits.Reserved(user)), Is.EqualTo((0L, 60L, 60L)));
        reservation.Settle(new NanoUsd(50));
        Assert.That((_limits.Spent(user, "a"), _limits.Spent(user, "c"), _limits.Spent(user)), Is.EqualTo((0L, 50L, 50L)));
        Assert.That(() => reservation.BeginAttempt(new AttemptStart(_limits.Now, "a")), Throws.InvalidOperationException);
    }

    [Test]
    public void AProviderWhoseBudgetIsSpentIsLeftForAnother()
    {
        LimitedSubject Provider(string name) => new(new Subject(SubjectKind.Provider, name), Budget(100));
        using var reservation = _limits.Grant(Fixed(60, User(SubjectLimits.None)));
        Assert.That(reservation.BeginAttempt(new AttemptStart(_limits.Now, "m", Provider("openai"))), Is.Null);
        using var other = _limits.Grant(Fixed(60, User(SubjectLimits.None)));
        Assert.That(other.BeginAttempt(new AttemptStart(_limits.Now, "m", Provider("openai")))!.Message,
            Does.StartWith("No deployments available - crossed budget: Exceeded budget for provider='openai'"));
        Assert.That(other.BeginAttempt(new AttemptStart(_limits.Now, "m", Provider("azure"))), Is.Null);
        reservation.Settle(new NanoUsd(1));
        other.Settle(new NanoUsd(2));
        Assert.That((_limits.Spent(Provider("openai")), _limits.Spent(Provider("azure"))), Is.EqualTo((1L, 2L)));
    }

    [Test]
    public void ClientsThatInventEndUsersGainNoBudgetByIt()
    {
        LimitedSubject EndUser(int i) => new(new Subject(SubjectKind.EndUser, $"customer-{i}"), Budget(10));
        for (var i = 0; i < AccountBook.MostStrangers; i++)
            _limits.Spend(Fixed(10, EndUser(i)), 10);
        _limits.Spend(Fixed(10, EndUser(-1)), 10);
        Assert.That(_limits.Refuse(Fixed(1, EndUser(-2))).Message, Does.Contain("End User="));
        _limits.Refuse(Fixed(1, EndUser(7)));
    }

    [Test]
    public void EndUsersWhoseBudgetHasBegunAnewMakeRoomForOthers()
    {
        LimitedSubject EndUser(int i) => new(new Subject(SubjectKind.EndUser, $"customer-{i}"), Budget(10, "1h"));
        for (var i = 0; i < AccountBook.MostStrangers; i++)
            _limits.Spend(Fixed(10, EndUser(i)), 10);
        _limits.Time.Advance(TimeSpan.FromHours(2));
        for (var i = -1; i > -5; i--)
            _limits.Spend(Fixed(10, EndUser(i)), 10);
        Assert.That(_limits.Spent(EndUser(-4)), Is.EqualTo(10));
    }
}
