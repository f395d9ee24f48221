using System.Collections.Frozen;
using System.Globalization;

namespace Gateway.Telemetry;

/// <summary>Turns exchanges and attempts into label values, none of which is a client's text unless the settings list it.</summary>
internal sealed class MetricLabels(MetricSettings settings)
{
    private readonly FrozenSet<string>? _endUsers = Allowed(settings, Label.EndUser);
    private readonly FrozenSet<string>? _clientIps = Allowed(settings, Label.ClientIp);
    private readonly FrozenSet<string>? _userAgents = Allowed(settings, Label.UserAgent);

    public RequestLabels Of(Exchange exchange)
    {
        var caller = exchange.Caller;
        var last = exchange.Last;
        var labels = new CallerLabels(
            Text(caller?.KeyId), Text(caller?.KeyAlias), Text(caller?.TeamId), Text(caller?.UserId),
            Listed(exchange.EndUser, _endUsers), Listed(exchange.ClientIp, _clientIps), Listed(exchange.UserAgent, _userAgents),
            exchange.ModelGroup is { } group ? Group(group) : exchange.RequestedModel is null ? Label.None : Label.Other);
        return new(labels, exchange.Route, exchange.Status, last is null ? Label.None : Model(last), last?.DeploymentId ?? Label.None);
    }

    public AttemptLabels Of(Attempt attempt, in CallerLabels caller) => new(
        caller, Group(attempt.ModelGroup), Model(attempt), attempt.DeploymentId, Text(attempt.ApiBase), attempt.Provider);

    /// <summary>The group's name; <c>other</c> when a client made it up within a wildcard.</summary>
    public string Group(string name) => settings.IsKnownModel(name) ? name : Label.Other;

    /// <summary>The model in LiteLLM's spelling, which a wildcard takes from the client like the group.</summary>
    public string Model(Attempt attempt) => settings.IsKnownModel(attempt.ModelGroup) ? attempt.Model : Label.Other;

    public static string Text(string? value) => string.IsNullOrEmpty(value) ? Label.None : value;

    public static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);

    private static string Listed(string? value, FrozenSet<string>? allowed) =>
        allowed is null || string.IsNullOrEmpty(value) ? Label.None : allowed.Contains(value) ? value : Label.Other;

    private static FrozenSet<string>? Allowed(MetricSettings settings, string label) =>
        settings.ClientLabels.TryGetValue(label, out var values) ? values.ToFrozenSet(StringComparer.Ordinal) : null;
}
