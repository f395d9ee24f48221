using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.InteropServices;
using System.Text.Json;
using OpenAI;
using OpenAI.Embeddings;

namespace Gateway.Tests.Clients;

/// <summary>OpenAI's own client for embeddings, which asks for base64 unasked.</summary>
public sealed class OpenAiEmbeddingsClientTests
{
    private static readonly float[] First = [0.5f, -0.25f, 0.125f], Second = [1, 0, -1];

    private static EmbeddingClient ClientOf(GatewayHost gateway) => new(
        ProviderScript.Model, new ApiKeyCredential(ProviderScript.CallerKey), new OpenAIClientOptions
        {
            Endpoint = new Uri(gateway.Http.BaseAddress!, "/v1"),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
        });

    private static Task<GatewayHost> StartAsync(ScriptedUpstream upstream, string model, string path) => GatewayHost.StartAsync($$"""
        model_list:
          - model_name: {{ProviderScript.Model}}
            litellm_params: {model: {{model}}, api_base: "{upstream}{{path}}", api_key: {{ProviderScript.ProviderKey}}}
            model_info: {mode: embedding}
        user_access: [{user_id: ann, api_key: {{ProviderScript.CallerKey}}}]
        """, upstream);

    private static string Base64(float[] vector) => Convert.ToBase64String(MemoryMarshal.AsBytes<float>(vector));

    private static async Task<float[][]> AskAsync(GatewayHost gateway)
    {
        OpenAIEmbeddingCollection answer = await ClientOf(gateway).GenerateEmbeddingsAsync(["Elbe", "Oder"], new() { Dimensions = 3 });
        Assert.That(answer.Select(static one => one.Index), Is.EqualTo([0, 1]));
        Assert.That((answer.Model, answer.Usage.InputTokenCount), Is.EqualTo((ProviderScript.Model, 4)));
        return [.. answer.Select(static one => one.ToFloats().ToArray())];
    }

    [Test]
    public async Task VectorsOfOpenAiPassInBase64()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync($$$"""
            {"object":"list","data":[{"object":"embedding","index":0,"embedding":"{{{Base64(First)}}}"},
            {"object":"embedding","index":1,"embedding":"{{{Base64(Second)}}}"}],
            "model":"text-embedding-3-small","usage":{"prompt_tokens":4,"total_tokens":4}}
            """);
        await using var gateway = await StartAsync(upstream, "openai/text-embedding-3-small", "/v1");

        Assert.That(await AskAsync(gateway), Is.EqualTo((float[][])[First, Second]));

        Assert.That(upstream.Request.Path, Is.EqualTo("/v1/embeddings"));
        Assert.That(upstream.Request.Headers["Authorization"], Is.EqualTo("Bearer " + ProviderScript.ProviderKey));
        Assert.That(((JsonElement?)JsonElement.Parse(upstream.Request.Body)).DeepEquals(
            """{"model":"text-embedding-3-small","input":["Elbe","Oder"],"dimensions":3,"encoding_format":"base64"}"""),
            upstream.Request.Body);
    }

    [Test]
    public async Task VectorsOfGeminiComeInBase64()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""
            {"embeddings":[{"values":[0.5,-0.25,0.125]},{"values":[1,0,-1]}],"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}
            """);
        await using var gateway = await StartAsync(upstream, "gemini/gemini-embedding-001", "");

        Assert.That(await AskAsync(gateway), Is.EqualTo((float[][])[First, Second]));

        Assert.That(upstream.Request.Path, Is.EqualTo("/v1beta/models/gemini-embedding-001:batchEmbedContents"));
        Assert.That(upstream.Request.Headers["x-goog-api-key"], Is.EqualTo(ProviderScript.ProviderKey));
        Assert.That(((JsonElement?)JsonElement.Parse(upstream.Request.Body)).DeepEquals("""
            {"requests":[
            {"model":"models/gemini-embedding-001","content":{"parts":[{"text":"Elbe"}]},"outputDimensionality":3},
            {"model":"models/gemini-embedding-001","content":{"parts":[{"text":"Oder"}]},"outputDimensionality":3}]}
            """), upstream.Request.Body);
    }

    [Test]
    public async Task AProviderWithoutEmbeddingsIsNamed()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("{}");
        await using var gateway = await StartAsync(upstream, "anthropic/claude-sonnet-4-5", "");

        var error = await Assert.ThrowsAsync<ClientResultException>(() => ClientOf(gateway).GenerateEmbeddingAsync("Elbe"));

        Assert.That(error!.Status, Is.InRange(400, 501));
        Assert.That(error.Message, Does.Contain("nthropic"));
        Assert.That(upstream.Requests, Is.Empty);
    }
}
