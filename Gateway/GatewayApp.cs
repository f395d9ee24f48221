using System.Net.Sockets;
using Gateway.Alerts;
using Gateway.Api;
using Gateway.Config;
using Gateway.Decisions;
using Gateway.Keys;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Pipeline;
using Gateway.Reload;
using Gateway.Routing;
using Gateway.Storage;
using Gateway.Telemetry;
using Gateway.Upstream;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;

namespace Gateway;

/// <summary>The composition root: makes every object of a gateway, maps every URL, starts and stops it.</summary>
public sealed partial class GatewayApp : IAsyncDisposable
{
    private readonly List<object> _owned = [];
    private WebApplication? _web;
    private KeyRing? _keys;
    private SpendLedger? _ledger;
    private ConfigReloader? _reloader;
    private ILogger? _log;
    private Func<(int Calls, long BufferedBytes)>? _load;

    private GatewayApp()
    {
    }

    /// <summary>Where the gateway listens: <c>http://127.0.0.1:4000</c>.</summary>
    public IReadOnlyList<string> Addresses =>
        [.. _web!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    /// <summary>Keys minted at this start, in the config's order. They are told only now.</summary>
    public IReadOnlyList<(string UserId, string Key)> MintedKeys { get; private set; } = [];

    /// <summary>What there is to say of the models, beside what the config reader said.</summary>
    public IReadOnlyList<ConfigFinding> Findings { get; private set; } = [];

    /// <summary>Who has spent and reserved what.</summary>
    internal Limiter? Limiter { get; private set; }

    /// <summary>Calls to deployments that have not ended, and bytes that are buffered: both 0 when no request runs.</summary>
    internal (int Calls, long BufferedBytes) Load => _load?.Invoke() ?? default;

    /// <summary>Attempts that could not be written when the gateway stopped; 0 until then.</summary>
    public long LostRows => _ledger?.Lost ?? 0;

    /// <summary>Starts a gateway: it listens when this returns.</summary>
    /// <exception cref="StartException">It cannot be started: the port or the database is taken, keys are missing …</exception>
    public static async Task<GatewayApp> StartAsync(GatewayOptions options)
    {
        RefuseOpenDoors(options);
        var app = new GatewayApp();
        try
        {
            app._web = app.Compose(options);
            await app._web.StartAsync();
            app.MintedKeys = app._keys!.MintMissing();
            return app;
        }
        catch (Exception e)
        {
            var isComposed = app._web is not null;
            await app.DisposeAsync();
            if (WhyNotStarted(e, isComposed, options) is { } reason)
                throw new StartException(reason, e);
            throw;
        }
    }

    /// <summary>Reads the config again and puts it into effect, or leaves the one before in place; says so in the log.</summary>
    public ReloadResult Reload(ReloadCause cause) => _reloader!.Reload(cause);

    /// <summary>Ends when the gateway was told to stop (Ctrl-C, SIGTERM) and has finished what was running.</summary>
    public Task WaitForShutdownAsync() => _web!.WaitForShutdownAsync();

    /// <summary>
    /// Stops the gateway: running requests may finish within the grace time, then what they cost is written. A part that fails to
    /// stop is logged and keeps no other from stopping: the ledger must come to its turn.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_web is { } web)
        {
            await StopAsync("the listener", new(web.StopAsync()));
            await StopAsync("the web application", web.DisposeAsync());
            _web = null;
        }
        foreach (var owned in Enumerable.Reverse(_owned))
            await StopAsync(owned.GetType().Name, DisposeOfAsync(owned));
        _owned.Clear();
    }

    private async Task StopAsync(string part, ValueTask stopping)
    {
        try
        {
            await stopping;
        }
        catch (Exception e)
        {
            if (_log is { } log)
                LogNotStopped(log, part, e.Message);
        }
    }

    /// <summary>Async, so that what a plain Dispose throws comes with the task.</summary>
    private static async ValueTask DisposeOfAsync(object owned)
    {
        if (owned is IAsyncDisposable asynchronous)
            await asynchronous.DisposeAsync();
        else
            (owned as IDisposable)?.Dispose();
    }

