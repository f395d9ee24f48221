using System.Collections.Immutable;

namespace Gateway.Limits;

/// <summary>All accounts, found by subject and model. Guarded by the limiter's lock.</summary>
internal sealed class AccountBook
{
    /// <summary>
    /// End users and tags are what clients write, so their number is bounded, as that of metrics' labels is by default. Those beyond it
    /// share one account: a client that invents names gains nothing by it.
    /// </summary>
    public const int MostStrangers = 20_000;

    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromMinutes(1);
    private const string Others = "(others)";

    private readonly Dictionary<(Subject, string?), Account> _accounts = [];
    private int _strangers;
    private DateTimeOffset _lastSweep = DateTimeOffset.MinValue;

    public IEnumerable<Account> All => _accounts.Values;

    public Account? Find(Subject subject, string? model) => _accounts.GetValueOrDefault((subject, model));

    /// <summary>The account, made when it is missing.</summary>
    public Account Of(Subject subject, string? model, DateTimeOffset now)
    {
        if (_accounts.TryGetValue((subject, model), out var account))
            return account;
        if (IsStranger(subject) && subject.Id != Others)
        {
            if (_strangers >= MostStrangers)
                Sweep(now);
            if (_strangers >= MostStrangers)
                return Of(subject with { Id = Others }, model, now);
            _strangers++;
        }
        return _accounts[(subject, model)] = new Account(subject, model);
    }

    /// <summary>
    /// A seat in each account that a request touches, nothing taken yet, in the order of refusals: whole subjects from the gateway to the
    /// end user, then their accounts for the model, then tags and the provider.
    /// </summary>
    public Seat[] SeatsOf(
        ImmutableArray<LimitedSubject> subjects, string model, LimitedSubject? provider, BudgetCalendar calendar, DateTimeOffset now)
    {
        var most = subjects.Length + (provider is null ? 0 : 1);
        foreach (var subject in subjects)
            most += subject.Limits.Models.IsEmpty ? 0 : 1;
        var seats = new Seat[most];
        var count = 0;
        foreach (var subject in subjects)
        {
            if (subject.Subject.Kind < SubjectKind.Tag)
                seats[count++] = Seat(subject, null, calendar, now);
        }
        foreach (var subject in subjects)
        {
            if (!subject.Limits.Models.IsEmpty && subject.Limits.ForModel(model) is { } limits)
                seats[count++] = Seat(subject, limits, calendar, now);
        }
        foreach (var subject in subjects)
        {
            if (subject.Subject.Kind >= SubjectKind.Tag)
                seats[count++] = Seat(subject, null, calendar, now);
        }
        if (provider is not null)
            seats[count++] = Seat(provider, null, calendar, now);
        return count == most ? seats : seats[..count];
    }

    private Seat Seat(LimitedSubject subject, SubjectModelLimits? model, BudgetCalendar calendar, DateTimeOffset now)
    {
        var account = Of(subject.Subject, model?.Model, now);
        account.Know(subject, model?.Limits ?? subject.Limits);
        account.Refresh(now, calendar);
        if (!account.KnowsAnnounced)
            (account.Announced, account.KnowsAnnounced) = (BudgetWatch.CrossedBy(account), true);
        return new Seat { Account = account };
    }

    /// <summary>Forgets strangers of whom nothing would be lost.</summary>
    private void Sweep(DateTimeOffset now)
    {
        if (now - _lastSweep < BetweenSweeps)
            return;
        _lastSweep = now;
        foreach (var (key, account) in _accounts)
        {
            if (!IsStranger(key.Item1) || key.Item1.Id == Others || !account.IsIdle(now))
                continue;
            _accounts.Remove(key);
            _strangers--;
        }
    }

    private static bool IsStranger(Subject subject) => subject.Kind is SubjectKind.EndUser or SubjectKind.Tag;
}
