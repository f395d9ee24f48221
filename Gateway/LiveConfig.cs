using System.Collections.Immutable;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Keys;
using Gateway.Limits;
using Gateway.Pipeline;
using Gateway.Pricing;
using Gateway.Reload;
using Gateway.Routing;
using Gateway.Telemetry;
using Gateway.Upstream;
using Microsoft.Extensions.Options;

namespace Gateway;

/// <summary>The config that a running gateway works with, which a reload replaces whole.</summary>
internal sealed class LiveConfig
{
    private readonly TimeProvider _time;
    private readonly int _seriesAtStart;
    private readonly bool _keepsRows;
    private LiveParts? _parts;
    private GatewaySnapshot _current;

    public LiveConfig(GatewayOptions options)
    {
        _time = options.Time;
        _keepsRows = !options.Config.General.DisableSpendLogs;
        var findings = new List<ConfigFinding>();
        _current = Build(options.Config, options.Environment, findings);
        _seriesAtStart = MetricSetup.SeriesFor(_current);
        Findings = findings;
    }

    /// <summary>What there was to say of the models at the start.</summary>
    public IReadOnlyList<ConfigFinding> Findings { get; }

    /// <summary>What a request reads once, at its start.</summary>
    public GatewaySnapshot Snapshot() => Volatile.Read(ref _current);

    /// <summary>Names the parts that take over what a new config says. Comes before the first <see cref="Apply"/>.</summary>
    public void Connect(LiveParts parts) => _parts = parts;

    /// <summary>
    /// Puts a config into effect: (1) refuse one that opens doors or budgets, (2) build its models and read what its budgets have spent, (3) change who is let in, (4) change the rest.
    /// After 2 only 3 can fail, so it comes first of what changes anything. Requests that run finish with the snapshot that they read; between
    /// 3 and 4 one may meet new keys with the models of before, never revoked keys with new models.
    /// </summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The minted keys cannot be read, and nothing has changed.</exception>
    public ConfigChange Apply(LoadedConfig loaded)
    {
        var (config, parts) = (loaded.Config, _parts!);
        // 1
        if ((OpenDoor(_current.Config, config) ?? OpenBudget(config)) is { } open)
            return new() { Findings = [open] };
        // 2
        var findings = new List<ConfigFinding>();
        var next = Build(config, loaded.Environment, findings);
        var settings = parts.MetricSetup.Make(next);
        var limits = parts.Limits.Prepare(config);
        limits.Apply(); // before a caller can bring the limits that it opens
        // 3
        var withoutKey = UseKeys(config, limits);
        // 4
        parts.Router.Use(config.Router);
        parts.Limiter.Settings = LimiterSettingsOf(config);
        parts.Buffers.Use(config.General.MaxBufferedBytes);
        parts.Metrics.Use(settings);
        // The host reads it when it stops.
        parts.Web.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout = config.General.ShutdownGrace;
        Volatile.Write(ref _current, next);
        limits.Apply(); // again: a request may just have read the config of before
        parts.Router.Forget(next.Catalog.Deployments);
        return new()
        {
            Findings = [.. findings],
            UsersWithoutKey = [.. withoutKey],
            NeedsRestart = settings.SeriesLimit <= _seriesAtStart ? []
                : [$"room in the metrics (made for {_seriesAtStart} label sets each, this config may need {settings.SeriesLimit})"],
        };
    }

    /// <returns>Users that a key is to be minted for.</returns>
    private IReadOnlyList<string> UseKeys(GatewayConfig config, LimitChange limits)
    {
        try
        {
            return [.. _parts!.Keys.Use(KeySetupOf(config))];
        }
        catch
        {
            limits.TakeBack();
            throw;
        }
    }

    /// <summary>What a million tokens in and a million out cost, to compare by. Null: unknown.</summary>
    public NanoUsd? PriceAt(ModelGroup group, int index)
    {
        var deployment = group.Deployments[index];
        return Snapshot().Catalog.PriceFor(deployment, group.UpstreamModelOf(deployment), _time.GetUtcNow())
            ?.CostOf(new Usage { Input = 1_000_000, Output = 1_000_000 }, TimeSpan.Zero);
    }

