using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>The answer that reaches the client, and its headers.</summary>
public sealed class AnswerTests
{
    [Test]
    public async Task OnlyTheModelNameDiffersFromWhatTheProviderSent()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That(await response.TextAsync(), Is.EqualTo(Wire.Restamped(Wire.Answer)));
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
    }

    [Test]
    public async Task HeadersSayWhoAnsweredAndWhatItCost()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + Wire.Keys, upstream);

        using var first = await gateway.ChatAsync(Wire.Question, Wire.Master);
        await first.TextAsync();
        using var second = await gateway.ChatAsync(Wire.Question, Wire.Master);

        Assert.That(first.Header("x-litellm-model-id"), Is.EqualTo("deployment-1"));
        Assert.That(first.Header("x-litellm-model-group"), Is.EqualTo("gpt-4o"));
        Assert.That(first.Header("x-litellm-attempted-retries"), Is.EqualTo("0"));
        Assert.That(first.Header("x-litellm-attempted-fallbacks"), Is.EqualTo("0"));
        Assert.That(first.Header("x-litellm-response-cost"), Is.EqualTo("0.00002"));
        Assert.That(first.Header("x-litellm-key-spend"), Is.EqualTo("0.00002"));
        Assert.That(second.Header("x-litellm-key-spend"), Is.EqualTo("0.00004"));
        Assert.That(Guid.TryParse(first.Header("x-litellm-call-id"), out _));
        Assert.That(second.Header("x-litellm-call-id"), Is.Not.EqualTo(first.Header("x-litellm-call-id")));
        Assert.That(first.Headers.Contains("Server"), Is.False);
    }

    [TestCase("0.000000001", "0.00000001")]
    [TestCase("0", "0")]
    public async Task ACostIsAPlainDecimal(string price, string cost)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: gpt-4o
                litellm_params:
                  {model: openai/gpt-4o, api_base: "{upstream}/v1", api_key: k, input_cost_per_token: {{price}}, output_cost_per_token: 0}
            """, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That(response.Header("x-litellm-response-cost"), Is.EqualTo(cost));
    }

    [TestCase("my-call.id_1:2", true)]
    [TestCase("with space", false)]
    [TestCase("<script>", false)]
    public async Task AClientsCallIdIsAdoptedWhenItIsHarmless(string id, bool isAdopted)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.SendAsync(
            HttpMethod.Post, "/v1/chat/completions", null, Wire.Question, ("x-litellm-call-id", id));

        Assert.That(response.Header("x-litellm-call-id"), isAdopted ? Is.EqualTo(id) : Is.Not.EqualTo(id).And.Not.Empty);
    }

    [Test]
    public async Task ACallIdOfMoreThan128CharactersIsNotAdopted()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.SendAsync(
            HttpMethod.Post, "/v1/chat/completions", null, Wire.Question, ("x-litellm-call-id", new string('a', 129)));

        Assert.That(response.Header("x-litellm-call-id"), Has.Length.LessThan(129));
    }

    [Test]
    public async Task RefusalsCarryACallIdToo()
    {
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1") + Wire.Keys);

        using var response = await gateway.SendAsync(
            HttpMethod.Post, "/v1/chat/completions", "sk-wrong", Wire.Question, ("x-litellm-call-id", "mine"));

        Assert.That((int)response.StatusCode, Is.EqualTo(401));
        Assert.That(response.Header("x-litellm-call-id"), Is.EqualTo("mine"));
    }

    [Test]
    public async Task ACompressedAnswerIsUnderstood()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "application/json";
            http.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(http.Response.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(Wire.Answer));
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That(await response.TextAsync(), Is.EqualTo(Wire.Restamped(Wire.Answer)));
        Assert.That(response.Content.Headers.ContentEncoding, Is.Empty);
        Assert.That(response.Header("x-litellm-response-cost"), Is.EqualTo("0.00002"));
    }

    [Test]
    public async Task EmbeddingsAreAnsweredAndPriced()
    {
        const string Vectors = """
            {"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2e-7]}],"model":"gpt-4o-2024",
            "usage":{"prompt_tokens":10,"total_tokens":10}}
            """;
        await using var upstream = await ScriptedUpstream.AnswersAsync(Vectors);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync("""{"model":"gpt-4o","input":"a"}""", path: "/v1/embeddings");

        Assert.That(await response.TextAsync(), Is.EqualTo(Wire.Restamped(Vectors)));
        Assert.That(response.Header("x-litellm-response-cost"), Is.EqualTo("0.00001"));
    }

    [Test]
    public async Task AnAliasIsTheNameInTheAnswer()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel + "router_settings: {model_group_alias: {cheap: gpt-4o}}", upstream);

        using var response = await gateway.ChatAsync("""{"model":"cheap","messages":[]}""");

        Assert.That(await response.TextAsync(), Is.EqualTo(Wire.Restamped(Wire.Answer, "cheap")));
        Assert.That(response.Header("x-litellm-model-group"), Is.EqualTo("gpt-4o"));
    }

    [Test]
    public async Task AnAnswerInPiecesIsTheSameAsInOne()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "application/json";
            foreach (var part in Wire.Answer.Chunk(50))
            {
                await http.Response.WriteAsync(new string(part));
                await http.Response.Body.FlushAsync();
            }
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        Assert.That(await (await gateway.ChatAsync(Wire.Question)).TextAsync(), Is.EqualTo(Wire.Restamped(Wire.Answer)));
    }

    [TestCase("w/mod\u00e8le", "w/mod%C3%A8le")]
    [TestCase(@"w/a\u0001b", "w/a%01b")]
    [TestCase("w/a b~", "w/a b~")]
    public async Task ANameThatNoHeaderCanHoldIsEscapedThere(string model, string header)
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync("""
            model_list:
              - model_name: "w/*"
                litellm_params: {model: "openai/*", api_base: "{upstream}/v1", api_key: k}
                model_info: {id: "eins-zw\u00f6lf"}
            """, upstream);

        using var response = await gateway.ChatAsync($$"""{"model":"{{model}}","messages":[]}""");

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(response.Header("x-litellm-model-group"), Is.EqualTo(header));
        Assert.That(response.Header("x-litellm-model-id"), Is.EqualTo("eins-zw%C3%B6lf"));
    }

    [TestCase("gzip")]
    [TestCase("br")]
    [TestCase("deflate")]
    public async Task AnAnswerThatCannotBeDecompressedIsAConnectionError(string encoding)
    {
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
        {
            http.Response.Headers.ContentEncoding = encoding;
            return ScriptedUpstream.SendAsync(http, new string('\u007f', 100));
        });
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);

        using var response = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)response.StatusCode, Is.EqualTo(500));
        Assert.That((await response.ErrorAsync()).Message, Does.StartWith("litellm.APIConnectionError"));
    }

    [Test]
    public async Task AnAnswerThatDoesNotFitTheBuffersIsThe503OfTheGatewayAndIsPaidForAllTheSame()
    {
        var isLarge = true;
        await using var upstream = await ScriptedUpstream.StartAsync(http => ScriptedUpstream.SendAsync(
            http, isLarge ? Wire.Answer.Replace("a-secret-answer", new string('a', 3 << 20)) : Wire.Answer));
        await using var gateway = await GatewayHost.StartAsync(
            Wire.OneModel.Replace("num_retries: 0", "num_retries: 3") + "general_settings: {max_buffered_mb: 2}", upstream);

        using var refused = await gateway.ChatAsync(Wire.Question.Replace("{\"model\"", "{\"max_tokens\":50,\"model\""));
        isLarge = false;
        using var answered = await gateway.ChatAsync(Wire.Question);

        Assert.That((int)refused.StatusCode, Is.EqualTo(503));
        Assert.That(refused.Header("retry-after"), Is.EqualTo("1"));
        Assert.That((await refused.ErrorAsync()).Message, Does.Contain("max_buffered_mb").And.Not.Contain("Model Group"));
        Assert.That((int)answered.StatusCode, Is.EqualTo(200));
        Assert.That(upstream.Requests, Has.Count.EqualTo(2), "another call would not help");
        var row = (await gateway.StopAndReadAsync())[0];
        Assert.That((row["is_estimated"], row["completion_tokens"]), Is.EqualTo((1L, 50L)), "the provider has written it");
        Assert.That(row["cost_nano_usd"], Is.GreaterThan(100_000L));
    }
}
