using System.Collections.Concurrent;
using Gateway.Catalog;
using Gateway.Tests.Catalog;
using Gateway.Tests.Config;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>Where a request goes on when a model cannot answer.</summary>
public sealed class FallbackTests
{
    private const string TooLong = """{"error":{"message":"too long","code":"context_length_exceeded"}}""";
    private const string Forbidden = """{"error":{"message":"blocked","code":"content_filter"}}""";

    /// <summary>Models a to e, each with one deployment of that id at that path.</summary>
    private static string Models(string settings) => "model_list:\n" + string.Concat("abcde".Select(name => $$"""
          - model_name: {{name}}
            litellm_params: {model: openai/{{name}}-1, api_base: "{upstream}/{{name}}", api_key: k, num_retries: 0}
            model_info: {id: id-{{name}}}

        """)) + "router_settings: {" + settings + "}\n";

    /// <summary>An upstream where the models whose letters are given fail.</summary>
    private static Task<ScriptedUpstream> FailsAtAsync(string failing, int status = 500, string body = """{"error":{"message":"no"}}""") =>
        ScriptedUpstream.StartAsync(http => failing.Contains(http.Request.Path.Value![1])
            ? ScriptedUpstream.SendAsync(http, body, status)
            : ScriptedUpstream.SendAsync(http, Wire.Answer));

    private static string Asked(ScriptedUpstream upstream) => string.Concat(upstream.Requests.Select(request => request.Path[1]));

    private static async Task<HttpResponseMessage> AskAsync(
        ScriptedUpstream upstream, string settings, string members = "", string? key = null, string more = "", string model = "a")
    {
        await using var gateway = await GatewayHost.StartAsync(Models(settings) + more, upstream);
        var response = await gateway.ChatAsync($$"""{"model":"{{model}}","messages":[]{{members}}}""", key);
        await response.Content.LoadIntoBufferAsync();
        return response;
    }

    [TestCase("fallbacks: [{a: [b, c]}]", "", "ab", TestName = "the first that answers")]
    [TestCase("fallbacks: [{a: [b]}, {b: [c]}]", "b", "abc", TestName = "a fallback has its own")]
    [TestCase("fallbacks: [{a: [b, d]}, {b: [c]}]", "bc", "abcd", TestName = "those of a fallback come before the next")]
    [TestCase("fallbacks: [{a: [b]}, {b: [a, c]}, {c: [a, b, d]}]", "bc", "abcd", TestName = "none is asked twice")]
    [TestCase("fallbacks: [{a: [b, b, c]}]", "b", "abc", TestName = "not even when it is named twice")]
    [TestCase("default_fallbacks: [a, b]", "", "ab", TestName = "the default ones")]
    [TestCase("fallbacks: [{x: [c]}], default_fallbacks: [b]", "", "ab", TestName = "the default ones where there is no entry")]
    [TestCase("max_fallbacks: 2, fallbacks: [{a: [b]}, {b: [c]}, {c: [d]}]", "bc", "abc", TestName = "max_fallbacks, in depth")]
    [TestCase("max_fallbacks: 2, fallbacks: [{a: [b, c, d]}]", "bc", "abc", TestName = "max_fallbacks, in breadth")]
    [TestCase("max_fallbacks: 0, fallbacks: [{a: [b]}]", "", "a", TestName = "max_fallbacks 0 is none")]
    [TestCase("retry_budget: {ratio: 0, floor: 0}, fallbacks: [{a: [b, c]}]", "b", "abc", TestName = "a retry budget that is spent")]
    [TestCase("model_group_alias: {z: b}, fallbacks: [{a: [z]}]", "", "ab", TestName = "an alias")]
    [TestCase("fallbacks: [{a: [id-b]}]", "", "ab", TestName = "a deployment's id")]
    [TestCase("context_window_fallbacks: [{a: [c]}], fallbacks: [{a: [b]}]", "", "ab", TestName = "not a list for other failures")]
    public async Task AFailureGoesOnWith(string settings, string failing, string asked)
    {
        await using var upstream = await FailsAtAsync("a" + failing);

        using var response = await AskAsync(upstream, settings);

        Assert.That(Asked(upstream), Is.EqualTo(asked));
        var answers = !("a" + failing).Contains(asked[^1]);
        Assert.That((int)response.StatusCode, Is.EqualTo(answers ? 200 : 500));
        Assert.That(response.Header("x-litellm-attempted-fallbacks"), Is.EqualTo($"{asked.Length - 1}"));
        Assert.That(response.Header("x-litellm-model-id"), Is.EqualTo($"id-{asked[^1]}"));
    }

