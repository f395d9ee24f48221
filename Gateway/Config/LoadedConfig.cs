using System.Collections.Immutable;

namespace Gateway.Config;

/// <summary>A config as it was read, with what there is to say about it.</summary>
public sealed record LoadedConfig(GatewayConfig Config, ImmutableArray<ConfigFinding> Findings)
{
    /// <summary>The process's variables, those of <c>.env</c> and of <c>environment_variables</c>: where provider keys are.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Every file that was looked for, in the order of reading: the file, its <c>.env</c>, its includes.</summary>
    public ImmutableArray<ReadFile> Files { get; init; } = [];

    /// <summary>A config that was not read from a file.</summary>
    public static LoadedConfig Of(GatewayConfig config, IReadOnlyDictionary<string, string> environment) =>
        new(config, []) { Environment = environment };

    /// <summary>False when a finding is fatal.</summary>
    public bool WouldStart => !Findings.Any(finding => finding.Kind == FindingKind.Fatal);
}
