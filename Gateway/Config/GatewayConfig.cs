using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>A whole config file with its includes, as immutable records. Defaults stand for what the file leaves out.</summary>
public sealed record GatewayConfig
{
    public ImmutableArray<DeploymentConfig> ModelList { get; init; } = [];

    /// <summary>Names whose entries are left out of <see cref="ModelList"/> because an environment variable is missing.</summary>
    public ImmutableArray<string> ModelsOfMissingVariables { get; init; } = [];

    /// <summary>The accounts whose files and batches are served, one for each provider.</summary>
    public ImmutableArray<DeploymentConfig> FilesSettings { get; init; } = [];
    public LiteLlmSettings LiteLlm { get; init; } = new();
    public RouterSettings Router { get; init; } = new();
    public GeneralSettings General { get; init; } = new();
    public ImmutableArray<UserAccess> UserAccess { get; init; } = [];

    /// <summary>Users who share limits, each team once.</summary>
    public ImmutableArray<TeamAccess> Teams { get; init; } = [];

    /// <summary>What all callers together may spend, and how many requests there may be at one time.</summary>
    public SubjectLimits GatewayLimits => new()
    {
        MaxBudget = LiteLlm.MaxBudget,
        Period = LiteLlm.BudgetDuration,
        MaxParallelRequests = General.GlobalMaxParallelRequests,
    };

    /// <summary>True when user_access says something, readable or not.</summary>
    public bool HasUserAccess { get; init; }

    /// <summary>True when any key or authentication setting is configured, usable or not: then nobody gets in without a key.</summary>
    public bool RequiresKeys => General.MasterKey is not null || General.HasForeignAuth || HasUserAccess || !UserAccess.IsEmpty;
}
