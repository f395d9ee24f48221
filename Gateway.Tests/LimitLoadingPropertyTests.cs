using CsCheck;
using Gateway.Config;
using Gateway.Ledger;
using Gateway.Limits;

namespace Gateway.Tests;

/// <summary>What a start loads is what the rows add up to, over random histories.</summary>
public sealed class LimitLoadingPropertyTests
{
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"];
    private static readonly string[] Periods = ["30s", "45m", "2h", "1d", "3d", "1w", "1mo", "2mo", "yearly"];
    private static readonly string[] Models = ["gpt-4o", "gpt-4o-mini", "claude", "other"];

    [Test]
    public async Task LoadedSumsAreTheSumsOfTheRows() =>
        await Gen.Int.SampleAsync(async seed =>
        {
            var random = new Random(seed);
            var now = new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(60 * 24 * 90));
            await using var ledger = new LedgerFixture(now);
            var config = RandomConfig(random);
            var book = new List<BookRow>();
            config = config with { General = config.General with { SpendLogsRetention = Limits.LimitFixture.Period("1d") } };
            var (keepAt, moveAt) = (random.Next(60), random.Next(60));
            for (var i = 0; i < 40; i++)
            {
                if (i == keepAt)
                    Keep(ledger, config);
                if (i == moveAt)
                    MoveOldMonths(ledger, config, now);
                await Step(ledger, book, random, now);
            }
            AssertSums(ledger, config, book, now);
            MoveOldMonths(ledger, config, now);
            AssertSums(ledger, config, book, now);
            File.Delete(ledger.Store.Path);
            AssertSums(ledger, config, book, now);
            Assert.That(LedgerProof.Of(ledger.Database, null).Broken, Is.Null);
            Assert.That(LedgerProof.OfDatabase(ledger.Database).Broken, Is.Null);
        }, iter: 60, threads: 2);

    /// <summary>A row, as a simple book has it.</summary>
    private sealed record BookRow(
        long Id, DateTimeOffset Time, long Cost, string User, string? Team, string? EndUser, string[] Tags, string Provider, string Model,
        bool IsReset = false, bool IsCorrection = false);

    private static async Task Step(LedgerFixture ledger, List<BookRow> book, Random random, DateTimeOffset now)
    {
        var estimated = book.Where(row => !row.IsCorrection && row.Model == "other").ToList();
        switch (random.Next(10))
        {
            case 0 when estimated.Count > 0:
                var corrected = estimated[random.Next(estimated.Count)];
                if (ledger.Settle(corrected.Id, random.Next(1000)) is not 0 and var difference)
                    book.Add(corrected with { Id = ledger.LastRow, Cost = difference, IsCorrection = true });
                break;
            case 1:
                var user = random.Next(2) == 0 ? "a" : "b";
                var before = ledger.LastRow;
                ledger.Reset(user);
                if (ledger.LastRow > before)
                    book.Add(new BookRow(ledger.LastRow, now, 0, user, null, null, [], "", "", IsReset: true));
                break;
            default:
                var row = RandomRow(random, now);
                var caller = new Caller { UserId = row.User, KeyId = "k" + row.User, TeamId = row.Team };
                await ledger.BookAsync(
                    caller, row.Cost, row.Time, row.Model, row.EndUser, row.Tags, isEstimated: row.Model == "other", row.Provider);
                book.Add(row with { Id = ledger.LastRow });
                break;
        }
    }

    private static BookRow RandomRow(Random random, DateTimeOffset now)
    {
        // From the last seconds to a year: each unit as often as the others.
        var ago = TimeSpan.FromMilliseconds(Math.Pow(10, random.NextDouble() * 10.5));
        var user = random.Next(2) == 0 ? "a" : "b";
        return new BookRow(
            0, DateTimeOffset.FromUnixTimeMilliseconds((now - ago).ToUnixTimeMilliseconds()), random.Next(1, 1000), user,
            random.Next(2) == 0 ? "red" : null, random.Next(3) switch { 0 => null, 1 => "ann", _ => "bea" },
            random.Next(3) switch { 0 => [], 1 => ["x"], _ => ["x", "y", "x"] }, random.Next(2) == 0 ? "openai" : "azure",
            Models[random.Next(Models.Length)]);
    }

    private static GatewayConfig RandomConfig(Random random)
    {
        return LedgerFixture.Config($$"""
            litellm_settings:
              timezone: {{Zones[random.Next(Zones.Length)]}}
              max_budget: 1
              {{Duration()}}
              default_end_user_params: { max_budget: 1, {{Duration()}} }
            user_access:
              - user_id: a
                api_key: sk-aaaaaaaa
                max_budget: 1
                {{Duration()}}
                model_max_budget: { "gpt-*": { max_budget: 1, {{Duration()}} }, gpt-4o: { max_budget: 1, {{Duration()}} } }
              - user_id: b
                api_key: sk-bbbbbbbb
            teams:
              - team_id: red
                max_budget: 1
                {{Duration()}}
                model_max_budget: { "*": { max_budget: 1, {{Duration()}} } }
            router_settings:
              provider_budget_config: { openai: { budget_limit: 1, time_period: {{Periods[random.Next(Periods.Length)]}} } }
              tag_budget_config: { x: { max_budget: 1, {{Duration()}} } }
            """);

        string Duration() => random.Next(4) == 0 ? "" : "budget_duration: " + Periods[random.Next(Periods.Length)];
    }

    private static void Keep(LedgerFixture ledger, GatewayConfig config)
    {
        var (_, loading) = ledger.Start(config);
        ledger.Store.Keep(LedgerSums.Read(ledger.Database, loading.Questions(), ledger.Store));
    }

    private static void MoveOldMonths(LedgerFixture ledger, GatewayConfig config, DateTimeOffset now)
    {
        var writer = new ArchiveWriter(ledger.Database);
        while (writer.MoveSome(RetentionCut.Of(config, now)!.Value) > 0)
        {
        }
    }

    private static void AssertSums(LedgerFixture ledger, GatewayConfig config, List<BookRow> book, DateTimeOffset now)
    {
        var (limiter, _) = ledger.Start(config);
        var calendar = new BudgetCalendar(config.LiteLlm.TimeZone);
        var lastReset = book.Where(row => row.IsReset).GroupBy(row => row.User).ToDictionary(g => g.Key, g => g.Max(row => row.Id));
        Assert.Multiple(() =>
        {
            Check(Subject.Everybody, config.GatewayLimits, _ => true);
            Check(new(SubjectKind.Team, "red"), config.Teams[0].Limits, row => row.Team == "red");
            Check(new(SubjectKind.User, "a"), config.UserAccess[0].Limits, row => row.User == "a");
            Check(new(SubjectKind.User, "b"), config.UserAccess[1].Limits, row => row.User == "b");
            Check(new(SubjectKind.Key, "ka"), SubjectLimits.None, row => row.User == "a");
            Check(new(SubjectKind.EndUser, "ann"), config.LiteLlm.EndUserLimits, row => row.EndUser == "ann");
            Check(new(SubjectKind.EndUser, "bea"), config.LiteLlm.EndUserLimits, row => row.EndUser == "bea");
            Check(new(SubjectKind.Tag, "x"), config.Router.TagBudgets[0].Value, row => row.Tags.Contains("x"));
            Check(new(SubjectKind.Provider, "openai"), config.Router.ProviderBudgets[0].Value, row => row.Provider == "openai");
        });

        void Check(Subject subject, SubjectLimits limits, Func<BookRow, bool> isOf)
        {
            var since = subject.Kind == SubjectKind.User ? lastReset.GetValueOrDefault(subject.Id) : 0;
            var rows = book.Where(row => !row.IsReset && isOf(row)).ToList();
            AssertSpent(subject, null, limits.Period, rows.Where(row => row.Id > since));
            foreach (var entry in limits.Models)
                AssertSpent(subject, entry.Model, entry.Limits.Period, rows.Where(row => limits.ForModel(row.Model) == entry));
        }

        void AssertSpent(Subject subject, string? model, BudgetPeriod? period, IEnumerable<BookRow> rows)
        {
            var start = calendar.SpanAt(period, now).Start;
            var expected = Math.Max(0, rows.Where(row => row.Time >= start).Sum(row => row.Cost));
            Assert.That(limiter.FactsOf(subject, model)?.Spent.Value ?? 0, Is.EqualTo(expected), $"{subject} {model} {period}");
        }
    }
}
