using System.Collections.Immutable;
using Gateway.Limits;
using static Gateway.Tests.Limits.LimitFixture;

namespace Gateway.Tests.Limits;

/// <summary>Random requests, attempts, hedges, settlements and jumps of the clock, with a book of costs kept apart from the
/// limiter's.</summary>
internal sealed class RandomHistory(Random random)
{
    private static readonly string[] Models = ["a", "b", "c"];
    private static readonly string?[] Periods = [null, "30s", "1m", "7m", "1h"];

    private readonly LimitFixture _limits = new(TimeSpan.Zero);
    private readonly List<Open> _open = [];

    // Costs by account and by the start of the attempt; what was above a bound.
    private readonly List<(Subject Subject, string? Model, DateTimeOffset Start, long Cost, long Overshoot)> _book = [];
    private readonly Dictionary<(Subject, string?), SubjectLimits> _known = [];

    private readonly LimitedSubject[] _gateways = [Make(SubjectKind.Gateway, "", random)];
    private readonly LimitedSubject[] _teams = [Make(SubjectKind.Team, "t1", random), Make(SubjectKind.Team, "t2", random)];
    private readonly LimitedSubject[] _keys = [Make(SubjectKind.Key, "k1", random), Make(SubjectKind.Key, "k2", random),
        Make(SubjectKind.Key, "k3", random)];
    private readonly LimitedSubject[] _providers = [Make(SubjectKind.Provider, "p1", random), Make(SubjectKind.Provider, "p2", random)];

    public void Step()
    {
        switch (random.Next(8))
        {
            case 0 or 1 or 2:
                Admit();
                break;
            case 3:
                _limits.Time.Advance(TimeSpan.FromSeconds(random.Next(40)));
                break;
            case 4 when Any() is { } open:
                Begin(open);
                break;
            case 5 when Any() is { } open:
                Extend(open);
                break;
            case var _ when Any() is { } open:
                Close(open);
                break;
        }
    }

    public void SettleAll()
    {
        while (Any() is { } open)
            Close(open);
    }

    public void AssertInvariant()
    {
        foreach (var ((subject, model), limits) in _known)
        {
            var facts = _limits.Limiter.FactsOf(subject, model)!;
            var span = BudgetCalendar.Utc.SpanAt(limits.Period, _limits.Now);
            var rows = _book.Where(row => row.Subject == subject && row.Model == model && row.Start >= span.Start
                && row.Start < span.End).ToArray();
            Assert.That(facts.Spent.Value, Is.EqualTo(rows.Sum(row => row.Cost)), "spent is what the rows of the period say");
            Assert.That(facts.Reserved.Value, Is.GreaterThanOrEqualTo(0));
            if (limits.MaxBudget is not { } limit)
                continue;
            Assert.That(facts.Spent.Value + facts.Reserved.Value, Is.LessThanOrEqualTo(limit.Value + rows.Sum(row => row.Overshoot)));

            // Periods that are over, too: nothing that settles late lifts one above its limit.
            foreach (var past in _book.Where(row => row.Subject == subject && row.Model == model)
                .GroupBy(row => BudgetCalendar.Utc.SpanAt(limits.Period, row.Start)))
                Assert.That(past.Sum(row => row.Cost), Is.LessThanOrEqualTo(limit.Value + past.Sum(row => row.Overshoot)));
        }
    }

    public void AssertNothingIsReserved()
    {
        foreach (var (subject, model) in _known.Keys)
            Assert.That(_limits.Limiter.FactsOf(subject, model)!.Reserved.Value, Is.Zero);
    }

