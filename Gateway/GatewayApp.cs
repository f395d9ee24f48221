using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Gateway.Api;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Decisions;
using Gateway.Keys;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Pipeline;
using Gateway.Pricing;
using Gateway.Routing;
using Gateway.Storage;
using Gateway.Telemetry;
using Gateway.Upstream;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Data.Sqlite;

namespace Gateway;

/// <summary>The composition root: makes every object of a gateway, maps every URL, starts and stops it.</summary>
public sealed partial class GatewayApp : IAsyncDisposable
{
    /// <summary>Longer than the 100 s for which common clients and proxies keep an idle connection.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(130);

    private readonly List<object> _owned = [];
    private WebApplication? _web;
    private KeyRing? _keys;
    private SpendLedger? _ledger;
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

    private static WebApplication NewWeb(GatewayOptions options, ILoggerFactory logs, GatewayMetrics metrics)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(logs);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Config.General.ShutdownGrace);
        metrics.ExportTo(builder.Services);
        if (!options.Config.General.CorsAllowOrigins.IsEmpty)
            AddCors(builder.Services, options.Config.General.CorsAllowOrigins);
        return builder.Build();
    }

    private static ILoggerFactory NewLogs(GatewayOptions options) => LoggerFactory.Create(logging =>
    {
        if (options.LogsEvents)
            LogFormat.Use(logging, options.Config.LiteLlm.JsonLogs);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // a start that fails is told of in one line
    });

    private static void AddCors(IServiceCollection services, ImmutableArray<string> origins) => services.AddCors(cors => cors.AddDefaultPolicy(policy =>
    {
        if (origins.Contains("*"))
            policy.AllowAnyOrigin();
        else
            policy.WithOrigins([.. origins]);
        policy.AllowAnyHeader().WithMethods("GET", "POST").WithExposedHeaders("x-litellm-call-id", "x-litellm-response-cost", "x-gateway-decision", "retry-after");
    }));

    private static void Listen(KestrelServerOptions kestrel, GatewayOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null; // the pipeline has its own limit, with its own answer
        kestrel.Limits.KeepAliveTimeout = KeepAlive;
        foreach (var address in AddressesOf(options.Host))
        {
            kestrel.Listen(address, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (options.CertificateFile is null)
                    return;
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(CertificateFile.Serve(options.CertificateFile, options.CertificateKeyFile!, options.Time));
            });
        }
    }

    /// <summary>An address, a name that means this machine's interfaces, or a host name to resolve.</summary>
    private static IPAddress[] AddressesOf(string host)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
            return [address];
        if (host is "*" or "+")
            return [Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any]; // the former takes IPv4 too
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return [IPAddress.Loopback];
        try
        {
            return Dns.GetHostAddresses(host) is { Length: > 0 } found ? found : throw new StartException($"The host '{host}' has no address.");
        }
        catch (SocketException e)
        {
            throw new StartException($"The host '{host}' to listen on is not known: {e.Message}", e);
        }
    }

    /// <summary>Makes every object, those that others need first.</summary>
    private WebApplication Compose(GatewayOptions options)
    {
        var config = options.Config;
        var time = options.Time;
        var findings = new List<ConfigFinding>();
        var catalog = ModelCatalog.Build(config, options.Environment, PriceBook.Embedded, time.GetUtcNow(), findings);
        Findings = findings;
        var current = new GatewaySnapshot(config, catalog);
        GatewaySnapshot Snapshot() => current;

        var logs = Own(NewLogs(options));
        _log = logs.CreateLogger<GatewayApp>();
        Own(DatabaseLock.Take(options.DatabasePath));
        var database = Database.Open(options.DatabasePath, syncEveryCommit: config.General.LedgerSync == LedgerSync.Full);
        var ledger = Own(new SpendLedger(database, time, logs.CreateLogger<SpendLedger>(), keepRows: !config.General.DisableSpendLogs));
        _ledger = ledger;
        var decisions = Own(new DecisionLog(database, ledger.Writer, time, () => Snapshot().Config.General.DecisionRetention));
        _keys = Own(config.RequiresKeys
            ? new KeyRing(KeySetupOf(config), Own(new KeyStore(database, time)), time, logs.CreateLogger<KeyRing>())
            : KeyRing.Open());
        var limiter = new Limiter(ledger.LoadBalances());
        var router = new Router(config.Router, time, options.Random, (group, index) => PriceAt(catalog, group, index, time));
        var buffers = new BufferBudget(config.General.MaxBufferedBytes);
        _load = () => (Snapshot().Catalog.Deployments.Sum(router.InFlightAt), buffers.Used);
        var upstream = Own(new UpstreamClient(buffers, time));
        var metrics = Own(new GatewayMetrics(
            MetricSettingsOf(config, catalog, _keys, limiter, router), logs.CreateLogger<GatewayMetrics>()));
        var log = Own(new RequestLog(options.LogOutput, config.LiteLlm.JsonLogs, TimeProvider.System));
        var web = NewWeb(options, logs, metrics);
        var stopping = web.Lifetime.ApplicationStopping;
        var attempts = new Attempts(router, upstream, metrics, time, options.Random, stopping);
        var checks = new RequestChecks(_keys, limiter);
        var pipeline = new GatewayPipeline(
            Snapshot, checks, limiter, attempts, ledger, decisions, metrics, log, buffers, time, logs.CreateLogger<GatewayPipeline>(), stopping);
        var probes = new HealthProbes(Snapshot, upstream, ledger, time, stopping);
        var health = Own(new HealthChecks(
            Snapshot, probes, router.SetHealth, time, options.Random, logs.CreateLogger<HealthChecks>()));
        health.Start();
        Map(web, pipeline, _keys, ledger, Snapshot, health, () => ServingState.Of(Snapshot(), router, health));
        ExplainApi.Map(web, decisions, new DryRun(Snapshot, checks, _keys, router, buffers, time), _keys, Snapshot);
        return web;
    }

    /// <summary>Every URL of the gateway.</summary>
    private static void Map(
        WebApplication web, GatewayPipeline pipeline, KeyRing keys, SpendLedger ledger, Func<GatewaySnapshot> snapshot,
        HealthChecks checks, Func<ServingState> serving)
    {
        web.UseRouting();
        if (!snapshot().Config.General.CorsAllowOrigins.IsEmpty)
            web.UseCors();
        web.Use(next => http => ApiAnswer.ServeAsync(http, next));
        var admin = new AdminAccess(keys, snapshot);
        ClientApi.Map(web, pipeline);
        ModelsApi.Map(web, keys, snapshot);
        HealthApi.Map(web, admin, ledger, snapshot, checks, serving);
        MetricsApi.Map(web, admin, snapshot);
        ManagementApi.Map(web, admin, snapshot);
    }

    /// <summary>What a million tokens in and a million out cost, to compare by. Null: unknown.</summary>
    private static NanoUsd? PriceAt(ModelCatalog catalog, ModelGroup group, int index, TimeProvider time)
    {
        var deployment = group.Deployments[index];
        return catalog.PriceFor(deployment, group.UpstreamModelOf(deployment), time.GetUtcNow())
            ?.CostOf(new Usage { Input = 1_000_000, Output = 1_000_000 }, TimeSpan.Zero);
    }

    private static KeySetup KeySetupOf(GatewayConfig config) => new()
    {
        MasterKey = config.General.MasterKey is { IsUsable: true } master ? master.Reveal() : null,
        HeaderName = config.General.LiteLlmKeyHeaderName,
        Users =
        [
            .. config.UserAccess.Select(user => new KeyUser(
                user.UserId, [.. user.ApiKeys.Select(key => key.IsUsable ? key.Reveal() : null)], user.Models, user.MaxBudget, user.KeyAlias,
                user.TeamId, user.IsBlocked)),
        ],
    };

    /// <summary>
    /// The model names that metrics may show: those of the config, and of a wildcard those that the price book knows. Whatever else a
    /// wildcard lets through is a client's text.
    /// </summary>
    private static FrozenSet<string> NamesOf(GatewayConfig config, ModelCatalog catalog) =>
    [
        .. catalog.Deployments.Select(deployment => deployment.ModelName),
        .. config.Router.ModelGroupAlias.Select(alias => alias.Alias),
        .. catalog.Listed.Select(listed => listed.Name),
    ];

    private static MetricSettings MetricSettingsOf(
        GatewayConfig config, ModelCatalog catalog, KeyRing keys, Limiter limiter, Router router)
    {
        var names = NamesOf(config, catalog);
        var clientLabels = config.LiteLlm.ShownClientLabels.ToDictionary(
            label => label.Key, label => (IReadOnlyCollection<string>)label.Value);
        var keyCount = config.UserAccess.Sum(user => Math.Max(1, user.ApiKeys.Length));
        var most = config.General.MetricCardinality;
        return new()
        {
            // Beside the users' keys: the master key and callers without any.
            SeriesLimit = SeriesBound.OfRequests(
                keyCount + 2, names.Count + 1, catalog.Deployments.Length, clientLabels.Values.Select(values => values.Count), most),
            GaugeLimit = SeriesBound.OfGauges(Math.Max(keyCount, catalog.Deployments.Length), most),
            ClientLabels = clientLabels,
            IsKnownModel = names.Contains,
            Budgets = () => config.UserAccess.Where(user => user.MaxBudget is not null).Select(user =>
                new UserBudget(user.UserId, user.MaxBudget!.Value - limiter.SpentByUser(user.UserId), user.MaxBudget.Value)),
            KeyBudgets = () => keys.Callers.Where(caller => caller.MaxBudget is not null).Select(caller => new KeyBudget(
                caller.KeyId, caller.KeyAlias, caller.MaxBudget!.Value - limiter.SpentByUser(caller.UserId), caller.MaxBudget.Value)),
            Deployments = () => catalog.Deployments.Select(deployment => new DeploymentStatus(
                deployment.Id, deployment.Model, deployment.ApiBase, deployment.Provider.Name, (int)router.HealthOf(deployment),
                deployment.Params.Tpm, deployment.Params.Rpm)),
        };
    }

    private T Own<T>(T owned)
        where T : class
    {
        _owned.Add(owned);
        return owned;
    }

    [LoggerMessage(1, LogLevel.Error, "{Part} did not stop as it should: {Reason}")]
    private static partial void LogNotStopped(ILogger log, string part, string reason);
}
