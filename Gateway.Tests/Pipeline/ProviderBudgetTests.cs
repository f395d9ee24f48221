using System.Text.Json;
using Gateway.Limits;

namespace Gateway.Tests.Pipeline;

/// <summary>A provider's budget holds for callers who have no limit of their own, too.</summary>
public sealed class ProviderBudgetTests
{
    /// <summary>Nobody knows what the first model costs, and of neither how much it writes; only OpenAI has a budget.</summary>
    private const string Config = """
        model_list:
          - {model_name: unpriced, litellm_params: {model: openai/nobody-knows, api_base: "{upstream}/a", api_key: k, num_retries: 0}}
          - {model_name: priced, litellm_params: {model: openai/x, api_base: "{upstream}/a", api_key: k, input_cost_per_token: 1e-6, output_cost_per_token: 1e-6}}
          - {model_name: elsewhere, litellm_params: {model: groq/nobody-knows, api_base: "{upstream}/b", api_key: k}}
          - {model_name: either, litellm_params: {model: openai/nobody-knows, api_base: "{upstream}/a", api_key: k, order: 1}}
          - {model_name: either, litellm_params: {model: groq/nobody-knows, api_base: "{upstream}/b", api_key: k, order: 2}}
        router_settings: {provider_budget_config: {openai: {budget_limit: 1, time_period: 1d}}}
        general_settings: {default_max_output_tokens: 300, unknown_price: PRICE}

        """;

    private static string Ask(string model) => """{"model":"MODEL","messages":[{"role":"user","content":"Hi"}]}""".Replace("MODEL", model);

    private static Task<GatewayHost> StartAsync(ScriptedUpstream upstream, string unknownPrice = "deny") =>
        GatewayHost.StartAsync(Config.Replace("PRICE", unknownPrice), upstream);

    [TestCase("priced", 300, Description = "or it could write more than was set aside")]
    [TestCase("elsewhere", null)]
    public async Task ACapThatIsOnlyADefaultIsSentToAProviderWithABudget(string model, int? sent)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await StartAsync(upstream);

        using var response = await gateway.ChatAsync(Ask(model));

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        var body = JsonDocument.Parse(upstream.Request.Body).RootElement;
        Assert.That(body.TryGetProperty("max_tokens", out var cap) ? cap.GetInt32() : (int?)null, Is.EqualTo(sent));
    }

    [TestCase("unpriced", "deny", 400, "")]
    [TestCase("unpriced", "allow", 200, "a")]
    [TestCase("elsewhere", "deny", 200, "b")]
    [TestCase("either", "deny", 200, "b", Description = "another provider has no budget that could be passed by")]
    public async Task AModelWithoutAPriceDoesNotPassByAProvidersBudget(string model, string unknownPrice, int status, string asked)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await StartAsync(upstream, unknownPrice);

        using var response = await gateway.ChatAsync(Ask(model));

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        Assert.That(upstream.Requests.Select(request => request.Path[1..2]), Is.EqualTo(asked.Select(letter => letter.ToString())));
        if (status != 400)
            return;
        var (message, _, _, code) = await response.ErrorAsync();
        Assert.That((code, message), Is.EqualTo(("unknown_price", ApiError.UnknownPrice("openai/nobody-knows", AdmitRequest.TokenPrices).Message)));
    }
}
