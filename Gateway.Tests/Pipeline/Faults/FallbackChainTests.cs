namespace Gateway.Tests.Pipeline.Faults;

/// <summary>Faults of several groups in a row, each the fallback of the one before.</summary>
public sealed class FallbackChainTests
{
    private const string Config = """
        model_list:
          - model_name: first
            litellm_params: &all
              {model: openai/gpt-4o-2024, api_base: "{faulty}/x", api_key: k, timeout: 30, num_retries: 0,
               input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}
            model_info: {id: x}
          - model_name: second
            litellm_params: {<<: *all, api_base: "{faulty}/y"}
            model_info: {id: y}
          - model_name: third
            litellm_params: {<<: *all, api_base: "{healthy}/c"}
            model_info: {id: c}
        router_settings:
          fallbacks: [{first: [second]}{more}]
        litellm_settings: {callbacks: [prometheus]}

        """;

    /// <summary>The group that asks, and what each of the two does: begins an answer and falls silent, or is cut off.</summary>
    private static Task<FaultyGateway> StartAsync(string hanging, string more) => FaultyGateway.StartAsync(async up =>
    {
        await up.BeginAsync(up.IsStream ? "text/event-stream" : "application/json");
        await up.ChunkAsync(up.IsStream ? ": thinking\n\ndata: {\"id\"" : Wire.Answer[..60]);
        await (hanging.Contains(up.Deployment) ? up.HangAsync() : up.CutAsync());
    }, config: Config.Replace("{more}", more));

    private static string Failure(string hanging, string deployment) =>
        hanging.Contains(deployment) ? "408 Timeout" : "0 APIConnectionError";

    /// <summary>What is given up is booked as if it had answered; the question is the same for all groups.</summary>
    private static string Booked(string hanging, string deployment, bool isStream) =>
        $"{Failure(hanging, deployment)} {(hanging.Contains(deployment) ? FaultyGateway.Unseen("first", isStream) : "0 exact")}";

    [Test]
    public async Task TheChainIsFollowedToTheGroupThatIsWell([Values("x", "y", "xy", "")] string hanging, [Values] bool isStream)
    {
        await using var gateway = await StartAsync(hanging, ", {second: [third]}");

        using var response = await gateway.ChatAsync("first", isStream);

        Assert.That(await response.TextAsync(), Does.Contain(isStream ? "[DONE]" : "a-secret-answer").And.Not.Contain("thinking"));
        Assert.That((response.Header("x-litellm-model-id"), response.Header("x-litellm-attempted-fallbacks")), Is.EqualTo(("c", "2")));
        Assert.That(gateway.Calls.Select(call => call.Split(' ')[0]), Is.EqualTo(new[] { "x", "y", "c" }));
        var (failures, cooledDown) = await gateway.MetricsAsync();
        Assert.That(failures, Is.EqualTo(new[] { $"x {Failure(hanging, "x")} 1", $"y {Failure(hanging, "y")} 1" }));
        Assert.That(cooledDown, Is.Empty);
        Assert.That(await gateway.AnsweredAsync(), Is.EqualTo(new[] { "c 1 10 5 2E-05" }));
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[]
        {
            $"x first {Booked(hanging, "x", isStream)}", $"y fallback {Booked(hanging, "y", isStream)}", "c fallback 200 - 20000 exact",
        }));
    }

    [Test]
    public async Task WhereTheChainEndsTheFirstFailureIsToldAndTheLastBesideIt([Values("x", "y")] string hanging, [Values] bool isStream)
    {
        await using var gateway = await StartAsync(hanging, "");

        using var response = await gateway.ChatAsync("first", isStream);

        const string Hung = "litellm.Timeout: Timeout: OpenAIException - no answer within 30 s";
        const string Cut = "litellm.APIConnectionError: APIConnectionError: OpenAIException - the connection to the provider was lost";
        var (message, type, _, _) = await response.ErrorAsync();
        Assert.That(((int)response.StatusCode, type), Is.EqualTo(hanging == "x" ? (408, "timeout_error") : (500, "api_error")));
        Assert.That(message, Does.StartWith(hanging == "x" ? Hung : Cut)
            .And.Contain("Received Model Group=first\nAvailable Model Group Fallbacks=['second']")
            .And.Contain("\nError doing the fallback: " + (hanging == "x" ? Cut : Hung)));
        Assert.That(gateway.Calls.Select(call => call.Split(' ')[0]), Is.EqualTo(new[] { "x", "y" }));
        var (failures, _) = await gateway.MetricsAsync();
        Assert.That(failures, Is.EqualTo(new[] { $"x {Failure(hanging, "x")} 1", $"y {Failure(hanging, "y")} 1" }));
        Assert.That(await gateway.MetricAsync("litellm_deployment_failed_fallbacks_total"), Is.EqualTo("1"));
        Assert.That(await gateway.StopAndReadAsync(),
            Is.EqualTo(new[] { $"x first {Booked(hanging, "x", isStream)}", $"y fallback {Booked(hanging, "y", isStream)}" }));
    }
}
