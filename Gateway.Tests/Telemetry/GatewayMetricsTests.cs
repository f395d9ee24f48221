using System.Net;
using Gateway.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Telemetry;

public sealed class GatewayMetricsTests
{
    [Test]
    public async Task ARequestShowsUnderLiteLlmsNamesAndLabels()
    {
        await using var app = await StartAsync(new());
        app.Metrics.Started();
        app.Metrics.Observe(Given.Exchange(Given.Attempt()));
        var text = await app.ScrapeAsync();

        Assert.Multiple(() =>
        {
            Assert.That(text.ContentType, Does.StartWith("text/plain"));
            Assert.That(text.LinesOf("litellm_proxy_total_requests_metric_total"), Is.EqualTo((string[])
                [Line("litellm_proxy_total_requests_metric_total", 1,
                    "end_user=None", "hashed_api_key=abc123", "api_key_alias=alpha-key", "team=None", "team_alias=None",
                    "requested_model=gpt-4o", "user=team-alpha", "status_code=200", "user_email=None", "route=/v1/chat/completions",
                    "client_ip=None", "user_agent=None", "model_id=d1")]));
            Assert.That(text.LinesOf("litellm_spend_metric_total"), Is.EqualTo((string[])
                [Line("litellm_spend_metric_total", "1.25E-05",
                    "end_user=None", "hashed_api_key=abc123", "api_key_alias=alpha-key", "team=None", "team_alias=None",
                    "model=openai/gpt-4o", "user=team-alpha", "user_email=None", "client_ip=None", "user_agent=None", "model_id=d1")]));
            Assert.That(text.ValueOf("litellm_total_tokens_metric_total"), Is.EqualTo("120"));
            Assert.That(text.ValueOf("litellm_input_tokens_metric_total"), Is.EqualTo("100"));
            Assert.That(text.ValueOf("litellm_output_tokens_metric_total"), Is.EqualTo("20"));
            Assert.That(text.ValueOf("litellm_input_cached_tokens_metric_total"), Is.EqualTo("10"));
            Assert.That(text.ValueOf("litellm_output_reasoning_tokens_metric_total"), Is.EqualTo("5"));
            Assert.That(text.ValueOf("litellm_deployment_success_responses_total"), Is.EqualTo("1"));
            Assert.That(text.LinesOf("litellm_deployment_total_requests_total"), Is.EqualTo((string[])
                [Line("litellm_deployment_total_requests_total", 1,
                    "requested_model=gpt-4o", "litellm_model_name=openai/gpt-4o", "model_id=d1", "api_base=https://api.example/v1",
                    "api_provider=openai", "hashed_api_key=abc123", "api_key_alias=alpha-key", "team=None", "team_alias=None",
                    "client_ip=None", "user_agent=None")]));
            Assert.That(text.Of("litellm_proxy_failed_requests_metric_total"), Is.Empty);
            Assert.That(text.ValueOf("litellm_in_flight_requests"), Is.EqualTo("0"));
            Assert.That(text.Body, Does.Not.Contain("otel_scope").And.Not.Contain("target_info"));
        });
    }

    [Test]
    public async Task TimesAreHistogramsInSecondsWithLiteLlmsBuckets()
    {
        await using var app = await StartAsync(new());
        var stream = Given.Attempt();
        stream.TimeToFirstToken = TimeSpan.FromMilliseconds(300);
        app.Metrics.Observe(Given.Exchange(stream));
        var text = await app.ScrapeAsync();

        string[] bounds =
        [
            "0.005", "0.00625", "0.0125", "0.025", "0.05", "0.1", "0.5", .. Enumerable.Range(2, 19).Select(i => $"{i / 2.0}"),
            "15", "20", "25", "30", "60", "120", "180", "240", "300", "+Inf",
        ];
        Assert.Multiple(() =>
        {
            foreach (var (name, sum) in new[]
                {
                    ("litellm_request_total_latency_metric", "1.25"), ("litellm_llm_api_latency_metric", "1"),
                    ("litellm_llm_api_time_to_first_token_metric", "0.3"), ("litellm_overhead_latency_metric", "0.25"),
                })
            {
                Assert.That(text.Of(name + "_bucket").Select(line => line.Labels["le"]), Is.EqualTo(bounds), name);
                Assert.That(text.ValueOf(name + "_sum"), Is.EqualTo(sum), name);
                Assert.That(text.ValueOf(name + "_count"), Is.EqualTo("1"), name);
            }
            Assert.That(text.LinesOf("litellm_overhead_latency_metric_count"), Is.EqualTo((string[])
                [Line("litellm_overhead_latency_metric_count", 1, "model_group=gpt-4o", "api_provider=openai",
                    "api_base=https://api.example/v1", "litellm_model_name=openai/gpt-4o", "hashed_api_key=abc123",
                    "api_key_alias=alpha-key", "model_id=d1")]));
        });
    }

