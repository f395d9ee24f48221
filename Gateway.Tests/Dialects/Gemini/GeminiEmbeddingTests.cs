using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects.Gemini;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects.Gemini;

/// <summary>OpenAI's embeddings of Google's models: AI Studio's form (https://ai.google.dev/api/embeddings) and Vertex AI's.</summary>
public sealed class GeminiEmbeddingTests
{
    private static readonly GeminiEmbeddings Provider = new();
    private static readonly HubTarget Studio = new("gemini-embedding-001", "gemini") { DefaultMaxTokens = 1 };
    private static readonly HubTarget Vertex = new("text-embedding-005", "vertex_ai") { DefaultMaxTokens = 1 };

    private const string Body = """{"model":"m","input":["A","B"],"dimensions":2,"input_type":"query","encoding_format":"base64","user":"u"}""";

    [Test]
    public void AiStudioGetsOneRequestForEachText() => Assert.That(Write(Studio), Is.EqualTo(
        """{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"A"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":2},"""
        + """{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"B"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":2}]}"""));

    [Test]
    public void VertexGetsInstances() => Assert.That(Write(Vertex), Is.EqualTo(
        """{"instances":[{"content":"A","task_type":"RETRIEVAL_QUERY"},{"content":"B","task_type":"RETRIEVAL_QUERY"}],"parameters":{"outputDimensionality":2}}"""));

    [Test]
    public void VectorsComeBackAsFloatsAndAsTheirBytes()
    {
        var answer = Provider.ReadAnswer("""{"embeddings":[{"values":[0.5,-1]},{"values":[1e-3,2]}]}"""u8.ToArray(), Studio)!;

        var floats = JsonNode.Parse(Answer(answer, isBase64: false))!;
        var bytes = JsonNode.Parse(Answer(answer, isBase64: true))!;

        Assert.That(floats["data"]!.ToJsonString(), Is.EqualTo(
            """[{"object":"embedding","index":0,"embedding":[0.5,-1]},{"object":"embedding","index":1,"embedding":[0.001,2]}]"""));
        var decoded = Convert.FromBase64String(bytes["data"]![1]!["embedding"]!.GetValue<string>());
        Assert.That(decoded, Has.Length.EqualTo(8));
        Assert.That(BitConverter.ToSingle(decoded), Is.EqualTo(0.001f));
        Assert.That(answer.Usage, Is.Null, "AI Studio tells none");
    }

    [Test]
    public void VertexTellsItsTokens()
    {
        var answer = Provider.ReadAnswer(
            """{"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":4}}},{"embeddings":{"values":[2],"statistics":{"token_count":3}}}]}"""u8.ToArray(),
            Vertex)!;

        Assert.That(answer.Usage, Is.EqualTo(new Usage { Input = 7 }));
        Assert.That(answer.Vectors.Select(static vector => vector[0]), Is.EqualTo(new[] { 1f, 2f }));
    }

    [TestCase("""{"embeddings":[]}""")]
    [TestCase("""{"embeddings":[{"values":["1"]}]}""")]
    [TestCase("""{"embeddings":[{"values":[1e999]}]}""")]
    [TestCase("""{"error":{"code":400}}""")]
    [TestCase("[]")]
    [TestCase("{")]
    public void WhatIsNoVectorIsNoAnswer(string body) => Assert.That(Provider.ReadAnswer(Encoding.UTF8.GetBytes(body), Studio), Is.Null);

    [TestCase("""{"input":[1,2]}""", "input")]
    [TestCase("""{"input":[]}""", "input")]
    [TestCase("""{"input":"a","dimensions":0}""", "dimensions")]
    [TestCase("""{"input":"a","encoding_format":"hex"}""", "encoding_format")]
    [TestCase("""{"input":"a","user":1}""", "user")]
    public void WhatCannotBeEmbeddedIsRefusedByName(string body, string param) =>
        Assert.That(OpenAiEmbeddings.Read(JsonDocument.Parse(body).RootElement, out _)?.Param, Is.EqualTo(param));

    [Test]
    public void MoreTextsThanGoogleTakesAreALoss()
    {
        var request = new EmbeddingRequest { Truncate = "NONE" };
        for (var i = 0; i < 101; i++)
            request.Inputs.Add("x");
        var (studio, vertex) = (new HubLosses(), new HubLosses());

        Provider.Fit(request.Copy(), Studio, studio);
        Provider.Fit(request.Copy(), Vertex, vertex);

        Assert.That(studio.Params, Is.EqualTo(new[] { "input", "truncate" }));
        Assert.That(vertex.Params, Is.Empty);
    }

    private static string Write(HubTarget target)
    {
        Assert.That(OpenAiEmbeddings.Read(JsonDocument.Parse(Body).RootElement, out var request), Is.Null);
        Assert.That(request.IsBase64);
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
            Provider.Write(request, target, json);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static byte[] Answer(EmbeddingAnswer answer, bool isBase64)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
            OpenAiEmbeddings.WriteAnswer(answer, "m", isBase64, json);
        return output.WrittenSpan.ToArray();
    }
}