    [TestCase("z", "fallbacks: [{a: [c]}, {z: [b]}]", "ab", TestName = "an alias has an entry of its own")]
    [TestCase("z", "fallbacks: [{a: [c]}], default_fallbacks: [b]", "ac", TestName = "an alias without one has that of its group")]
    [TestCase("z", "default_fallbacks: [b]", "ab", TestName = "an alias has the default ones")]
    [TestCase("a", "fallbacks: [{z: [b]}, {id-a: [b]}]", "a", TestName = "the entry of an alias or an id is not for the group")]
    [TestCase("id-a", "fallbacks: [{a: [c]}, {id-a: [b]}]", "ab", TestName = "a deployment's id has an entry of its own")]
    [TestCase("id-a", "fallbacks: [{a: [c]}]", "ac", TestName = "a deployment's id without one has that of its group")]
    [TestCase("b", "fallbacks: [{b: [z]}, {z: [c]}, {a: [d]}]", "bac", TestName = "an alias that is a fallback has its own entry")]
    public async Task AnEntryIsThatOfTheNameThatWasAskedForElseOfItsGroup(string model, string settings, string asked)
    {
        await using var upstream = await FailsAtAsync(model == "b" ? "ab" : "a");

        using var response = await AskAsync(upstream, "model_group_alias: {z: a}, " + settings, model: model);

        Assert.That(Asked(upstream), Is.EqualTo(asked));
    }

