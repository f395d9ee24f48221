using System.Collections.Immutable;
using System.IO.Enumeration;

namespace Gateway;

/// <summary>What one subject may spend and how fast, as the config says. Null: no limit. Zero: nothing at all.</summary>
public sealed record SubjectLimits
{
    /// <summary>No limit at all: the subject is only counted.</summary>
    public static readonly SubjectLimits None = new();

    /// <summary>What may be spent in a <see cref="Period"/>.</summary>
    public NanoUsd? MaxBudget { get; init; }

    /// <summary>Above this an alert is sent; nothing is refused.</summary>
    public NanoUsd? SoftBudget { get; init; }

    /// <summary>How often the budget begins anew. Null: never.</summary>
    public BudgetPeriod? Period { get; init; }

    /// <summary>Requests in any 60 seconds.</summary>
    public long? Rpm { get; init; }

    /// <summary>Tokens, input and output, in any 60 seconds.</summary>
    public long? Tpm { get; init; }

    /// <summary>Requests at one time.</summary>
    public int? MaxParallelRequests { get; init; }

    /// <summary>Limits of the subject for one model, or for the models of a pattern together.</summary>
    public ImmutableArray<SubjectModelLimits> Models { get; init; } = [];

    /// <summary>True when anything is limited, models included.</summary>
    public bool IsLimited =>
        MaxBudget is not null || SoftBudget is not null || Rpm is not null || Tpm is not null || MaxParallelRequests is not null
        || !Models.IsEmpty;

    /// <summary>True when any money is limited, that for one model included.</summary>
    public bool HasBudget => MaxBudget is not null || Models.Any(static model => model.Limits.MaxBudget is not null);

    /// <summary>The limits for a model: those of its name, else of the longest pattern that fits. Null: none.</summary>
    public SubjectModelLimits? ForModel(string model)
    {
        SubjectModelLimits? best = null;
        foreach (var entry in Models)
        {
            if (entry.Model == model)
                return entry;
            if (entry.Model.Length > (best?.Model.Length ?? 0) && entry.Model.Contains('*')
                && FileSystemName.MatchesSimpleExpression(entry.Model, model, ignoreCase: false))
                best = entry;
        }
        return best;
    }
}

/// <summary>Limits of a subject for a model.</summary>
/// <param name="Model">A model group's name, or a pattern with <c>*</c>, whose models share the limits.</param>
/// <param name="Limits">Their own <see cref="SubjectLimits.Models"/> do not count.</param>
public sealed record SubjectModelLimits(string Model, SubjectLimits Limits);
