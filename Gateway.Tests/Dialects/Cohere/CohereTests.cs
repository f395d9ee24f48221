using Gateway.Dialects;
using Gateway.Dialects.Hub;
using Gateway.Tests.Dialects.Hub;

namespace Gateway.Tests.Dialects.Cohere;

/// <summary>What Cohere gets because of values, and what it cannot be given.</summary>
public sealed class CohereTests
{
    private const string Model = "command-a-03-2025";
    private const string Thinker = "command-a-reasoning-08-2025";
    private const string Tool = """{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}""";

    [TestCase("\"frequency_penalty\":1.5", "frequency_penalty", "from 0 to 1")]
    [TestCase("\"presence_penalty\":-0.5", "presence_penalty", "from 0 to 1")]
    [TestCase("\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]", "stop", "5 at most")]
    [TestCase("\"top_k\":501", "top_k", "0 to 500")]
    [TestCase("\"service_tier\":\"flex\"", "service_tier", "one tier")]
    [TestCase($"\"tools\":[{Tool}],\"parallel_tool_calls\":false", "parallel_tool_calls", "one call")]
    [TestCase($"\"tools\":[{Tool}],\"response_format\":{{\"type\":\"json_object\"}}", "response_format", "at once")]
    [TestCase("\"n\":2", "n", "")]
    [TestCase("\"logit_bias\":{\"1\":2}", "logit_bias", "")]
    public void WhatCohereCannotDoIsNamedWithTheReason(string members, string param, string why)
    {
        var refused = HubWriting.Translate(WireFormat.Cohere, Model, members, new HubSettings(), out _, out _);

        Assert.That(refused?.Message, Does.Contain($"['{param}']").And.Contain(why).And.Contain("cohere"));
        var dropping = new HubSettings { DropsUnsupported = true };
        Assert.That(HubWriting.Translate(WireFormat.Cohere, Model, members, dropping, out _, out var lost), Is.Null);
        Assert.That(lost, Is.EqualTo(new[] { param }));
    }

    [TestCase(Thinker, "\"low\"", """{"type":"enabled","token_budget":1024}""")]
    [TestCase(Thinker, "\"high\"", """{"type":"enabled"}""")]
    [TestCase(Thinker, "\"none\"", """{"type":"disabled"}""")]
    [TestCase(Model, "\"none\"", null)]
    public void AnEffortIsANumberOfTokens(string model, string effort, string? thinking) =>
        Assert.That(HubWriting.Body(WireFormat.Cohere, model, $"\"reasoning_effort\":{effort}")["thinking"]?.ToJsonString(), Is.EqualTo(thinking));

    [Test]
    public void AModelThatThinksGetsItsThoughtsBack()
    {
        const string Turns = """
            "messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho","reasoning_content":"Hm"},{"role":"user","content":"?"}]
            """;

        Assert.That(HubWriting.Body(WireFormat.Cohere, Thinker, Turns)["messages"]![1]!["content"]!.ToJsonString(),
            Is.EqualTo("""[{"type":"thinking","thinking":"Hm"},{"type":"text","text":"Ho"}]"""));
        Assert.That(HubWriting.Body(WireFormat.Cohere, Model, Turns)["messages"]![1]!["content"]!.ToJsonString(), Is.EqualTo("\"Ho\""));
    }

    [Test]
    public void ADocumentThatIsNoTextIsRefusedThoughParametersAreDropped()
    {
        const string Pdf = """
            "messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}}]}]
            """;

        var refused = HubWriting.Translate(WireFormat.Cohere, Model, Pdf, new HubSettings { DropsUnsupported = true }, out _, out _);

        Assert.That(refused?.Message, Does.Contain("messages[0].content").And.Contain("plain text").And.Contain("never dropped"));
    }

    [Test]
    public void EmbeddingsAreAskedForWithWhatTheyAreFor()
    {
        var (body, losses) = HubWriting.Embedding(WireFormat.Cohere,
            """{"model":"m","input":["a","b"],"dimensions":256,"input_type":"query","truncate":"end","user":"u"}""");

        Assert.That(body.ToJsonString(), Is.EqualTo("""{"model":"embedder","texts":["a","b"],"input_type":"search_query","embedding_types":["float"],"""
            + """ "output_dimension":256,"truncate":"END"}""".TrimStart()));
        Assert.That(losses.Params, Is.Empty);
        Assert.That(HubWriting.Embedding(WireFormat.Cohere, """{"model":"m","input":"a"}""").Body["input_type"]!.GetValue<string>(), Is.EqualTo("search_document"));
        Assert.That(HubWriting.Embedding(WireFormat.Cohere, """{"model":"m","input":"a","input_type":"fact_checking"}""").Losses.Params,
            Is.EqualTo(new[] { "input_type" }));
    }

    [Test]
    public void VectorsAndWhatIsBilledForThemAreRead()
    {
        var answer = HubWriting.Vectors(WireFormat.Cohere,
            """{"id":"e1","embeddings":{"float":[[0.5,-1],[2,3]]},"texts":["a","b"],"meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":7}}}""");

        Assert.That(answer!.Vectors, Is.EqualTo(new[] { new[] { 0.5f, -1f }, [2f, 3f] }));
        Assert.That(answer.Usage, Is.EqualTo(new Usage { Input = 7 }));
        Assert.That(HubWriting.Vectors(WireFormat.Cohere, """{"message":"invalid api token"}"""), Is.Null);
    }
}
