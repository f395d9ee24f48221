namespace Gateway.Telemetry;

/// <summary>What is counted once per call to a deployment: outcome, usage, spend and times.</summary>
internal sealed class AttemptMetrics
{
    private readonly SeriesTable _calls;
    private readonly SeriesTable _successes;
    private readonly SeriesTable _failures;
    private readonly SeriesTable _cooldowns;
    private readonly SeriesTable _spend;
    private readonly SeriesTable _totalTokens;
    private readonly SeriesTable _inputTokens;
    private readonly SeriesTable _outputTokens;
    private readonly SeriesTable _cachedTokens;
    private readonly SeriesTable _cacheWriteTokens;
    private readonly SeriesTable _reasoningTokens;
    private readonly SeriesTable _unpriced;
    private readonly HistogramMetric _latencyPerToken;
    private readonly HistogramMetric _latency;
    private readonly HistogramMetric _timeToFirstToken;
    private readonly HistogramMetric _overhead;
    private readonly SeriesTable _remainingRequests;
    private readonly SeriesTable _remainingTokens;
    private readonly SeriesCache<AttemptLabels, Known> _known;

    public AttemptMetrics(MetricTables tables)
    {
        _known = new(tables.MostSeries, static labels => new(labels));
        string[] call =
        [
            Label.RequestedModel, Label.ModelName, Label.ModelId, Label.ApiBase, Label.Provider, Label.Key, Label.KeyAlias, Label.Team,
            Label.TeamAlias, Label.ClientIp, Label.UserAgent,
        ];
        _calls = tables.Counter("litellm_deployment_total_requests", "Calls to a deployment.", call);
        _successes = tables.Counter("litellm_deployment_success_responses", "Calls to a deployment that were answered.", call);
        _failures = tables.Counter("litellm_deployment_failure_responses", "Calls to a deployment that failed.",
            [.. call, Label.ExceptionStatus, Label.ExceptionClass]);
        _cooldowns = tables.Counter("litellm_deployment_cooled_down", "How often a deployment was left alone for a while.",
            Label.ModelName, Label.ModelId, Label.ApiBase, Label.Provider, Label.ExceptionStatus);

        _spend = tables.MoneyCounter("litellm_spend_metric", "Spend in USD.",
            Label.EndUser, Label.Key, Label.KeyAlias, Label.Team, Label.TeamAlias, Label.Model, Label.User, Label.UserEmail,
            Label.ClientIp, Label.UserAgent, Label.ModelId);
        string[] tokens =
        [
            Label.EndUser, Label.Key, Label.KeyAlias, Label.Team, Label.TeamAlias, Label.Model, Label.User, Label.UserEmail,
            Label.RequestedModel, Label.ModelId,
        ];
        _totalTokens = tables.Counter("litellm_total_tokens_metric", "Input and output tokens.", tokens);
        _inputTokens = tables.Counter("litellm_input_tokens_metric", "Input tokens, cached ones included.", tokens);
        _outputTokens = tables.Counter("litellm_output_tokens_metric", "Output tokens, reasoning included.", tokens);
        _cachedTokens = tables.Counter("litellm_input_cached_tokens_metric", "Input tokens read from a provider's cache.", tokens);
        _cacheWriteTokens = tables.Counter(
            "litellm_input_cache_creation_tokens_metric", "Input tokens written to a provider's cache.", tokens);
        _reasoningTokens = tables.Counter("litellm_output_reasoning_tokens_metric", "Reasoning tokens.", tokens);
        _unpriced = tables.Counter("litellm_zero_cost_requests", "Calls that were answered and booked without a cost.",
            Label.RequestedModel, Label.Model, Label.ModelId, Label.Provider, Label.Reason);

        string[] times =
        [
            Label.Model, Label.Key, Label.KeyAlias, Label.Team, Label.TeamAlias, Label.RequestedModel, Label.EndUser, Label.User,
            Label.ModelId,
        ];
        _latency = tables.Histogram("litellm_llm_api_latency_metric", "Seconds that a provider took for its answer.", times);
        _timeToFirstToken = tables.Histogram(
            "litellm_llm_api_time_to_first_token_metric", "Seconds to the first event of a stream.", times);
        _latencyPerToken = tables.Histogram(
            "litellm_deployment_latency_per_output_token", "Seconds that an answer took for each token of its output.",
            Label.ModelName, Label.ModelId, Label.ApiBase, Label.Provider, Label.Key, Label.KeyAlias, Label.Team, Label.TeamAlias);
        string[] place =
        [
            Label.ModelGroup, Label.Provider, Label.ApiBase, Label.ModelName, Label.Key, Label.KeyAlias, Label.ModelId,
        ];
        _overhead = tables.Histogram("litellm_overhead_latency_metric", "Seconds of a request that no provider took.", place);
        _remainingRequests = tables.LastValue(
            "litellm_remaining_requests_metric", "Requests that a provider's last answer said may still be made.", place);
        _remainingTokens = tables.LastValue(
            "litellm_remaining_tokens_metric", "Tokens that a provider's last answer said may still be used.", place);
    }