    [Test]
    public async Task AFallbackThatAnswersShowsWhatFailedBeforeIt()
    {
        await using var app = await StartAsync(new());
        var failed = Given.Attempt();
        (failed.Status, failed.ExceptionClass, failed.Cost, failed.Usage) = (429, "RateLimitError", NanoUsd.Zero, default);
        var exchange = Given.Exchange(failed, Given.Attempt(2, AttemptKind.Fallback, "claude", "d2"));
        exchange.AddFallback(new("gpt-4o", "claude", 429, "RateLimitError", Succeeded: true));
        app.Metrics.Observe(exchange);
        app.Metrics.CooledDown(failed);
        var text = await app.ScrapeAsync();

        Assert.Multiple(() =>
        {
            Assert.That(text.LinesOf("litellm_deployment_successful_fallbacks_total"), Is.EqualTo((string[])
                [Line("litellm_deployment_successful_fallbacks_total", 1, "requested_model=gpt-4o", "fallback_model=claude",
                    "hashed_api_key=abc123", "api_key_alias=alpha-key", "team=None", "team_alias=None", "exception_status=429",
                    "exception_class=RateLimitError", "model_id=d2")]));
            Assert.That(text.Of("litellm_deployment_failed_fallbacks_total"), Is.Empty);
            Assert.That(text.LinesOf("litellm_deployment_failure_responses_total").Single(),
                Does.Contain("exception_class=RateLimitError exception_status=429").And.Contain("model_id=d1"));
            Assert.That(text.LinesOf("litellm_deployment_cooled_down_total"), Is.EqualTo((string[])
                [Line("litellm_deployment_cooled_down_total", 1, "litellm_model_name=openai/gpt-4o", "model_id=d1",
                    "api_base=https://api.example/v1", "api_provider=openai", "exception_status=429")]));
            Assert.That(text.Of("litellm_proxy_total_requests_metric_total").Single().Labels["model_id"], Is.EqualTo("d2"));
        });
    }

    [Test]
    public async Task FallbacksThatFailShowTooEvenOnesThatFoundNoDeployment()
    {
        await using var app = await StartAsync(new() { IsKnownModel = static name => !name.Contains("made-up") });
        var failed = Given.Attempt();
        (failed.Status, failed.ExceptionClass) = (500, "InternalServerError");
        var second = Given.Attempt(2, AttemptKind.Fallback, "claude", "d2");
        (second.Status, second.ExceptionClass) = (408, "Timeout");
        var exchange = Given.Exchange(failed, second);
        exchange.AddFallback(new("gpt-4o", "claude", 500, "InternalServerError", Succeeded: false));
        exchange.AddFallback(new("gpt-4o", "openai/made-up", 500, "InternalServerError", Succeeded: false));
        app.Metrics.Observe(exchange);
        var text = await app.ScrapeAsync();

        string[] shown = ["requested_model", "fallback_model", "exception_class", "model_id"];
        Assert.That(
            text.Of("litellm_deployment_failed_fallbacks_total").Select(line => string.Join(' ', shown.Select(name => line.Labels[name]))),
            Is.EquivalentTo((string[])["gpt-4o claude InternalServerError d2", "gpt-4o other InternalServerError None"]));
        Assert.That(text.Of("litellm_deployment_successful_fallbacks_total"), Is.Empty);
    }

