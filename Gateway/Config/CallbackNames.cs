namespace Gateway.Config;

/// <summary>Says which of the callbacks that a config names do anything here.</summary>
internal static class CallbackNames
{
    private static readonly string[] Keys =
    [
        "callbacks", "success_callback", "failure_callback", "service_callback", "service_callbacks", "input_callback",
        "audit_log_callbacks",
    ];

    public static void Report(YamlSection s)
    {
        foreach (var key in Keys)
            foreach (var name in s.Words(key) ?? [])
                Report(s, key, name);
    }

    private static void Report(YamlSection s, string key, string name)
    {
        if (name is "prometheus" or "prometheus_system")
            return; // metrics are always on
        if (name.Contains('.'))
            s.Report(FindingKind.Refused, key, $"'{FindingLog.Clip(name)}' needs Python, which the gateway does not run");
        else
            s.Report(FindingKind.Ignored, key, $"'{FindingLog.Clip(name)}' is not built in");
    }
}
