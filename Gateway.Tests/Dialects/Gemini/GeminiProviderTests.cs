using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Gemini;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Dialects.Gemini;

/// <summary>What depends on the model or on the service that a request goes to.</summary>
public sealed class GeminiProviderTests
{
    private static readonly GeminiProvider Provider = new();

    [TestCase("gemini-3-flash-preview", "none", """{"includeThoughts":false,"thinkingLevel":"MINIMAL"}""")]
    [TestCase("gemini-3-pro-preview", "none", """{"includeThoughts":false,"thinkingLevel":"LOW"}""")]
    [TestCase("gemini-3-pro-preview", "medium", """{"includeThoughts":true,"thinkingLevel":"HIGH"}""")]
    [TestCase("gemini-3.1-pro-preview", "medium", """{"includeThoughts":true,"thinkingLevel":"MEDIUM"}""")]
    [TestCase("gemini-flash-latest", "high", """{"includeThoughts":true,"thinkingLevel":"HIGH"}""")]
    [TestCase("gemini-2.5-flash", "none", """{"includeThoughts":false,"thinkingBudget":0}""")]
    [TestCase("gemini-2.5-pro", "none", """{"includeThoughts":false,"thinkingBudget":128}""")]
    [TestCase("gemini-2.5-pro", "high", """{"includeThoughts":true,"thinkingBudget":24576}""")]
    [TestCase("tuned-model", "low", """{"includeThoughts":true,"thinkingBudget":1024}""")]
    public void AnEffortIsALevelOrABudgetByTheModelsGeneration(string model, string effort, string expected)
    {
        var sent = Send($$"""{"messages":[{"role":"user","content":"Hi"}],"reasoning_effort":"{{effort}}"}""", model);

        Assert.That(sent["generationConfig"]!["thinkingConfig"]!.ToJsonString(), Is.EqualTo(expected));
    }

    private const string Calls = """
        {"messages":[{"role":"user","content":"Go."},
          {"role":"assistant","tool_calls":[
            {"id":"c1","type":"function","function":{"name":"a","arguments":"{}"}SEAL},
            {"id":"c2","type":"function","function":{"name":"b","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"c1","content":"1"},{"role":"tool","tool_call_id":"c2","content":"2"}]}
        """;

    [Test]
    public void ASealComesBackToTheCallThatItIsOf()
    {
        var sent = Send(Calls.Replace("SEAL", ",\"extra_content\":{\"google\":{\"thought_signature\":\"c2VhbA==\"}}"), "gemini-3-flash");

        Assert.That(Seals(sent), Is.EqualTo(new[] { "c2VhbA==", null }));
    }

    [Test]
    public void CallsOfAnotherModelAreExcusedFromASealWhereTheModelAsksForOne()
    {
        var body = Calls.Replace("SEAL", "");

        Assert.That(Seals(Send(body, "gemini-3-flash")), Is.EqualTo(new[] { "skip_thought_signature_validator", null }));
        Assert.That(Seals(Send(body, "gemini-2.5-flash")), Is.EqualTo(new string?[] { null, null }));
    }

    [Test]
    public void ASealThatAnAnthropicClientGivesBackBeforeACallIsPutIntoIt()
    {
        const string Body = """
            {"max_tokens":9,"messages":[{"role":"user","content":"Go."},
              {"role":"assistant","content":[{"type":"redacted_thinking","data":"gw:3:c2VhbA=="},{"type":"tool_use","id":"c1","name":"a","input":{}},
                {"type":"tool_use","id":"c2","name":"b","input":{}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"},{"type":"tool_result","tool_use_id":"c2","content":"2"}]}]}
            """;

        var sent = Send(Body, "gemini-3-flash", HubDialects.ClientOf("anthropic"));

        Assert.That(Seals(sent), Is.EqualTo(new[] { "c2VhbA==", null }));
        Assert.That(sent["contents"]![1]!["parts"]![0]!["functionCall"]!["name"]!.GetValue<string>(), Is.EqualTo("a"));
    }

    private static string?[] Seals(JsonNode sent) =>
        [.. sent["contents"]![1]!["parts"]!.AsArray().Select(static part => part!["thoughtSignature"]?.GetValue<string>())];

    [Test]
    public void APictureOfAToolStandsInItsResultWhereTheModelSeesItThere()
    {
        const string Body = """
            {"contents":[{"role":"model","parts":[{"functionCall":{"name":"look"}}]},
              {"role":"user","parts":[{"functionResponse":{"name":"look","response":{"output":"x"},"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}}]}]}
            """;

        var within = Send(Body, "gemini-3-pro", client: new GeminiClient())["contents"]![1]!["parts"]!.AsArray();
        var beside = Send(Body, "gemini-2.5-pro", client: new GeminiClient())["contents"]![1]!["parts"]!.AsArray();

        Assert.That(within, Has.Count.EqualTo(1));
        Assert.That(within[0]!["functionResponse"]!["parts"]![0]!["inlineData"]!["data"]!.GetValue<string>(), Is.EqualTo("AAAA"));
        Assert.That(beside[1]!["inlineData"]!["mimeType"]!.GetValue<string>(), Is.EqualTo("image/png"));
    }

