using Gateway.Config;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Storage;

namespace Gateway;

/// <summary>
/// Tells the limiter what the ledger knows: at a start, when a reload limits somebody anew, and when a row corrects another.
/// </summary>
/// <param name="flush">Completes when everything that was booked is in the database.</param>
internal sealed class LimitLoading(Database database, SumStore store, Limiter limiter, Func<Task> flush, TimeProvider time)
{
    /// <summary>Longer than a group takes to be written; a disk that fails must not hold up a reload for ever.</summary>
    private static readonly TimeSpan MostFlush = TimeSpan.FromSeconds(2);

    /// <summary>What counts in a window of 60 seconds, the oldest second whole.</summary>
    private static readonly TimeSpan RateMemory = TimeSpan.FromSeconds(RateWindow.Seconds);

    private volatile GatewayConfig? _config;

    /// <summary>
    /// Loads what was spent in the current period of every account, and what was requested in the last minute. Comes before the first
    /// request, when the limiter has the config's calendar.
    /// </summary>
    /// <returns>The row of the last correction that is in it.</returns>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The database could not be read.</exception>
    public long Start(GatewayConfig config)
    {
        _config = config;
        var accounts = LimitedAccount.In(config).ToList();
        var sums = new AccountSums(accounts, CalendarOf(config), time.GetUtcNow());
        var known = LedgerSums.Read(database, sums.Questions, store);
        limiter.Load(sums.Unlimited(known).Concat(sums.Answers(known)));
        limiter.Load(Rates(accounts));
        return known.LastCorrection;
    }

    /// <summary>
    /// Reads what a new config needs: the sums of accounts that it limits for the first time, in another period or by other models. Nothing
    /// changes but by <see cref="LimitChange.Apply"/>.
    /// </summary>
    /// <remarks>
    /// What is booked and not yet written is waited for, but not for long: the limiter knows what it has settled since the beginning, and
    /// counts what the ledger lacks of it.
    /// </remarks>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The database could not be read.</exception>
    public LimitChange Prepare(GatewayConfig next)
    {
        var (config, isOtherZone) = (_config!, !_config!.LiteLlm.TimeZone.Equals(next.LiteLlm.TimeZone));
        var (before, after) = (LimitedAccount.In(config).ToList(), LimitedAccount.In(next).ToList());
        var kept = isOtherZone ? [] : before.Select(each => each.Account).Intersect(after.Select(each => each.Account)).ToHashSet();
        return new LimitChange(
            limiter, accept: isNext => _config = isNext ? next : config,
            sums: Read([.. after.Where(each => !kept.Contains(each.Account))], next),
            sumsBefore: Read([.. before.Where(each => !kept.Contains(each.Account))], config));
    }

    /// <summary>Books a correction in every account that has the row that is corrected.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The database could not be read.</exception>
    public void Correct(LedgerCorrection correction)
    {
        var accounts = LimitedAccount.In(_config!).ToList();
        // A reset takes back more than a period holds, and with it what was settled after it and is not written: so the user is loaded
        // anew.
        List<SpentSum> afterReset = correction.IsReset
            ? Read([.. accounts.Where(each => IsWhole(each.Account, correction.Subjects[0]))], _config!)
            : [];
        var limits = accounts.ToLookup(each => (each.Account.Kind, each.Account.Id), each => each.Limits);
        foreach (var subject in correction.Subjects)
        {
            var own = limits[(subject.Kind, subject.Kind == SubjectKind.EndUser ? null : subject.Id)].FirstOrDefault();
            var model = own?.ForModel(correction.ModelGroup)?.Model ?? correction.ModelGroup;
            limiter.Correct([subject], model, correction.Amount, correction.Time);
        }
        limiter.Load(afterReset);
    }

    /// <summary>What the ledger will be asked at a start.</summary>
    public IReadOnlyCollection<SumQuestion> Questions() =>
        new AccountSums([.. LimitedAccount.In(_config!)], CalendarOf(_config!), time.GetUtcNow()).Questions;

    private static bool IsWhole(LimitedAccount account, Subject subject) =>
        account.Model is null && account.Kind == subject.Kind && account.Id == subject.Id;

    private static BudgetCalendar CalendarOf(GatewayConfig config) => new(config.LiteLlm.TimeZone);

    private List<SpentSum> Read(List<(LimitedAccount, SubjectLimits)> accounts, GatewayConfig config)
    {
        if (accounts.Count == 0)
            return [];
        flush().Wait(MostFlush);
        var sums = new AccountSums(accounts, CalendarOf(config), time.GetUtcNow());
        return [.. sums.Answers(LedgerSums.Read(database, sums.Questions, store))];
    }

    /// <summary>Attempts of one request are one request, in each account that it passed.</summary>
    private List<RateSample> Rates(List<(LimitedAccount Account, SubjectLimits Limits)> accounts)
    {
        var limits = accounts.Select(each => (each.Account.Kind, each.Account.Id, each.Limits)).Distinct()
            .ToDictionary(each => (each.Kind, each.Id), each => each.Limits);
        var samples = new Dictionary<(Subject, string?, long), (long Requests, long Tokens)>();
        var seen = new HashSet<(Subject, string?, string)>();
        if (limits.Count == 0)
            return [];
        foreach (var attempt in LedgerSums.ReadRecent(database, time.GetUtcNow() - RateMemory))
        {
            foreach (var subject in attempt.Subjects)
            {
                if (!limits.TryGetValue((subject.Kind, subject.Kind == SubjectKind.EndUser ? null : subject.Id), out var own))
                    continue;
                Count(subject, null, attempt);
                if (own.ForModel(attempt.ModelGroup) is { } entry)
                    Count(subject, entry.Model, attempt);
            }
        }
        return
        [
            .. samples.Select(sample => new RateSample(
                sample.Key.Item1, sample.Key.Item2, DateTimeOffset.FromUnixTimeSeconds(sample.Key.Item3), sample.Value.Requests,
                sample.Value.Tokens)),
        ];

        void Count(Subject subject, string? model, RecentAttempt attempt)
        {
            var key = (subject, model, attempt.Time.ToUnixTimeSeconds());
            var (requests, tokens) = samples.GetValueOrDefault(key);
            samples[key] = (requests + (seen.Add((subject, model, attempt.ExchangeId)) ? 1 : 0), tokens + attempt.Tokens);
        }
    }
}
