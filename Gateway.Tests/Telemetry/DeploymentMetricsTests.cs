using Gateway.Tests.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Telemetry;

/// <summary>What a scrape tells of deployments after real requests.</summary>
public sealed class DeploymentMetricsTests
{
    private const string Models = Wire.OneModel + """
          - model_name: broken
            litellm_params: {model: openai/broken, api_base: "{upstream}/broken", api_key: k, num_retries: 0, rpm: 60, tpm: 1000}
            model_info: {id: deployment-2}

        """;

    private int _left = 59;

    [Test]
    public async Task SuccessFailureCooldownStateTimesAndLimitsShowByDeployment()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(AnswerAsync);
        await using var gateway = await GatewayHost.StartAsync(Models, upstream);

        await (await gateway.ChatAsync(Wire.Question)).TextAsync();
        await (await gateway.ChatAsync(Wire.StreamQuestion)).TextAsync();
        await (await gateway.ChatAsync("""{"model":"broken","messages":[]}""")).TextAsync();
        using var scrape = await gateway.GetAsync("/metrics");
        var text = new ScrapeText(await scrape.TextAsync(), "");

        string[] Of(string name) => [.. text.Of(name).Select(line => $"{line.Labels["model_id"]} {line.Value}")];
        Assert.Multiple(() =>
        {
            Assert.That(Of("litellm_deployment_total_requests_total"), Is.EquivalentTo((string[])["deployment-1 2", "deployment-2 1"]));
            Assert.That(Of("litellm_deployment_success_responses_total"), Is.EqualTo((string[])["deployment-1 2"]));
            Assert.That(Of("litellm_deployment_failure_responses_total"), Is.EqualTo((string[])["deployment-2 1"]));
            Assert.That(Of("litellm_deployment_cooled_down_total"), Is.EqualTo((string[])["deployment-2 1"]));
            Assert.That(Of("litellm_deployment_state"), Is.EqualTo((string[])["deployment-1 0", "deployment-2 2"]));
            Assert.That(Of("litellm_deployment_latency_per_output_token_count"), Is.EqualTo((string[])["deployment-1 2"]));
            Assert.That(Of("litellm_llm_api_latency_metric_count"), Is.EqualTo((string[])["deployment-1 2"]));
            Assert.That(Of("litellm_llm_api_time_to_first_token_metric_count"), Is.EqualTo((string[])["deployment-1 1"]));
            Assert.That(Of("litellm_deployment_rpm_limit"), Is.EqualTo((string[])["deployment-2 60"]));
            Assert.That(Of("litellm_deployment_tpm_limit"), Is.EqualTo((string[])["deployment-2 1000"]));
            Assert.That(Of("litellm_remaining_requests_metric"), Is.EqualTo((string[])["deployment-1 58"]), "the stream came last");
            Assert.That(Of("litellm_remaining_tokens_metric"), Is.EqualTo((string[])["deployment-1 4321"]));
            Assert.That(text.Of("litellm_deployment_failure_responses_total").Single().Labels["exception_class"],
                Is.EqualTo("AuthenticationError"));
        });
    }

    [TestCase("")]
    [TestCase("soon")]
    [TestCase("-1")]
    [TestCase("99999999999999999999")]
    public async Task WhatIsNoNumberOfRequestsIsNotShown(string sent)
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            http.Response.Headers["x-ratelimit-remaining-requests"] = sent;
            return ScriptedUpstream.SendAsync(http, Wire.Answer);
        });
        await using var gateway = await GatewayHost.StartAsync(Models, upstream);

        await (await gateway.ChatAsync(Wire.Question)).TextAsync();

        Assert.That(await (await gateway.GetAsync("/metrics")).TextAsync(), Does.Not.Contain("litellm_remaining_requests_metric{"));
    }

    /// <summary>An answer, then a stream, with one request fewer left after each; the broken model refuses the key.</summary>
    private async Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Path.StartsWithSegments("/broken"))
        {
            await ScriptedUpstream.SendAsync(http, """{"error":{"message":"no"}}""", 401);
            return;
        }
        var isStream = _left == 58;
        http.Response.Headers["x-ratelimit-remaining-requests"] = $"{_left--}";
        http.Response.Headers["x-ratelimit-remaining-tokens"] = "4321";
        if (!isStream)
        {
            await ScriptedUpstream.SendAsync(http, Wire.Answer);
            return;
        }
        http.Response.ContentType = "text/event-stream";
        foreach (var payload in (string[])[Wire.Chunk("Hello"), Wire.Finish, Wire.UsageChunk, "[DONE]"])
            await http.Response.WriteAsync($"data: {payload.ReplaceLineEndings("")}\n\n");
    }
}