    [TestCase("""{"parallel_tool_calls":false}""", "parallel_tool_calls")]
    [TestCase("""{"n":9}""", "n")]
    [TestCase("""{"stop":["1","2","3","4","5","6"]}""", "stop")]
    [TestCase("""{"seed":99999999999}""", "seed")]
    [TestCase("""{"service_tier":"scale"}""", "service_tier")]
    [TestCase("""{"logit_bias":{"1":2}}""", "logit_bias")]
    [TestCase("""{"response_format":{"type":"json_object"},"tools":[{"type":"function","function":{"name":"a"}}]}""", "response_format")]
    public void WhatGoogleCannotBeGivenIsRefusedByName(string members, string param)
    {
        var body = members[..^1] + ""","messages":[{"role":"user","content":"Hi"}]}""";

        var refused = Translate(body, "gemini-2.5-flash", "gemini", drops: false, out _, out _);
        Assert.That(refused?.Message, Does.Contain($"'{param}'"));

        Assert.That(Translate(body, "gemini-2.5-flash", "gemini", drops: true, out var sent, out var lost), Is.Null);
        Assert.That(lost, Is.EqualTo(new[] { param }));
        Assert.That(sent!["contents"], Is.Not.Null);
    }

    [Test]
    public void FilesOfGooglesCloudAreReadByVertexOnly()
    {
        const string Body = """{"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"gs://bucket/a.pdf"}}]}]}""";

        Assert.That(Translate(Body, "gemini-2.5-flash", "gemini", drops: false, out _, out _)?.Message, Does.Contain("Vertex AI"));
        Assert.That(Translate(Body, "gemini-2.5-flash", "vertex_ai", drops: false, out var sent, out _), Is.Null);
        Assert.That(sent!["contents"]![0]!["parts"]![0]!["fileData"]!.ToJsonString(),
            Is.EqualTo("""{"mimeType":"application/pdf","fileUri":"gs://bucket/a.pdf"}"""));
    }

    [Test]
    public void LabelsAreForVertexAndOnlyWhatMayBeOne()
    {
        const string Body = """{"messages":[{"role":"user","content":"Hi"}],"metadata":{"team":"red","Run":"7","note":"Not a label"}}""";

        Assert.That(Translate(Body, "gemini-2.5-flash", "vertex_ai", drops: false, out var sent, out _), Is.Null);
        Assert.That(sent!["labels"]!.ToJsonString(), Is.EqualTo("""{"team":"red"}"""));
        Assert.That(Send(Body, "gemini-2.5-flash")["labels"], Is.Null);
    }

    [Test]
    public void ASealOfAnotherDialectGoesThroughGooglesClientsAndBack()
    {
        var answer = new HubAnswer();
        var choice = new HubChoice { Finish = HubFinish.Stop };
        choice.Parts.Add(new HubThinking("Hm.") { Signature = new(WireFormat.Anthropic, "EqoB+/w==") });
        answer.Choices.Add(choice);
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
            new GeminiClient().WriteAnswer(answer, new("m") { RandomId = "r", Now = default, Request = new() }, json);
        var content = JsonNode.Parse(output.WrittenSpan)!["candidates"]![0]!["content"]!;
        Assert.That(Convert.FromBase64String(content["parts"]![0]!["thoughtSignature"]!.GetValue<string>()), Is.Not.Empty, "SDKs decode it");

        var body = new JsonObject { ["contents"] = new JsonArray(content.DeepClone()) }.ToJsonString();
        Assert.That(new GeminiClient().Read(JsonDocument.Parse(body).RootElement, out var hub), Is.Null);

        Assert.That(((HubThinking)hub.Messages[0].Parts[0]).Signature, Is.EqualTo(new ThoughtSignature(WireFormat.Anthropic, "EqoB+/w==")));
    }

    [Test]
    public void AStreamAsAnArrayIsOneJsonText()
    {
        var writer = new GeminiClient(isJsonArray: true).OpenStream(new("m") { RandomId = "r", Now = default, Request = new() });
        var output = new ArrayBufferWriter<byte>();

        writer.Write(HubEvent.OfText(0, "Hi"), output);
        writer.Write(HubEvent.OfFinish(0, HubFinish.Length), output);
        writer.End(output);

        var chunks = JsonNode.Parse(output.WrittenSpan)!.AsArray();
        Assert.That(chunks, Has.Count.EqualTo(2));
        Assert.That(chunks[1]!["candidates"]![0]!["finishReason"]!.GetValue<string>(), Is.EqualTo("MAX_TOKENS"));
    }

    private static JsonNode Send(string body, string model, HubClient? client = null)
    {
        Assert.That(Translate(body, model, "gemini", drops: false, out var sent, out _, client), Is.Null);
        return sent!;
    }

    private static ApiError? Translate(
        string body, string model, string provider, bool drops, out JsonNode? sent, out IReadOnlyList<string> lost, HubClient? client = null)
    {
        var json = JsonDocument.Parse(body).RootElement;
        Assert.That((client ?? HubDialects.ClientOf("openai")).Read(json, out var hub), Is.Null);
        var refused = HubTranslation.Translate(hub, json, Provider, new HubTarget(model, provider) { DefaultMaxTokens = 4096 },
            new HubSettings { DropsUnsupported = drops }, out var written, out lost);
        sent = refused is null ? JsonNode.Parse(Encoding.UTF8.GetString(written.ToSequence().ToArray())) : null;
        return refused;
    }
}
