using Gateway.Config;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Storage;
using Gateway.Tests.Ledger;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests;

/// <summary>A ledger in a file, and limiters that are told what it knows.</summary>
internal sealed class LedgerFixture : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    public LedgerFixture(DateTimeOffset now)
    {
        Time = new FakeTimeProvider(now);
        Database = _folder.OpenDatabase();
        Store = new SumStore(Database);
        Ledger = new SpendLedger(Database, Time, NullLogger<SpendLedger>.Instance);
    }

    public FakeTimeProvider Time { get; }
    public Database Database { get; }
    public SumStore Store { get; }
    public SpendLedger Ledger { get; }
    public string Folder => _folder.Path;
    public LedgerClerk Clerk => new(Database, Time);

    /// <summary>The number of the last row that was booked.</summary>
    public long LastRow { get; private set; }

    /// <summary>The path of a file beside the database.</summary>
    public string File(string name) => _folder.File(name);

    /// <summary>Books an attempt; it is written when this returns.</summary>
    public async Task BookAsync(
        Caller caller, long cost, DateTimeOffset at, string model = "gpt-4o", string? endUser = null, string[]? tags = null,
        bool isEstimated = false, string provider = "openai")
    {
        var exchange = Sample.Exchange(caller, new NanoUsd(cost), at: at);
        exchange.Attempts.Clear();
        (exchange.EndUser, exchange.Tags) = (endUser, tags ?? []);
        exchange.Attempts.Add(new Attempt
        {
            Number = 1,
            Kind = AttemptKind.First,
            ModelGroup = model,
            DeploymentId = "d1",
            Provider = provider,
            Model = provider + "/" + model,
            ApiBase = "https://api.example",
            StartedAt = at,
            Status = 200,
            Usage = new Usage { Input = 10, Output = 5 },
            Cost = new NanoUsd(cost),
            IsEstimated = isEstimated,
        });
        Ledger.Append(exchange);
        await Ledger.FlushAsync().WaitAsync(GatewayHost.Patience);
        LastRow++;
    }

    /// <summary>Leaves an attempt in flight, which the next start finds.</summary>
    public async Task CrashAsync(Exchange exchange)
    {
        Assert.That(await Ledger.OpenAsync(exchange, exchange.Attempts[0]).AsTask().WaitAsync(GatewayHost.Patience));
        await new SpendLedger(Database, Time, NullLogger<SpendLedger>.Instance).DisposeAsync();
        LastRow++;
    }

    /// <summary>Says what an attempt cost that was estimated.</summary>
    /// <returns>What that adds; zero where it was booked so.</returns>
    public long Settle(long row, long cost)
    {
        if (Clerk.Settle(row, new NanoUsd(cost), out var difference) is null)
            LastRow++;
        return difference.Value;
    }

    public void Reset(string user)
    {
        if (Clerk.Reset(user, out _) is null)
            LastRow++;
    }

    /// <summary>A limiter as a start makes it.</summary>
    public (Limiter Limiter, LimitLoading Loading) Start(GatewayConfig config)
    {
        var limiter = new Limiter(Time, new LimiterSettings { Calendar = new BudgetCalendar(config.LiteLlm.TimeZone) });
        var loading = new LimitLoading(Database, Store, limiter, Ledger.FlushAsync, Time);
        loading.Start(config);
        return (limiter, loading);
    }

    public static GatewayConfig Config(string yaml)
    {
        var loaded = ConfigReader.Parse(yaml, "test.yaml", new Dictionary<string, string>());
        Assert.That(loaded.Findings.Where(finding => finding.Kind is FindingKind.Fatal or FindingKind.Invalid), Is.Empty);
        return loaded.Config;
    }

    public async ValueTask DisposeAsync()
    {
        await Ledger.DisposeAsync();
        _folder.Dispose();
    }
}