    [Test]
    public async Task WhatAProviderSaysIsLeftShowsUntilItSaysOtherwise()
    {
        await using var app = await StartAsync(new());
        foreach (var remaining in (RemainingQuota[])[new(100, 5_000), new(99, null), default])
        {
            var attempt = Given.Attempt();
            attempt.Remaining = remaining;
            app.Metrics.Observe(Given.Exchange(attempt));
        }
        var text = await app.ScrapeAsync();

        Assert.That(text.LinesOf("litellm_remaining_requests_metric"), Is.EqualTo((string[])
            [Line("litellm_remaining_requests_metric", 99, "model_group=gpt-4o", "api_provider=openai", "api_base=https://api.example/v1",
                "litellm_model_name=openai/gpt-4o", "hashed_api_key=abc123", "api_key_alias=alpha-key", "model_id=d1")]));
        Assert.That(text.ValueOf("litellm_remaining_tokens_metric"), Is.EqualTo("5000"));
    }

    [Test]
    public async Task ARefusalWithoutCallerCountsAsFailedWithItsClass()
    {
        await using var app = await StartAsync(new());
        app.Metrics.Observe(new()
        {
            Id = "x",
            StartedAt = default,
            Route = "/v1/models",
            Status = 401,
            Error = new() { Status = 401, Type = "auth_error", Message = "no" },
        });
        var text = await app.ScrapeAsync();
        Assert.That(text.LinesOf("litellm_proxy_failed_requests_metric_total"), Is.EqualTo((string[])
            [Line("litellm_proxy_failed_requests_metric_total", 1, "end_user=None", "hashed_api_key=None", "api_key_alias=None",
                "team=None", "team_alias=None", "requested_model=None", "user=None", "user_email=None", "exception_status=401",
                "exception_class=ProxyException", "route=/v1/models", "client_ip=None", "user_agent=None", "model_id=None")]));
        Assert.That(text.Of("litellm_request_total_latency_metric_count"), Is.Empty);
    }

    [Test]
    public async Task NoLabelHoldsWhatAClientMadeUp()
    {
        await using var app = await StartAsync(new()
        {
            IsKnownModel = static name => name == "gpt-4o",
            ClientLabels = new Dictionary<string, IReadOnlyCollection<string>> { ["user_agent"] = ["curl/8"] },
        });
        foreach (var (requested, group, agent) in new[]
            {
                ("secret-1", null, "secret-2"), ("openai/secret-3", "openai/secret-3", "curl/8"), ("gpt-4o", "gpt-4o", null),
            })
        {
            var exchange = Given.Exchange(group is null ? [] : [Given.Attempt(group: group)]);
            (exchange.RequestedModel, exchange.ModelGroup, exchange.UserAgent) = (requested, group, agent);
            (exchange.ClientIp, exchange.EndUser) = ("secret-4", "secret-5");
            app.Metrics.Observe(exchange);
        }
        var text = await app.ScrapeAsync();
        Assert.That(text.Body, Does.Not.Contain("secret"));
        var requests = text.Of("litellm_proxy_total_requests_metric_total");
        Assert.That(requests.Select(line => $"{line.Labels["requested_model"]} {line.Labels["user_agent"]}"),
            Is.EquivalentTo((string[])["other other", "other curl/8", "gpt-4o None"]));
    }