    [TestCase("w/one", "ab", "other")]
    [TestCase("w/two", "a", "two")]
    public async Task AModelOfAWildcardHasFallbacksAndIsOne(string model, string asked, string sent)
    {
        await using var upstream = await FailsAtAsync("a");
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - {model_name: "w/*", litellm_params: {model: openai/*, api_base: "{upstream}/a", api_key: k, num_retries: 0}}
              - {model_name: "v/*", litellm_params: {model: openai/*, api_base: "{upstream}/b", api_key: k, num_retries: 0}}
            router_settings: {fallbacks: [{w/one: [v/other]}]}
            """, upstream);

        using var response = await gateway.ChatAsync($$"""{"model":"{{model}}","messages":[]}""");

        Assert.That(Asked(upstream), Is.EqualTo(asked));
        Assert.That(upstream.Requests.Last().Body, Does.Contain($"\"{sent}\""));
    }

    [TestCase(TooLong, "context_window_fallbacks: [{a: [c]}], fallbacks: [{a: [b]}]", "ac")]
    [TestCase(TooLong, "context_window_fallbacks: [{x: [c]}], fallbacks: [{a: [b]}]", "a")]
    [TestCase(TooLong, "content_policy_fallbacks: [{a: [c]}], fallbacks: [{a: [b]}]", "ab")]
    [TestCase(TooLong, "context_window_fallbacks: [{'*': [c]}]", "ac")]
    [TestCase(Forbidden, "content_policy_fallbacks: [{a: [c]}], fallbacks: [{a: [b]}]", "ac")]
    [TestCase(Forbidden, "content_policy_fallbacks: [{x: [c]}], default_fallbacks: [b]", "a")]
    [TestCase(Forbidden, "default_fallbacks: [b]", "ab")]
    public async Task WhatIsTooLongOrForbiddenGoesByItsOwnList(string body, string settings, string asked)
    {
        await using var upstream = await FailsAtAsync("a", 400, body);

        using var response = await AskAsync(upstream, settings);

        Assert.That(Asked(upstream), Is.EqualTo(asked));
        Assert.That((int)response.StatusCode, Is.EqualTo(asked.Length > 1 ? 200 : 400));
    }

    [Test]
    public async Task AnAnswerThatWasFilteredIsAnAnswer()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer.Replace("\"stop\"", "\"content_filter\""));

        using var response = await AskAsync(upstream, "content_policy_fallbacks: [{a: [c]}]");

        Assert.That((Asked(upstream), (int)response.StatusCode), Is.EqualTo(("a", 200)));
    }

    [TestCase(",\"fallbacks\":[\"d\",\"e\"]", "ade", TestName = "client names in place of the configured ones")]
    [TestCase(",\"fallbacks\":[{\"model\":\"e\"}]", "ae", TestName = "client maps")]
    [TestCase(",\"fallbacks\":[{\"a\":[\"e\"]}]", "ae", TestName = "client rules")]
    [TestCase(",\"fallbacks\":[{\"x\":[\"e\"]}]", "a", TestName = "client rules for another model")]
    [TestCase(",\"fallbacks\":[]", "a", TestName = "an empty list of the client's")]
    [TestCase(",\"fallbacks\":[\"nothing\",\"e\"]", "ae", TestName = "an unknown name is skipped")]
    [TestCase(",\"disable_fallbacks\":true", "a", TestName = "disabled")]
    [TestCase(",\"disable_fallbacks\":false", "abe", TestName = "not disabled")]
    [TestCase(",\"context_window_fallbacks\":[\"e\"]", "abe", TestName = "a client list for other failures does not count")]
    [TestCase(",\"default_fallbacks\":[\"e\"]", "ae", TestName = "client default ones in place of the configured ones")]
    [TestCase(",\"default_fallbacks\":[\"e\"],\"fallbacks\":[{\"a\":[\"d\"]}]", "ade", TestName = "client default ones of the next group")]
    [TestCase(",\"fallbacks\":[\"c\"],\"default_fallbacks\":[\"e\"]", "ac", TestName = "client default ones behind its names")]
    [TestCase(",\"fallbacks\":[],\"default_fallbacks\":[\"e\"]", "ae", TestName = "client default ones beside an empty list")]
    public async Task AClientMayChooseItsFallbacks(string members, string asked)
    {
        await using var upstream = await FailsAtAsync("abd");

        using var response = await AskAsync(upstream, "fallbacks: [{a: [b, e]}]", members);

        Assert.That(Asked(upstream), Is.EqualTo(asked));
        Assert.That(upstream.Requests, Has.None.Property("Body").Contains("fallbacks"));
    }

    [TestCase("", "", "ab", TestName = "a configured fallback serves everybody")]
    [TestCase("", ", enforce_fallback_model_access: true", "a", TestName = "unless the router says otherwise")]
    [TestCase("general", "", "a", TestName = "or the general settings do")]
    public async Task ConfiguredFallbacksServeEverybodyUnlessAccessIsEnforced(string section, string setting, string asked)
    {
        await using var upstream = await FailsAtAsync("a");
        var general = section.Length == 0 ? "" : "general_settings: {enforce_fallback_model_access: true}\n";

        using var response = await AskAsync(
            upstream, "fallbacks: [{a: [b]}]" + setting, key: "sk-only-a-1234",
            more: general + "user_access: [{user_id: u, api_key: sk-only-a-1234, models: [a]}]");

        Assert.That(Asked(upstream), Is.EqualTo(asked));
    }

    [Test]
    public async Task AFallbackOfTheClientsThatItMayNotUseIsSkipped()
    {
        await using var upstream = await FailsAtAsync("a");

        using var response = await AskAsync(
            upstream, "", ",\"fallbacks\":[\"b\",\"id-b\",\"c\"]", "sk-a-and-c-1234",
            "user_access: [{user_id: u, api_key: sk-a-and-c-1234, models: [a, c]}]");

        Assert.That(Asked(upstream), Is.EqualTo("ac"));
        Assert.That((response.Header("x-litellm-model-group"), response.Header("x-litellm-attempted-fallbacks")), Is.EqualTo(("c", "1")));
    }

    [Test]
    public async Task EachFallbackHasItsOwnRetries()
    {
        await using var upstream = await FailsAtAsync("ab");

        using var response = await AskAsync(upstream, "fallbacks: [{a: [b, c]}]", ",\"num_retries\":1");

        Assert.That(Asked(upstream), Is.EqualTo("aabbc"));
        Assert.That(response.Header("x-litellm-attempted-retries"), Is.EqualTo("2"));
        Assert.That(response.Header("x-litellm-attempted-fallbacks"), Is.EqualTo("2"));
    }

    [Test]
    public async Task ALimitThatTheLastDeploymentReachedIsNotRetriedWhereAFallbackStandsBy()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            var isLimited = http.Request.Path.StartsWithSegments("/a");
            http.Response.Headers.RetryAfter = isLimited ? "5" : default;
            return ScriptedUpstream.SendAsync(http, isLimited ? "{}" : Wire.Answer, isLimited ? 429 : 200);
        });

        using var response = await AskAsync(upstream, "fallbacks: [{a: [b]}]", ",\"num_retries\":3");

        Assert.That(Asked(upstream), Is.EqualTo("ab"));
    }

    [Test]
    public async Task WhenAllFailTheClientHearsOfTheFirstAndTheLast()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http => ScriptedUpstream.SendAsync(
            http, $$$"""{"error":{"message":"at {{{http.Request.Path.Value![1]}}}"}}""",
            http.Request.Path.StartsWithSegments("/a") ? 503 : 500));

        using var response = await AskAsync(upstream, "fallbacks: [{a: [b, c]}]");

        Assert.That((int)response.StatusCode, Is.EqualTo(503));
        Assert.That((await response.ErrorAsync()).Message, Is.EqualTo(
            "litellm.ServiceUnavailableError: ServiceUnavailableError: OpenAIException - at a. Received Model Group=a\n"
            + "Available Model Group Fallbacks=['b', 'c']\nError doing the fallback: "
            + "litellm.InternalServerError: InternalServerError: OpenAIException - at c"));
    }

    [Test]
    public void FallbacksThatLeadNowhereAreFoundInEveryList()
    {
        var config = ConfigText.Read(Models("context_window_fallbacks: [{a: [x]}], content_policy_fallbacks: [{y: [b]}]")
            .Replace("{upstream}", "http://server:1")).Config;

        var said = CatalogFixture.Of(config).Said;

        Assert.That(said, Does.Contain("router_settings.context_window_fallbacks[0]: names 'x', which is no model here"));
        Assert.That(said, Does.Contain("router_settings.content_policy_fallbacks[0]: names 'y', which is no model here"));
    }
}
