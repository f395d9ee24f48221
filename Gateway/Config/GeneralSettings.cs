using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary><c>general_settings</c>.</summary>
public sealed record GeneralSettings
{
    /// <summary>The admin key, from the file or LITELLM_MASTER_KEY. Null: none is configured; unusable: configured, matches nobody.</summary>
    public Secret? MasterKey { get; init; }

    /// <summary>True when the file asks for custom_auth, JWT or OAuth, which the gateway does not have: authentication stays on.</summary>
    public bool HasForeignAuth { get; init; }
    public string? LiteLlmKeyHeaderName { get; init; }
    public bool RequireAuthForMetricsEndpoint { get; init; } = true;
    public bool AlwaysIncludeStreamUsage { get; init; }

    /// <summary>A model that every chat or completions call is sent to. Null: the client's.</summary>
    public string? CompletionModel { get; init; }
    public string? EmbeddingModel { get; init; }

    /// <summary>The request header that names the end user. Null: none.</summary>
    public string? UserHeaderName { get; init; }
    public long MaxRequestSizeBytes { get; init; } = 50L << 20;

    /// <summary>All buffered bodies together.</summary>
    public long MaxBufferedBytes { get; init; } = 512L << 20;
    public ImmutableArray<string> CorsAllowOrigins { get; init; } = [];
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(30);
    public LedgerSync LedgerSync { get; init; } = LedgerSync.Normal;
    public CompatStatusCodes CompatStatusCodes { get; init; } = CompatStatusCodes.Current;
    public int MetricCardinality { get; init; } = 20_000;

    /// <summary>Keep balances, drop ledger detail.</summary>
    public bool DisableSpendLogs { get; init; }

    /// <summary>Answer /robots.txt with a refusal to every robot.</summary>
    public bool BlockRobots { get; init; }
}

/// <summary>How durable a ledger write is: NORMAL survives kill -9, FULL an operating-system crash too.</summary>
public enum LedgerSync { Normal, Full }

/// <summary>Which LiteLLM generation's status codes refusals carry.</summary>
public enum CompatStatusCodes { Current, Legacy }
