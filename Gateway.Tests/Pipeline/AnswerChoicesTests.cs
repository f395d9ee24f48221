using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>A stream that ends after some of its choices have finished is whole only where these are all that were asked for.</summary>
public sealed class AnswerChoicesTests
{
    [TestCase("/v1/completions", """ "prompt":"a" """, "", 1)]
    [TestCase("/v1/completions", """ "prompt":["a","b"] """, "", 2)]
    [TestCase("/v1/completions", """ "prompt":["a"] """, "", 1)]
    [TestCase("/v1/completions", """ "prompt":[12,13,14] """, "", 1)]
    [TestCase("/v1/completions", """ "prompt":[[12,13],[14],[15]] """, "", 3)]
    [TestCase("/v1/completions", """ "prompt":["a","b"],"n":2 """, "", 4)]
    [TestCase("/v1/chat/completions", """ "messages":[],"prompt":["a","b"] """, "", 1)]
    [TestCase("/v1/chat/completions", """ "messages":[],"extra_body":{"x":{"n":9},"n":2} """, "", 2)]
    [TestCase("/v1/chat/completions", """ "messages":[] """, ", n: 2", 2)]
    [TestCase("/v1/chat/completions", """ "messages":[],"n":3 """, ", n: 2", 3)]
    [TestCase("/v1/chat/completions", """ "messages":[],"n":3 """, ", extra_body: {n: 2}", 2)]
    [TestCase("/v1/chat/completions", """ "messages":[],"n":2.0 """, "", 2)]
    [TestCase("/v1/chat/completions", """ "messages":[],"n":null """, "", 1)]
    [TestCase("/v1/completions", """ "prompt":"a","best_of":4,"n":2 """, "", 2)]
    [TestCase("/v1/completions", """ "extra_body":{"prompt":["a","b"]} """, "", 2)]
    [TestCase("/v1/chat/completions", """ "messages":[],"n":3 """, ", additional_drop_params: [n]", 1)]
    public async Task AStreamIsWholeWhenAsManyChoicesHaveFinishedAsWereAskedFor(string path, string body, string parameters, int expected)
    {
        Assert.That(await IsWholeAsync(path, body, parameters, expected), Is.True);
        if (expected > 1)
            Assert.That(await IsWholeAsync(path, body, parameters, expected - 1), Is.False);
    }

    private static async Task<bool> IsWholeAsync(string path, string body, string parameters, int finished)
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync([.. Enumerable.Range(0, finished).Select(index =>
            $$$"""{"id":"c","model":"x","choices":[{"index":{{{index}}},"text":"a","delta":{"content":"a"},"finish_reason":"stop"}]}""")]);
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: m
                litellm_params: {model: openai/x, api_base: "{upstream}", api_key: k{{parameters}}}
            """, upstream);
        using var response = await gateway.ChatAsync($$"""{"model":"m","stream":true,{{body}}}""", path: path);
        Assert.That((int)response.StatusCode, Is.EqualTo(StatusCodes.Status200OK));
        return !(await response.TextAsync()).Contains("litellm.APIConnectionError");
    }
}
