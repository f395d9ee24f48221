using System.Collections.Immutable;
using System.Globalization;
using Gateway.Config;

namespace Gateway.Reload;

/// <summary>Knows the settings that a running gateway cannot change, because what they shape was made when it started.</summary>
internal static class RestartSettings
{
    private static readonly (string Name, Func<GatewayConfig, string> Value)[] Fixed =
    [
        ("general_settings.cors_allow_origins", config => string.Join('\n', config.General.CorsAllowOrigins)),
        ("general_settings.disable_spend_logs", config => Text(config.General.DisableSpendLogs)),
        ("general_settings.ledger_sync", config => Text(config.General.LedgerSync)),
        ("general_settings.metric_cardinality", config => Text(config.General.MetricCardinality)),
        ("litellm_settings.json_logs", config => Text(config.LiteLlm.JsonLogs)),
    ];

    /// <summary>Where the gateway listens, when the command line does not say it.</summary>
    private static readonly string[] Variables = ["HOST", "PORT"];

    /// <summary>The names of those that differ.</summary>
    public static ImmutableArray<string> Differing(LoadedConfig started, LoadedConfig now) =>
    [
        .. Fixed.Where(setting => setting.Value(started.Config) != setting.Value(now.Config)).Select(setting => setting.Name),
        .. Variables.Where(name => started.Environment.GetValueOrDefault(name) != now.Environment.GetValueOrDefault(name))
            .Select(name => $"the variable {name}"),
    ];

    private static string Text<T>(T value) => string.Create(CultureInfo.InvariantCulture, $"{value}");
}
