using Gateway.Dialects;
using Gateway.Dialects.Hub;
using Gateway.Tests.Dialects.Hub;

namespace Gateway.Tests.Dialects.Ollama;

/// <summary>What Ollama gets because of values and settings, and what it cannot be given.</summary>
public sealed class OllamaTests
{
    private const string Model = "llama3.2";
    private const string Tool = """{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}""";

    [TestCase(Model, $"\"tools\":[{Tool}],\"tool_choice\":\"required\"", "tool_choice", "")]
    [TestCase(Model, $"\"tools\":[{Tool}],\"parallel_tool_calls\":false", "parallel_tool_calls", "one call")]
    [TestCase("gpt-oss:20b", "\"reasoning_effort\":\"none\"", "reasoning_effort", "cannot be kept from thinking")]
    [TestCase(Model, "\"service_tier\":\"flex\"", "service_tier", "one tier")]
    [TestCase(Model, "\"options\":{\"num_predict\":100000}", "options", "")]
    public void WhatOllamaCannotDoIsNamedWithTheReason(string model, string members, string param, string why)
    {
        var refused = HubWriting.Translate(WireFormat.Ollama, model, members, new HubSettings(), out _, out _);

        Assert.That(refused?.Message, Does.Contain($"['{param}']").And.Contain(why).And.Contain("ollama"));
        var dropping = new HubSettings { DropsUnsupported = true };
        Assert.That(HubWriting.Translate(WireFormat.Ollama, model, members, dropping, out _, out var lost), Is.Null);
        Assert.That(lost, Is.EqualTo(new[] { param }));
    }

    [TestCase("gpt-oss:20b", "\"xhigh\"", "\"high\"")]
    [TestCase("gpt-oss:20b", "\"minimal\"", "\"low\"")]
    [TestCase("qwen3", "\"low\"", "true")]
    [TestCase("qwen3", "\"none\"", "false")]
    public void AnEffortIsALevelOrAYes(string model, string effort, string think) =>
        Assert.That(HubWriting.Body(WireFormat.Ollama, model, $"\"reasoning_effort\":{effort}")["think"]!.ToJsonString(), Is.EqualTo(think));

    [Test]
    public void SettingsOfTheConfigsOwnAreOptionsButForThoseOfTheChat()
    {
        var settings = new HubSettings { Overrides = [new("num_ctx", "8192"), new("keep_alive", "\"5m\""), new("mirostat", "1")] };

        var body = HubWriting.Body(WireFormat.Ollama, Model, "\"seed\":7", settings);

        Assert.That(body["options"]!.ToJsonString(), Is.EqualTo("""{"seed":7,"num_ctx":8192,"mirostat":1}"""));
        Assert.That(body["keep_alive"]!.GetValue<string>(), Is.EqualTo("5m"));
        Assert.That(body["num_ctx"], Is.Null);
    }

    [Test]
    public void APictureByUrlIsRefusedThoughParametersAreDropped()
    {
        const string Picture = """
            "messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://pictures.example/a.png"}}]}]
            """;

        var refused = HubWriting.Translate(WireFormat.Ollama, Model, Picture, new HubSettings { DropsUnsupported = true }, out _, out _);

        Assert.That(refused?.Message, Does.Contain("messages[0].content[0]").And.Contain("never dropped"));
    }

    [Test]
    public void TextThatIsNoUnicodeDeepInASchemaIsRefused()
    {
        const string Broken = """
            "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"\ud800"}}}]
            """;

        var refused = HubWriting.Translate(WireFormat.Ollama, Model, Broken, new HubSettings(), out _, out _);

        Assert.That((refused?.Status, refused?.Message), Is.EqualTo((400, "Invalid JSON payload: a text is not valid Unicode.")));
    }

    [Test]
    public void EmbeddingsAreAskedForAndRead()
    {
        var (body, losses) = HubWriting.Embedding(WireFormat.Ollama, """{"model":"m","input":"a","dimensions":256,"truncate":"none"}""");
        var answer = HubWriting.Vectors(WireFormat.Ollama, """{"model":"m","embeddings":[[0.5,-1]],"total_duration":14143917,"prompt_eval_count":8}""");

        Assert.That(body.ToJsonString(), Is.EqualTo("""{"model":"embedder","input":["a"],"dimensions":256,"truncate":false}"""));
        Assert.That(losses.Params, Is.Empty);
        Assert.That(answer!.Vectors, Is.EqualTo(new[] { new[] { 0.5f, -1f } }));
        Assert.That(answer.Usage, Is.EqualTo(new Usage { Input = 8 }));
        Assert.That(HubWriting.Vectors(WireFormat.Ollama, """{"error":"model not found"}"""), Is.Null);
        Assert.That(HubWriting.Embedding(WireFormat.Ollama, """{"model":"m","input":"a","truncate":"START"}""").Losses.Params, Is.EqualTo(new[] { "truncate" }));
    }
}
