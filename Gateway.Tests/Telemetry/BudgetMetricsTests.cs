using Gateway.Tests.Pipeline;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Telemetry;

/// <summary>What a scrape tells of budgets.</summary>
public sealed class BudgetMetricsTests
{
    private const string Config = Wire.OneModel + """
        general_settings: {master_key: sk-master-1234, require_auth_for_metrics_endpoint: false}
        litellm_settings:
          max_budget: 100
          enable_end_user_cost_tracking_prometheus_only: true
          prometheus_client_labels: {end_user: [listed]}
          max_end_user_budget: 3
        router_settings:
          provider_budget_config: {openai: {budget_limit: 50, time_period: 1d}}
          tag_budget_config: {night: {max_budget: 9}}
        user_access:
          - {user_id: alice, api_key: sk-alice-1234, key_alias: laptop, max_budget: 2, budget_duration: 1d, model_max_budget: {gpt-4o: 1}}
          - {user_id: bob, api_key: sk-bob-12345678}
        teams:
          - {team_id: red, team_alias: The Reds, members: [alice], max_budget: 7, budget_duration: 1mo}
          - {team_id: blue, rpm_limit: 5}

        """;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 24, 18, 0, 0, TimeSpan.Zero));

    [Test]
    public async Task EveryBudgetShowsBeforeTheFirstRequest()
    {
        await using var gateway = await StartAsync("http://127.0.0.1:1");
        var text = await ScrapeAsync(gateway);
        Assert.Multiple(() =>
        {
            Assert.That(Limits(text, "gateway_budget_limit_usd"), Is.EquivalentTo((string[])
            [
                "gateway None None None 100", "team red The Reds None 7", "user alice None None 2", "user alice None gpt-4o 1",
                "tag night None None 9", "provider openai None None 50", "end_user listed None None 3",
            ]));
            Assert.That(Limits(text, "gateway_budget_remaining_usd"), Is.EquivalentTo(Limits(text, "gateway_budget_limit_usd")));
            Assert.That(Limits(text, "gateway_budget_spent_usd"), Has.Length.EqualTo(7).And.All.EndsWith(" 0"));
            Assert.That(Limits(text, "gateway_budget_reserved_usd"), Has.Length.EqualTo(7).And.All.EndsWith(" 0"));
            Assert.That(Limits(text, "gateway_budget_reset_seconds"), Is.EquivalentTo((string[])
                ["team red The Reds None 540000", "user alice None None 21600", "provider openai None None 21600"]));
            Assert.That(Limits(text, "gateway_budget_exhausted_seconds"), Is.Empty);
        });
    }

    [Test]
    public async Task LiteLlmsNamesShowWhatLiteLlmShows()
    {
        await using var gateway = await StartAsync("http://127.0.0.1:1");
        var text = await ScrapeAsync(gateway);
        Assert.Multiple(() =>
        {
            foreach (var (name, hours) in new[] { ("team", 150), ("user", 6), ("api_key", 6) })
            {
                var limit = name == "team" ? "7" : "2";
                Assert.That(text.ValueOf($"litellm_remaining_{name}_budget_metric"), Is.EqualTo(limit));
                Assert.That(text.ValueOf($"litellm_{name}_max_budget_metric"), Is.EqualTo(limit));
                Assert.That(text.ValueOf($"litellm_{name}_budget_remaining_hours_metric"), Is.EqualTo(hours.ToString()));
            }
            Assert.That(text.Of("litellm_remaining_team_budget_metric").Single().Labels,
                Is.EquivalentTo(new Dictionary<string, string> { ["team"] = "red", ["team_alias"] = "The Reds" }));
            Assert.That(text.Of("litellm_remaining_api_key_budget_metric").Single().Labels["api_key_alias"], Is.EqualTo("laptop"));
            Assert.That(text.LinesOf("litellm_provider_remaining_budget_metric"),
                Is.EqualTo((string[])["litellm_provider_remaining_budget_metric 50 api_provider=openai"]));
        });
    }

    [Test]
    public async Task WhatWasSpentSaysHowLongTheBudgetLasts()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await StartAsync(upstream.Url);
        await (await gateway.ChatAsync(Wire.Question, Wire.Alice)).TextAsync();

        using var limit = new CancellationTokenSource(GatewayHost.Patience);
        ScrapeText text;
        do
        {
            text = await ScrapeAsync(gateway);
            limit.Token.ThrowIfCancellationRequested();
        }
        while (text.Of("gateway_budget_exhausted_seconds").Length == 0);

        var windows = text.Of("gateway_budget_exhausted_seconds").Where(line => line.Labels is { } l && l["subject"] == "alice" && l["model"] == "None")
            .ToDictionary(line => line.Labels["window"], line => double.Parse(line.Value));
        Assert.That(windows["1h"], Is.EqualTo((2 - 0.00002) / 0.00002 * 3_600).Within(0.1).Percent);
        Assert.That(windows["6h"], Is.EqualTo(6 * windows["1h"]).Within(0.1).Percent);
        Assert.That(Limits(text, "gateway_budget_spent_usd"), Has.Some.Match("^user alice None None (2E-05|0.00002)$"));
        Assert.That(text.Body, Does.Not.Contain("sk-"));
    }

    private Task<GatewayHost> StartAsync(string upstream) =>
        GatewayHost.StartAsync(Config.Replace("{upstream}", upstream), time: _time);

    private static string[] Limits(ScrapeText text, string name) =>
    [
        .. text.Of(name).Select(line => line.Labels is { } l
            ? $"{l["subject_kind"]} {l["subject"]} {l["subject_alias"]} {l["model"]} {line.Value}" : ""),
    ];

    private static async Task<ScrapeText> ScrapeAsync(GatewayHost gateway)
    {
        using var scrape = await gateway.GetAsync("/metrics");
        return new(await scrape.TextAsync(), "");
    }
}
