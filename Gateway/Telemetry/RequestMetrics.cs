namespace Gateway.Telemetry;

/// <summary>What is counted once per request, whatever came of it.</summary>
internal sealed class RequestMetrics
{
    private readonly SeriesTable _requests;
    private readonly SeriesTable _failures;
    private readonly SeriesTable _goodFallbacks;
    private readonly SeriesTable _failedFallbacks;
    private readonly HistogramMetric _latency;
    private readonly SeriesCache<RequestLabels, Known> _known;

    public RequestMetrics(MetricTables tables)
    {
        _known = new(tables.MostSeries, static _ => new());
        _requests = tables.Counter("litellm_proxy_total_requests_metric", "Requests, answered or refused.",
            Label.EndUser, Label.Key, Label.KeyAlias, Label.Team, Label.TeamAlias, Label.RequestedModel, Label.User,
            Label.StatusCode, Label.UserEmail, Label.Route, Label.ClientIp, Label.UserAgent, Label.ModelId);
        _failures = tables.Counter("litellm_proxy_failed_requests_metric", "Requests that were refused or failed.",
            Label.EndUser, Label.Key, Label.KeyAlias, Label.Team, Label.TeamAlias, Label.RequestedModel, Label.User,
            Label.UserEmail, Label.ExceptionStatus, Label.ExceptionClass, Label.Route, Label.ClientIp, Label.UserAgent, Label.ModelId);
        _latency = tables.Histogram("litellm_request_total_latency_metric", "Seconds from a request's head to its answer's end.",
            Label.EndUser, Label.Key, Label.KeyAlias, Label.Team, Label.TeamAlias, Label.RequestedModel, Label.User,
            Label.Model, Label.ModelId);
        string[] fallback =
        [
            Label.RequestedModel, Label.FallbackModel, Label.Key, Label.KeyAlias, Label.Team, Label.TeamAlias,
            Label.ExceptionStatus, Label.ExceptionClass, Label.ModelId,
        ];
        _goodFallbacks = tables.Counter("litellm_deployment_successful_fallbacks", "Fallbacks that answered.", fallback);
        _failedFallbacks = tables.Counter("litellm_deployment_failed_fallbacks", "Fallbacks that failed too.", fallback);
    }

    public void Observe(Exchange exchange, in RequestLabels labels, MetricLabels names)
    {
        var known = _known.Get(labels);
        (known.Requests ??= RequestsOf(labels)).Add(1);
        if (exchange.Status < 400)
            _latency.Record(exchange.Duration, known.Latency ??= LatencyOf(labels));
        else
            FailuresOf(labels, exchange).Add(1);
        if (exchange.Fallbacks is not null)
            CountFallbacks(exchange, labels.Caller, names);
    }

    private void CountFallbacks(Exchange exchange, in CallerLabels caller, MetricLabels names)
    {
        foreach (var fallback in exchange.Fallbacks!)
            (fallback.Succeeded ? _goodFallbacks : _failedFallbacks).Get(
                names.Group(fallback.From), names.Group(fallback.To), caller.Key, caller.KeyAlias, caller.Team, Label.None,
                MetricLabels.Text(fallback.Status), MetricLabels.Text(fallback.ExceptionClass), AskedLast(exchange, fallback.To)).Add(1);
    }

    /// <summary>The deployment of a group that was asked last, which is the one that answered when it did.</summary>
    private static string AskedLast(Exchange exchange, string group) =>
        exchange.Attempts.FindLast(attempt => attempt.ModelGroup == group)?.DeploymentId ?? Label.None;

    private Series RequestsOf(in RequestLabels labels) => _requests.Get(
        labels.Caller.EndUser, labels.Caller.Key, labels.Caller.KeyAlias, labels.Caller.Team, Label.None, labels.Caller.RequestedModel,
        labels.Caller.User, MetricLabels.Text(labels.Status), Label.None, labels.Route, labels.Caller.ClientIp, labels.Caller.UserAgent,
        labels.ModelId);

    private Series LatencyOf(in RequestLabels labels) => _latency.Get(
        labels.Caller.EndUser, labels.Caller.Key, labels.Caller.KeyAlias, labels.Caller.Team, Label.None, labels.Caller.RequestedModel,
        labels.Caller.User, labels.Model, labels.ModelId);

    private Series FailuresOf(in RequestLabels labels, Exchange exchange) => _failures.Get(
        labels.Caller.EndUser, labels.Caller.Key, labels.Caller.KeyAlias, labels.Caller.Team, Label.None, labels.Caller.RequestedModel,
        labels.Caller.User, Label.None, MetricLabels.Text(labels.Status),
        MetricLabels.Text(exchange.Error?.ExceptionClass ?? exchange.Last?.ExceptionClass), labels.Route, labels.Caller.ClientIp,
        labels.Caller.UserAgent, labels.ModelId);

    private sealed class Known
    {
        public Series? Requests;
        public Series? Latency;
    }
}