    public void Observe(Attempt attempt, in AttemptLabels labels)
    {
        var known = _known.Get(labels);
        (known.Calls ??= _calls.Get(CallOf(labels))).Add(1);
        CountUsage(attempt, known);
        SetRemaining(attempt.Remaining, known);
        if (attempt.ExceptionClass == Attempt.HedgeLost)
            return; // neither answered nor failed
        if (attempt.ExceptionClass is { } failure)
        {
            _failures.Get([.. CallOf(labels), MetricLabels.Text(attempt.Status), failure]).Add(1);
            return;
        }
        (known.Successes ??= _successes.Get(CallOf(labels))).Add(1);
        _latency.Record(attempt.Latency, known.Latency ??= _latency.Get(TimesOf(labels)));
        if (attempt.TimeToFirstToken is { } first)
            _timeToFirstToken.Record(first, known.FirstToken ??= _timeToFirstToken.Get(TimesOf(labels)));
        if (attempt.Usage.Completion is > 0 and var tokens)
            _latencyPerToken.Record(attempt.Latency / tokens, known.LatencyPerToken ??= _latencyPerToken.Get(
                labels.Model, labels.ModelId, labels.ApiBase, labels.Provider, labels.Caller.Key, labels.Caller.KeyAlias,
                labels.Caller.Team, Label.None));
        if (attempt.PriceId is null)
            (known.Unpriced ??= _unpriced.Get(
                labels.Caller.RequestedModel, labels.Model, labels.ModelId, labels.Provider, "missing_pricing_key")).Add(1);
    }

    /// <summary>The time of a request that none of its attempts took.</summary>
    public void ObserveOverhead(TimeSpan overhead, in AttemptLabels answered)
    {
        var known = _known.Get(answered);
        _overhead.Record(overhead > TimeSpan.Zero ? overhead : TimeSpan.Zero, known.Overhead ??= _overhead.Get(PlaceOf(answered)));
    }

    private void SetRemaining(in RemainingQuota remaining, Known known)
    {
        if (remaining.Requests is { } requests)
            (known.RemainingRequests ??= _remainingRequests.Get(PlaceOf(known.Labels))).Set(requests);
        if (remaining.Tokens is { } tokens)
            (known.RemainingTokens ??= _remainingTokens.Get(PlaceOf(known.Labels))).Set(tokens);
    }

    public void CooledDown(int status, in AttemptLabels labels) =>
        _cooldowns.Get(labels.Model, labels.ModelId, labels.ApiBase, labels.Provider, MetricLabels.Text(status)).Add(1);

    // Calls that failed half-way count too, so that the sums agree with the ledger's.
    private void CountUsage(Attempt attempt, Known known)
    {
        var usage = attempt.Usage;
        if (usage.Total > 0)
        {
            (known.TotalTokens ??= _totalTokens.Get(TokensOf(known.Labels))).Add(usage.Total);
            (known.InputTokens ??= _inputTokens.Get(TokensOf(known.Labels))).Add(usage.Prompt);
            (known.OutputTokens ??= _outputTokens.Get(TokensOf(known.Labels))).Add(usage.Completion);
        }
        if (usage.CachedRead > 0)
            (known.CachedTokens ??= _cachedTokens.Get(TokensOf(known.Labels))).Add(usage.CachedRead);
        if (usage.CacheWrite + usage.CacheWriteHour is > 0 and var written)
            (known.CacheWriteTokens ??= _cacheWriteTokens.Get(TokensOf(known.Labels))).Add(written);
        if (usage.Reasoning > 0)
            (known.ReasoningTokens ??= _reasoningTokens.Get(TokensOf(known.Labels))).Add(usage.Reasoning);
        if (attempt.ExceptionClass is null || attempt.Cost != NanoUsd.Zero)
            (known.Spend ??= _spend.Get(SpendOf(known.Labels))).Add(attempt.Cost.Value);
    }

    private static string[] CallOf(in AttemptLabels labels) =>
    [
        labels.Caller.RequestedModel, labels.Model, labels.ModelId, labels.ApiBase, labels.Provider, labels.Caller.Key,
        labels.Caller.KeyAlias, labels.Caller.Team, Label.None, labels.Caller.ClientIp, labels.Caller.UserAgent,
    ];

    private static string[] SpendOf(in AttemptLabels labels) =>
    [
        labels.Caller.EndUser, labels.Caller.Key, labels.Caller.KeyAlias, labels.Caller.Team, Label.None, labels.Model,
        labels.Caller.User, Label.None, labels.Caller.ClientIp, labels.Caller.UserAgent, labels.ModelId,
    ];

    private static string[] TokensOf(in AttemptLabels labels) =>
    [
        labels.Caller.EndUser, labels.Caller.Key, labels.Caller.KeyAlias, labels.Caller.Team, Label.None, labels.Model,
        labels.Caller.User, Label.None, labels.Caller.RequestedModel, labels.ModelId,
    ];

    private static string[] PlaceOf(in AttemptLabels labels) =>
    [
        labels.ModelGroup, labels.Provider, labels.ApiBase, labels.Model, labels.Caller.Key, labels.Caller.KeyAlias, labels.ModelId,
    ];

    private static string[] TimesOf(in AttemptLabels labels) =>
    [
        labels.Model, labels.Caller.Key, labels.Caller.KeyAlias, labels.Caller.Team, Label.None, labels.Caller.RequestedModel,
        labels.Caller.EndUser, labels.Caller.User, labels.ModelId,
    ];

    /// <summary>The series of one set of labels, found once and kept.</summary>
    private sealed class Known(AttemptLabels labels)
    {
        public AttemptLabels Labels => labels;
        public Series? Calls;
        public Series? Successes;
        public Series? Spend;
        public Series? TotalTokens;
        public Series? InputTokens;
        public Series? OutputTokens;
        public Series? CachedTokens;
        public Series? CacheWriteTokens;
        public Series? ReasoningTokens;
        public Series? Unpriced;
        public Series? LatencyPerToken;
        public Series? Latency;
        public Series? FirstToken;
        public Series? Overhead;
        public Series? RemainingRequests;
        public Series? RemainingTokens;
    }
}