    /// <summary>One line for the operator. Null: a bug of the gateway, which shows itself in full.</summary>
    /// <param name="isComposed">True: everything was made, so what failed was listening or minting keys.</param>
    private static string? WhyNotStarted(Exception e, bool isComposed, GatewayOptions options) => e switch
    {
        StorageException => e.Message,
        SqliteException sqlite => $"{options.DatabasePath}: {Database.Explain(sqlite)}",
        // Kestrel wraps "in use" in an IOException; "not my address", "no IPv6" and "not allowed" come as they are.
        IOException or SocketException when isComposed =>
            $"The gateway cannot listen on {options.Host}:{options.Port}: {e.Message.ReplaceLineEndings(" ")}",
        IOException or UnauthorizedAccessException => e.Message.ReplaceLineEndings(" "),
        _ => null,
    };

    /// <summary>Without keys, everybody who reaches the gateway is its admin: so nobody else may reach it.</summary>
    private static void RefuseOpenDoors(GatewayOptions options)
    {
        if (!options.Config.RequiresKeys && !OpenAccess.IsLoopback(options.Host))
            throw new StartException(
                $"No keys are configured, so the gateway serves this machine only and will not listen on '{options.Host}'. "
                + "Set general_settings.master_key (or the variable LITELLM_MASTER_KEY) or user_access, or use --host 127.0.0.1.");
    }

    private static ILoggerFactory NewLogs(GatewayOptions options) => LoggerFactory.Create(logging =>
    {
        if (options.LogsEvents)
            LogFormat.Use(logging, options.Config.LiteLlm.JsonLogs);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // a start that fails is told of in one line
    });