    private void Admit()
    {
        ImmutableArray<LimitedSubject> subjects = [_gateways[0], _teams[random.Next(2)], _keys[random.Next(3)]];
        var model = Models[random.Next(3)];
        var request = Request(random.Next(400), random.Next(100), random.Next(2) == 0, random.Next(3) > 0, model, subjects);
        var (refusal, reservation, _, _) = _limits.Decide(request);
        Know(subjects, model);
        var least = request.Bound.CostOf(request.CanLower ? Math.Min(16, request.Bound.OutputCap) : request.Bound.OutputCap).Value;
        var isFull = AccountsOf(subjects, model, null).Any(account =>
            _limits.Limiter.FactsOf(account.Subject, account.Model) is { Limit: { } limit } facts
            && (limit.Value == 0 || least > 0 && facts.Spent.Value + facts.Reserved.Value + least > limit.Value));
        if (reservation is null)
            Assert.That(isFull, $"refused without need: {refusal!.Message}");
        else
            _open.Add(new Open(reservation, subjects, model, null, _limits.Now));
    }

    private void Begin(Open open)
    {
        var (model, provider) = (Models[random.Next(3)], random.Next(2) == 0 ? null : _providers[random.Next(2)]);
        if (open.Reservation.BeginAttempt(new AttemptStart(_limits.Now, model, provider)) is null)
            _open[_open.IndexOf(open)] = open with { Model = model, Provider = provider, Start = _limits.Now };
        Know(open.Subjects, model, provider);
    }

    private void Extend(Open open)
    {
        var provider = random.Next(2) == 0 ? null : _providers[random.Next(2)];
        if (open.Reservation.TryExtend(new NanoUsd(random.Next(200)), 0, new AttemptStart(_limits.Now, open.Model, provider)) is { } slice)
            _open.Add(new Open(slice, open.Subjects, open.Model, provider, _limits.Now));
        Know(open.Subjects, open.Model, provider);
    }

    private void Close(Open open)
    {
        _open.Remove(open);
        var bound = open.Reservation.Bound.Value;
        var cost = random.Next(6) switch
        {
            0 => 0,
            1 => bound,
            2 when random.Next(4) == 0 => bound + random.Next(1, 20), // a bound that was wrong
            _ => random.NextInt64(bound + 1),
        };
        if (cost > 0)
        {
            Assert.That(open.Reservation.Settle(new NanoUsd(cost)));
            foreach (var (subject, model, _) in AccountsOf(open.Subjects, open.Model, open.Provider))
                _book.Add((subject, model, open.Start, cost, Math.Max(0, cost - bound)));
            Assert.That(open.Reservation.Overshoot.Value, Is.EqualTo(Math.Max(0, cost - bound)));
        }
        open.Reservation.Dispose();
    }

    private Open? Any() => _open.Count == 0 ? null : _open[random.Next(_open.Count)];

    private void Know(ImmutableArray<LimitedSubject> subjects, string model, LimitedSubject? provider = null)
    {
        foreach (var (subject, part, limits) in AccountsOf(subjects, model, provider))
            _known[(subject, part)] = limits;
    }

    private static IEnumerable<(Subject Subject, string? Model, SubjectLimits Limits)> AccountsOf(
        ImmutableArray<LimitedSubject> subjects, string model, LimitedSubject? provider)
    {
        foreach (var subject in provider is null ? subjects : subjects.Add(provider))
        {
            yield return (subject.Subject, null, subject.Limits);
            if (subject.Subject.Kind != SubjectKind.Provider && subject.Limits.ForModel(model) is { } part)
                yield return (subject.Subject, part.Model, part.Limits);
        }
    }

    private static LimitedSubject Make(SubjectKind kind, string id, Random random)
    {
        var limits = OfRandom(random, 3_000);
        return new LimitedSubject(new Subject(kind, id), kind == SubjectKind.Provider
            ? limits
            : limits with { Models = [new("a", OfRandom(random, 1_000)), new("*", OfRandom(random, 1_000))] });
    }

    private static SubjectLimits OfRandom(Random random, int most)
    {
        var limits = Budget(random.Next(20) == 0 ? 0 : random.Next(200, most), Periods[random.Next(Periods.Length)]);
        return random.Next(4) == 0 ? limits with { MaxBudget = null } : limits;
    }

    private sealed record Open(Reservation Reservation, ImmutableArray<LimitedSubject> Subjects, string Model, LimitedSubject? Provider,
        DateTimeOffset Start);
}