    /// <summary>How the limiter decides with a config.</summary>
    public static LimiterSettings LimiterSettingsOf(GatewayConfig config) => new()
    {
        BudgetWait = config.General.BudgetWait,
        MinOutputTokens = config.General.MinOutputTokens,
        AmpleOutputTokens = config.General.DefaultMaxOutputTokens,
        Calendar = new BudgetCalendar(config.LiteLlm.TimeZone),
    };

    public static KeySetup KeySetupOf(GatewayConfig config) => new()
    {
        IsOpen = !config.RequiresKeys,
        MasterKey = config.General.MasterKey is { IsUsable: true } master ? master.Reveal() : null,
        HeaderName = config.General.LiteLlmKeyHeaderName,
        GatewayLimits = config.GatewayLimits,
        Users = [.. config.UserAccess.Select(user => new KeyUser
        {
            UserId = user.UserId,
            Keys = [.. user.Keys.Select(entry => new KeyEntry(entry.Key.IsUsable ? entry.Key.Reveal() : null, entry.KeyAlias, entry.Limits))],
            Models = user.Models,
            Limits = user.Limits,
            KeyAlias = user.KeyAlias,
            Team = TeamOf(config, user),
            IsBlocked = user.IsBlocked,
        })],
    };

    /// <summary>The team that a user names, or else one that names the user; a name that has no entry is still a team, without limits.</summary>
    private static KeyTeam? TeamOf(GatewayConfig config, UserAccess user)
    {
        foreach (var team in config.Teams)
        {
            if (user.TeamId is { } own ? own == team.TeamId : team.Members.Contains(user.UserId))
                return new(team.TeamId, team.TeamAlias, team.Models, team.Limits, team.IsBlocked);
        }
        return user.TeamId is { } id ? new(id, null, [], SubjectLimits.None) : null;
    }

    private GatewaySnapshot Build(GatewayConfig config, IReadOnlyDictionary<string, string> environment, List<ConfigFinding> findings) =>
        new(config, ModelCatalog.Build(config, environment, PriceBook.Embedded, _time.GetUtcNow(), findings));

    /// <summary>
    /// A file that lost its keys, or whose <c>.env</c> did, is more often an accident than meant: what was locked stays locked until
    /// a restart. Null: nothing is opened.
    /// </summary>
    private static ConfigFinding? OpenDoor(GatewayConfig before, GatewayConfig after)
    {
        if (before.RequiresKeys && !after.RequiresKeys)
            return Refuse("user_access", "no keys are configured any more, which would let in everybody; restart the gateway if that is meant");
        if (before.General.MasterKey is not null && after.General.MasterKey is null)
            return Refuse("general_settings.master_key",
                "is not set any more, which would open the admin's URLs to every program on this machine; restart the gateway if that is meant");
        return null;
    }

    /// <summary>
    /// A gateway that was started without rows begins to write them at its next start; until then nobody could tell after a crash what of a
    /// budget was spent. Null: there is none, or rows are kept.
    /// </summary>
    private ConfigFinding? OpenBudget(GatewayConfig after) => _keepsRows || SpendLogCheck.FirstBudget(after) is not { } where
        ? null
        : Refuse("general_settings.disable_spend_logs",
            $"was true when the gateway started, and {where} has a budget now, whose spend is the sum of rows; restart the gateway");

    private static ConfigFinding Refuse(string path, string message) => new(FindingKind.Fatal, "the config", 0, path, message);
}

/// <summary>What a new config is handed to.</summary>
internal sealed record LiveParts(
    KeyRing Keys, Limiter Limiter, LimitLoading Limits, Router Router, BufferBudget Buffers, GatewayMetrics Metrics, MetricSetup MetricSetup, WebApplication Web);
