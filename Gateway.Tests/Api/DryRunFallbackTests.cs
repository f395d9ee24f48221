using System.Text.Json;
using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Api;

/// <summary>What <c>POST /explain</c> says of fallbacks: the same as the request itself would meet with.</summary>
public sealed class DryRunFallbackTests
{
    /// <summary>Models a to e at paths of their letters; a is refused by its provider for two minutes, c takes 5 tokens.</summary>
    private static string Models(string settings) => "model_list:\n" + string.Concat("abcde".Select(name => $$"""
          - model_name: {{name}}
            litellm_params: {model: openai/{{name}}-1, api_base: "{upstream}/{{name}}", api_key: k, num_retries: 0, input_cost_per_token: 1}
            model_info: {id: id-{{name}}{{(name == 'c' ? ", max_input_tokens: 5" : "")}}}

        """)) + "user_access: [{user_id: u, api_key: sk-user-1234, models: [a, c, d]}, {user_id: v, api_key: sk-other-1234}]\n"
        + "router_settings: {enable_pre_call_checks: true, " + settings + "}\n";

    private static Task<ScriptedUpstream> RefusesAAsync() => ScriptedUpstream.StartAsync(http =>
    {
        var isRefused = http.Request.Path.StartsWithSegments("/a");
        http.Response.Headers.RetryAfter = isRefused ? "120" : default;
        return ScriptedUpstream.SendAsync(http, isRefused ? "{}" : Wire.Answer, isRefused ? 429 : 200);
    });

    private static string Ask(char model, string members = "") => $$"""{"model":"{{model}}","messages":[]{{members}}}""";

    [TestCase('a', "fallbacks: [{a: [b]}]", "", "a b", TestName = "a group that cools down")]
    [TestCase('a', "fallbacks: [{a: [c, d]}, {c: [b]}]", "", "a c b", TestName = "its fallbacks before the next")]
    [TestCase('a', "fallbacks: [{a: [e]}]", ",\"fallbacks\":[\"d\"]", "a d", TestName = "the client's own fallbacks")]
    [TestCase('a', "fallbacks: [{a: [e, d]}], enforce_fallback_model_access: true", "", "a d", TestName = "only what the caller may use")]
    [TestCase('a', "fallbacks: [{a: [a, e]}]", "", "a e", TestName = "none twice")]
    [TestCase('a', "fallbacks: [{a: [e]}]", ",\"disable_fallbacks\":true", "a", TestName = "no fallbacks")]
    [TestCase('a', "max_fallbacks: 1, fallbacks: [{a: [c, d]}]", "", "a c", TestName = "as many as max_fallbacks allows")]
    [TestCase('a', "fallbacks: [{x: [e]}]", "", "a", TestName = "no entry")]
    [TestCase('c', "context_window_fallbacks: [{c: [d]}], fallbacks: [{c: [e]}]", "", "c d", TestName = "too small a context")]
    [TestCase('c', "context_window_fallbacks: [{a: [d]}], fallbacks: [{c: [e]}]", "", "c", TestName = "no entry for that")]
    public async Task WhileNoDeploymentCanBeChosenTheFallbacksAreWalkedAsInARealRequest(
        char model, string settings, string members, string groups)
    {
        await using var upstream = await RefusesAAsync();
        await using var gateway = await GatewayHost.StartAsync(Models(settings), upstream);
        using var cooled = await gateway.ChatAsync(Ask('a', ",\"disable_fallbacks\":true"), "sk-user-1234");

        using var real = await gateway.ChatAsync(Ask(model, members), "sk-user-1234");
        var calls = upstream.Requests.Count;
        var explained = await ExplainAsync(gateway, Ask(model, members));

        Assert.That(Groups(explained, "routes"), Is.EqualTo(groups));
        Assert.That(upstream.Requests, Has.Count.EqualTo(calls));
        if (real.IsSuccessStatusCode)
        {
            Assert.That(explained.TryGetProperty("error", out _), Is.False);
            Assert.That(real.Header("x-litellm-model-group"), Is.EqualTo(groups[^1..]));
            return;
        }
        var error = explained.GetProperty("error");
        Assert.That(error.GetProperty("status").GetInt32(), Is.EqualTo((int)real.StatusCode));
        Assert.That(error.GetProperty("refused_by").GetString(), Is.EqualTo("route"));
        Assert.That(error.GetProperty("message").GetString(), Is.EqualTo((await real.ErrorAsync()).Message));
    }

    [TestCase("fallbacks: [{d: [b, e]}, {b: [c]}]", "", "b c e", TestName = "in the order of a real request")]
    [TestCase("fallbacks: [{d: [b, e]}, {b: [c]}], max_fallbacks: 2", "", "b c", TestName = "up to max_fallbacks")]
    [TestCase("fallbacks: [{d: [b, e]}]", ",\"fallbacks\":[\"c\"]", "c", TestName = "those of the client")]
    [TestCase("fallbacks: [{d: [b, e]}]", ",\"disable_fallbacks\":true", "", TestName = "none when they are disabled")]
    [TestCase("fallbacks: [{d: [b, c]}], enforce_fallback_model_access: true", "", "c", TestName = "none that the caller may not use")]
    public async Task WhatWouldBeAskedNextIsToldWithItsCandidatesAndPrices(string settings, string members, string next)
    {
        await using var gateway = await GatewayHost.StartAsync(Models(settings).Replace("{upstream}", "http://127.0.0.1:1"));

        var explained = await ExplainAsync(gateway, Ask('d', members));

        Assert.That(Groups(explained, "routes"), Is.EqualTo("d"));
        Assert.That(Groups(explained, "fallbacks"), Is.EqualTo(next));
        var priced = explained.GetProperty("prices").EnumerateArray().Select(price => price.GetProperty("deployment").GetString());
        Assert.That(priced, Is.EqualTo(("d " + next).Trim().Split(' ').Select(name => "id-" + name)));
        foreach (var fallback in explained.GetProperty("fallbacks").EnumerateArray())
            Assert.That(fallback.GetProperty("candidates").GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public async Task WhyAFallbackIsSkippedIsTold()
    {
        const string Settings = "fallbacks: [{d: [b, d, e]}], enforce_fallback_model_access: true";
        await using var gateway = await GatewayHost.StartAsync(Models(Settings).Replace("{upstream}", "http://127.0.0.1:1"));

        var explained = await ExplainAsync(gateway, Ask('d'));

        var words = explained.GetProperty("explanation").EnumerateArray().Select(line => line.GetString()).ToList();
        Assert.That(words, Has.Member("Note: No fallback to b: the caller may not use it."));
        Assert.That(words, Has.Member("Note: No fallback to d: it was asked already."));
    }

    private static async Task<JsonElement> ExplainAsync(GatewayHost gateway, string body)
    {
        using var response = await gateway.ChatAsync(body, "sk-user-1234", "/explain");
        return await response.JsonAsync();
    }

    private static string Groups(JsonElement explained, string list) =>
        string.Join(' ', explained.GetProperty(list).EnumerateArray().Select(route => route.GetProperty("model_group").GetString()));
}
