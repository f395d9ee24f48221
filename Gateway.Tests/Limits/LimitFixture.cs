using System.Collections.Immutable;
using Gateway.Limits;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Limits;

/// <summary>A limiter with a clock that stands until it is moved, and short words for requests. Output costs a nano-dollar per
/// token.</summary>
internal sealed class LimitFixture
{
    /// <summary>A Tuesday.</summary>
    public static readonly DateTimeOffset Start = new(2026, 11, 24, 10, 20, 0, TimeSpan.Zero);

    public LimitFixture(TimeSpan? wait = null, BudgetCalendar? calendar = null) =>
        Limiter = new Limiter(Time, new LimiterSettings
        {
            BudgetWait = wait ?? TimeSpan.FromSeconds(2),
            AmpleOutputTokens = 1_000,
            Calendar = calendar ?? BudgetCalendar.Utc,
        });

    public FakeTimeProvider Time { get; } = new(Start);
    public Limiter Limiter { get; }
    public DateTimeOffset Now => Time.GetUtcNow();

    public static SubjectLimits Budget(long nanoUsd, string? period = null) =>
        new() { MaxBudget = new NanoUsd(nanoUsd), Period = period is null ? null : Period(period) };

    public static BudgetPeriod Period(string text) =>
        BudgetPeriod.TryParse(text, out var period) ? period : throw new FormatException(text);

    public static LimitedSubject User(SubjectLimits limits, string id = "alice") => new(new Subject(SubjectKind.User, id), limits);
    public static LimitedSubject Key(SubjectLimits limits, string id = "k1") => new(new Subject(SubjectKind.Key, id), limits);

    /// <summary>A request that costs <paramref name="input"/> and a nano-dollar for each output token.</summary>
    public static AdmitRequest Request(
        long cap, long input = 0, bool isExplicit = false, bool canLower = true, string model = "m",
        params ImmutableArray<LimitedSubject> subjects) => new()
        {
            Subjects = subjects,
            Model = model,
            Bound = new CostBound
            {
                FixedCost = new NanoUsd(input),
                InputTokens = input,
                OutputRate = 1_000_000,
                OutputCap = cap,
                Choices = 1,
            },
            IsCapExplicit = isExplicit,
            CanLower = canLower,
        };

    /// <summary>A request whose cost cannot be cut.</summary>
    public static AdmitRequest Fixed(long cost, params ImmutableArray<LimitedSubject> subjects) =>
        Request(cost, canLower: false, isExplicit: true, subjects: subjects);

    /// <summary>Asks; the answer may be yet to come.</summary>
    public Task<Admission> Ask(AdmitRequest request, CancellationToken ct = default) => Limiter.AdmitAsync(request, ct).AsTask();

    /// <summary>Asks; the answer comes at once.</summary>
    public Admission Decide(AdmitRequest request)
    {
        var answer = Ask(request);
        Assert.That(answer.IsCompletedSuccessfully, "the request waits");
        return answer.Result;
    }

    public Reservation Grant(AdmitRequest request)
    {
        var (refusal, reservation, _, _) = Decide(request);
        Assert.That(refusal?.Message, Is.Null);
        return reservation!;
    }

    public ApiError Refuse(AdmitRequest request)
    {
        var (refusal, reservation, _, _) = Decide(request);
        Assert.That(reservation, Is.Null);
        return refusal!;
    }

    public void Spend(AdmitRequest request, long cost)
    {
        using var reservation = Grant(request);
        reservation.Settle(new NanoUsd(cost));
    }

    public long Spent(LimitedSubject subject, string? model = null) => Limiter.FactsOf(subject.Subject, model)!.Spent.Value;
    public long Reserved(LimitedSubject subject, string? model = null) => Limiter.FactsOf(subject.Subject, model)!.Reserved.Value;
}