    /// <summary>Makes every object, those that others need first.</summary>
    private WebApplication Compose(GatewayOptions options)
    {
        var config = options.Config;
        var time = options.Time;
        var live = new LiveConfig(options);
        Findings = live.Findings;

        var logs = Own(NewLogs(options));
        _log = logs.CreateLogger<GatewayApp>();
        Own(DatabaseLock.Take(options.DatabasePath));
        var database = Database.Open(options.DatabasePath, syncEveryCommit: config.General.LedgerSync == LedgerSync.Full);
        var sums = new SumStore(database);
        var keeper = Own(new SumKeeper(database, sums, time, logs.CreateLogger<SumKeeper>()));
        var ledger = Own(new SpendLedger(database, time, logs.CreateLogger<SpendLedger>(), keepRows: !config.General.DisableSpendLogs));
        _ledger = ledger;
        Own(new HeadLog(database, time, logs.CreateLogger<HeadLog>()));
        Own(new LedgerRetention(
            database, () => RetentionCut.Of(live.Snapshot().Config, time.GetUtcNow()),
            () => live.Snapshot().Config.General.SpendLogsRetentionInterval, time, logs.CreateLogger<LedgerRetention>()));
        var decisions = Own(new DecisionLog(database, ledger.Writer, time, () => live.Snapshot().Config.General.DecisionRetention));
        _keys = Own(new KeyRing(LiveConfig.KeySetupOf(config), Own(new KeyStore(database, time)), time, logs.CreateLogger<KeyRing>()));
        var limiter = new Limiter(time, LiveConfig.LimiterSettingsOf(config));
        Limiter = limiter;
        var limits = new LimitLoading(database, sums, limiter, ledger.FlushAsync, time);
        var lastCorrection = limits.Start(config);
        keeper.Questions = limits.Questions;
        Own(new CorrectionWatch(database, lastCorrection, limits.Correct, time, logs.CreateLogger<CorrectionWatch>()));
        Own(new AlertSender(
            limiter.Alerts, () => live.Snapshot().Config.General.Alerts, time, options.Random, logs.CreateLogger<AlertSender>(),
            TimeProvider.System));
        var router = new Router(config.Router, time, options.Random, live.PriceAt);
        var buffers = new BufferBudget(config.General.MaxBufferedBytes);
        _load = () => (live.Snapshot().Catalog.Deployments.Sum(router.InFlightAt), buffers.Used);
        var upstream = Own(new UpstreamClient(buffers, time));
        var metricSetup = new MetricSetup(live.Snapshot, _keys, limiter, router, decisions, time);
        var metrics = Own(new GatewayMetrics(metricSetup.Make(live.Snapshot()), logs.CreateLogger<GatewayMetrics>()));
        var log = Own(new RequestLog(options.LogOutput, config.LiteLlm.JsonLogs, TimeProvider.System));
        var web = GatewayWeb.Make(options, logs, metrics);
        metrics.Config.Good(time.GetUtcNow());
        live.Connect(new(_keys, limiter, limits, router, buffers, metrics, metricSetup, web));
        _reloader = Own(new ConfigReloader(
            options.Source, live.Apply, [.. options.Source?.First.Findings ?? [], .. Findings],
            outcome => metrics.Config.Observe(NameOf(outcome), outcome != ReloadOutcome.Failed, time.GetUtcNow()),
            time, logs.CreateLogger<ConfigReloader>()));
        var stopping = web.Lifetime.ApplicationStopping;
        var attempts = new Attempts(router, upstream, ledger, metrics, time, options.Random, stopping);
        var checks = new RequestChecks(_keys, limiter, time);
        var owned = Own(new OwnedIds(database, ledger.Writer, time));
        var files = new FileCalls(owned, limiter, new FileUpstream(upstream, ledger, time), buffers);
        var responses = Own(new ResponseStore(time));
        var pipeline = new GatewayPipeline(
            live.Snapshot, checks, limiter, attempts, files, ledger, decisions, metrics, log, buffers, responses, new ResponseIds(owned, responses), time,
            logs.CreateLogger<GatewayPipeline>(), stopping);
        var probes = new HealthProbes(live.Snapshot, checks, upstream, ledger, time, stopping);
        var health = Own(new HealthChecks(
            live.Snapshot, probes, router.SetHealth, time, options.Random, logs.CreateLogger<HealthChecks>()));
        health.Start();
        Map(web, pipeline, _keys, ledger, _reloader, live.Snapshot, health, () => ServingState.Of(live.Snapshot(), router, health));
        TokenCountApi.Map(web, new TokenCount(live.Snapshot, checks, buffers, time));
        SpendApi.Map(web, _keys, limiter, live.Snapshot, time);
        ExplainApi.Map(web, decisions, new DryRun(live.Snapshot, checks, _keys, router, buffers, time), _keys, live.Snapshot);
        return web;
    }

    /// <summary>Every URL of the gateway.</summary>
    private static void Map(
        WebApplication web, GatewayPipeline pipeline, KeyRing keys, SpendLedger ledger, ConfigReloader reloader,
        Func<GatewaySnapshot> snapshot, HealthChecks checks, Func<ServingState> serving)
    {
        web.UseRouting();
        if (!snapshot().Config.General.CorsAllowOrigins.IsEmpty)
            web.UseCors();
        web.Use(next => http => ApiAnswer.ServeAsync(http, next));
        var admin = new AdminAccess(keys, snapshot);
        ClientApi.Map(web, pipeline);
        PassThroughApi.Map(web, pipeline);
        FilesApi.Map(web, pipeline);
        ModelsApi.Map(web, keys, snapshot);
        HealthApi.Map(web, admin, ledger, reloader, snapshot, checks, serving);
        ConfigApi.Map(web, admin, reloader, snapshot);
        MetricsApi.Map(web, admin, snapshot);
        ManagementApi.Map(web, admin, snapshot);
    }

    /// <summary>As metrics call it.</summary>
    private static string NameOf(ReloadOutcome outcome) => outcome switch
    {
        ReloadOutcome.Applied => "applied",
        ReloadOutcome.Unchanged => "unchanged",
        _ => "failed",
    };

    private T Own<T>(T owned)
        where T : class
    {
        _owned.Add(owned);
        return owned;
    }

    [LoggerMessage(1, LogLevel.Error, "{Part} did not stop as it should: {Reason}")]
    private static partial void LogNotStopped(ILogger log, string part, string reason);
}