    [Test]
    public async Task SeriesBeyondTheLimitShareOneAndTheLimitIsSaidOnce()
    {
        var log = new CountingLogger();
        await using var app = await StartAsync(new() { SeriesLimit = 3 }, log);
        for (var round = 0; round < 2; round++)
            for (var i = 0; i < 10; i++)
                app.Metrics.Observe(Given.Exchange(Given.Attempt(id: $"d{i}")));
        var text = await app.ScrapeAsync();

        Assert.Multiple(() =>
        {
            foreach (var name in new[] { "litellm_spend_metric_total", "litellm_llm_api_latency_metric_count" })
            {
                Assert.That(text.Of(name), Has.Length.EqualTo(4), name);
                Assert.That(text.Of(name).Single(line => line.Labels["user"] == "other").Labels["model_id"], Is.EqualTo("other"), name);
            }
            var calls = text.Of("litellm_deployment_total_requests_total");
            Assert.That(calls.Sum(line => int.Parse(line.Value)), Is.EqualTo(20), "nothing is lost");
            Assert.That(text.Of("gateway_metric_series_overflow_total").Count(line => line.Labels["metric"] == "litellm_spend_metric"),
                Is.EqualTo(1));
            Assert.That(log.Messages.Count(message => message.Contains("litellm_spend_metric ")), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task AScraperThatAsksForOpenMetricsGetsTheSameNames()
    {
        await using var app = await StartAsync(new());
        app.Metrics.Observe(Given.Exchange(Given.Attempt()));
        var text = await app.ScrapeAsync("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
        Assert.That(text.ContentType, Does.StartWith("application/openmetrics-text"));
        Assert.That(text.ValueOf("litellm_proxy_total_requests_metric_total"), Is.EqualTo("1"));
        Assert.That(text.ValueOf("litellm_llm_api_latency_metric_count"), Is.EqualTo("1"));
        Assert.That(text.ValueOf("litellm_in_flight_requests"), Is.EqualTo("-1"));
    }

    [Test]
    public async Task BudgetsAndDeploymentStatesAreReadAtTheScrape()
    {
        var spent = 0m;
        await using var app = await StartAsync(new()
        {
            Budgets = () => [Budget(SubjectKind.User, "team-alpha", spent)],
            KeyBudgets = () => [Budget(SubjectKind.Key, "abc123", spent)],
            Deployments = () =>
            [
                new("d1", "openai/gpt-4o", "https://api.example/v1", "openai", 2, 100_000, 60), new("d2", "openai/gpt-4o", "", "mock", 0),
            ],
        });
        spent = 0.5m;
        var text = await app.ScrapeAsync();
        Assert.That(text.LinesOf("litellm_remaining_user_budget_metric"), Is.EqualTo((string[])
            [Line("litellm_remaining_user_budget_metric", "499.5", "user=team-alpha")]));
        Assert.That(text.ValueOf("litellm_user_max_budget_metric"), Is.EqualTo("500"));
        Assert.That(text.LinesOf("litellm_remaining_api_key_budget_metric"), Is.EqualTo((string[])
            [Line("litellm_remaining_api_key_budget_metric", "499.5", "hashed_api_key=abc123", "api_key_alias=None")]));
        Assert.That(text.ValueOf("litellm_api_key_max_budget_metric"), Is.EqualTo("500"));
        Assert.That(text.LinesOf("litellm_deployment_state"), Is.EqualTo((string[])
            [Line("litellm_deployment_state", 2, "litellm_model_name=openai/gpt-4o", "model_id=d1",
                "api_base=https://api.example/v1", "api_provider=openai"),
             Line("litellm_deployment_state", 0, "litellm_model_name=openai/gpt-4o", "model_id=d2",
                "api_base=None", "api_provider=mock")]));
        Assert.That(text.ValueOf("litellm_deployment_tpm_limit"), Is.EqualTo("100000"), "of the one that has a limit");
        Assert.That(text.LinesOf("litellm_deployment_rpm_limit"), Is.EqualTo((string[])
            [Line("litellm_deployment_rpm_limit", 60, "litellm_model_name=openai/gpt-4o", "model_id=d1",
                "api_base=https://api.example/v1", "api_provider=openai")]));
    }

    [Test]
    public async Task AGaugeShowsAsManySeriesAsItMayAndSaysThatThereAreMore()
    {
        var log = new CountingLogger();
        await using var app = await StartAsync(new()
        {
            GaugeLimit = 2,
            Deployments = () => Enumerable.Range(0, 5).Select(i => new DeploymentStatus($"d{i}", "openai/gpt-4o", "", "openai", 0)),
        }, log);
        var text = await app.ScrapeAsync();
        Assert.That(text.Of("litellm_deployment_state").Select(line => line.Labels["model_id"]), Is.EqualTo((string[])["d0", "d1"]));
        Assert.That(log.Messages, Has.One.Contains("litellm_deployment_state "));
    }

    [Test]
    public async Task AnAnswerShowsItsTimePerTokenItsCacheWritesAndWhetherItHadNoPrice()
    {
        await using var app = await StartAsync(new());
        var unpriced = Given.Attempt();
        (unpriced.PriceId, unpriced.Cost) = (null, NanoUsd.Zero);
        unpriced.Usage = new() { Input = 10, CacheWrite = 3, CacheWriteHour = 4, Output = 8 };
        app.Metrics.Observe(Given.Exchange(unpriced));
        app.Metrics.Observe(Given.Exchange(Given.Attempt()));
        var text = await app.ScrapeAsync();

        Assert.That(text.LinesOf("litellm_deployment_latency_per_output_token_sum"), Is.EqualTo((string[])
            [Line("litellm_deployment_latency_per_output_token_sum", "0.175", "litellm_model_name=openai/gpt-4o", "model_id=d1",
                "api_base=https://api.example/v1", "api_provider=openai", "hashed_api_key=abc123", "api_key_alias=alpha-key",
                "team=None", "team_alias=None")]), "1 s for 8 tokens and 1 s for 20");
        Assert.That(text.ValueOf("litellm_input_cache_creation_tokens_metric_total"), Is.EqualTo("7"));
        Assert.That(text.LinesOf("litellm_zero_cost_requests_total"), Is.EqualTo((string[])
            [Line("litellm_zero_cost_requests_total", 1, "requested_model=gpt-4o", "model=openai/gpt-4o", "model_id=d1",
                "api_provider=openai", "reason=missing_pricing_key")]));
    }

    [TestCase(2, 3, 1, 20_000, ExpectedResult = 4_000, Description = "a small config")]
    [TestCase(20, 10, 10, 20_000, ExpectedResult = 12_800)]
    [TestCase(200, 10, 10, 20_000, ExpectedResult = 20_000, Description = "never more than the operator allows")]
    [TestCase(2, 3, 1, 50, ExpectedResult = 50)]
    [TestCase(int.MaxValue, int.MaxValue, 0, 20_000, ExpectedResult = 20_000)]
    public int TheLimitFollowsTheConfig(int callers, int models, int deployments, int configured) =>
        SeriesBound.OfRequests(callers, models, deployments, [], configured);

    [Test]
    public void ALabelThatClientsDecideMultipliesTheLimit() =>
        Assert.That(SeriesBound.OfRequests(10, 5, 5, [1, 0], 20_000), Is.EqualTo(10 * 10 * 32 * 3 * 2));

    [Test]
    public async Task ManyThreadsLoseNoCount()
    {
        await using var app = await StartAsync(new());
        Parallel.For(0, 20_000, i =>
        {
            app.Metrics.Started();
            app.Metrics.Observe(Given.Exchange(Given.Attempt(id: $"d{i % 7}")));
        });
        var text = await app.ScrapeAsync();
        Assert.That(text.Of("litellm_deployment_total_requests_total"), Has.Length.EqualTo(7));
        Assert.That(text.Of("litellm_total_tokens_metric_total").Sum(line => long.Parse(line.Value)), Is.EqualTo(20_000 * 120));
        Assert.That(text.ValueOf("litellm_in_flight_requests"), Is.EqualTo("0"));
    }

    /// <summary>Of 500 USD.</summary>
    private static BudgetStatus Budget(SubjectKind kind, string id, decimal spent) =>
        new() { Subject = new(kind, id), Limit = NanoUsd.FromUsd(500m), Spent = NanoUsd.FromUsd(spent) };

    private static string Line(string name, object value, params string[] labels) => $"{name} {value} " + string.Join(' ', labels.Order());

    private static async Task<App> StartAsync(MetricSettings settings, ILogger<GatewayMetrics>? log = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var metrics = new GatewayMetrics(settings, log ?? new CountingLogger());
        metrics.ExportTo(builder.Services);
        var app = builder.Build();
        app.MapPrometheusScrapingEndpoint("/metrics");
        await app.StartAsync();
        return new(app, metrics);
    }

    private sealed class App(WebApplication app, GatewayMetrics metrics) : IAsyncDisposable
    {
        public GatewayMetrics Metrics => metrics;

        public async Task<ScrapeText> ScrapeAsync(string accept = "text/plain;version=0.0.4")
        {
            using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
            using var request = new HttpRequestMessage(HttpMethod.Get, app.Urls.Single() + "/metrics");
            request.Headers.TryAddWithoutValidation("Accept", accept);
            using var response = await invoker.SendAsync(request, default);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            return new(await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType!.ToString());
        }

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            metrics.Dispose();
        }
    }

    private sealed class CountingLogger : ILogger<GatewayMetrics>
    {
        public List<string> Messages { get; } = [];
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel level) => true;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? error, Func<TState, Exception?, string> format)
        {
            lock (Messages)
                Messages.Add(format(state, error));
        }
    }
}
