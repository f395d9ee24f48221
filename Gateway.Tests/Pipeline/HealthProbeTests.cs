using System.Text;
using Gateway.Config;
using Gateway.Pipeline;
using Gateway.Tests.Catalog;

namespace Gateway.Tests.Pipeline;

/// <summary>Which call checks a deployment.</summary>
public sealed class HealthProbeTests
{
    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Health check: answer with OK.\"}]";

    [TestCase("openai/gpt-4o", "gpt-4o", "\"max_tokens\":1")]
    [TestCase("openai/gpt-5-mini", "gpt-5-mini", "\"max_completion_tokens\":16")]
    [TestCase("openai/o3", "o3", "\"max_completion_tokens\":16")]
    [TestCase("openrouter/openai/o3", "openai/o3", "\"max_tokens\":1")]
    [TestCase("ollama/phi3", "phi3", "\"max_tokens\":1")]
    public void AModelIsAskedForAsLittleAsItTakes(string model, string upstream, string limit)
    {
        var probe = Probe(model, new());
        Assert.That(probe.Operation, Is.EqualTo(Operation.Chat));
        Assert.That(TextOf(probe), Is.EqualTo($"{{\"model\":\"{upstream}\",{Messages},{limit}}}"));
        Assert.That(probe.Timeout, Is.EqualTo(TimeSpan.FromSeconds(60)));
    }

    [Test]
    public void BaseModelSaysWhatADeploymentOfAzureIs() =>
        Assert.That(TextOf(Probe("azure/my-own-name", new() { BaseModel = "azure/gpt-5" })), Does.Contain("max_completion_tokens"));

    [TestCase("completion", "openai/any", Operation.Completions, "\"prompt\":\"Health check: answer with OK.\",\"max_tokens\":1}")]
    [TestCase("embedding", "openai/any", Operation.Embeddings, "\"input\":\"OK\"}")]
    [TestCase(null, "openai/text-embedding-3-small", Operation.Embeddings, "\"input\":\"OK\"}")]
    [TestCase("chat", "openai/text-embedding-3-small", Operation.Chat, "\"max_tokens\":1}")]
    public void TheModeDecidesTheCall(string? mode, string model, Operation operation, string end)
    {
        var probe = Probe(model, new() { Mode = mode });
        Assert.That(probe.Operation, Is.EqualTo(operation));
        Assert.That(TextOf(probe), Does.EndWith(end));
    }

    [Test]
    public void TheConfigMayNameModelTimeAndTokens()
    {
        var probe = Probe("openai/gpt-4o", new()
        {
            HealthCheckModel = "openai/gpt-4o-mini",
            HealthCheckTimeout = TimeSpan.FromSeconds(3),
            HealthCheckMaxTokens = 5,
        });
        Assert.That((probe.Model, probe.Timeout), Is.EqualTo(("gpt-4o-mini", TimeSpan.FromSeconds(3))));
        Assert.That(TextOf(probe), Does.Contain("\"max_tokens\":5"));
    }

    [TestCase("openai/*", null, null, "its model is a pattern; model_info.health_check_model says which one to call")]
    [TestCase("openai/*", null, "openai/gpt-*", "its model is a pattern; model_info.health_check_model says which one to call")]
    [TestCase("openai/*", null, "openai/..", "model_info.health_check_model is not a model's name")]
    [TestCase("openai/dall-e-3", "image_generation", null, "no check is built for model_info.mode 'image_generation'")]
    public void WithoutACheapCallThereIsAReason(string model, string? mode, string? checkModel, string reason)
    {
        var entry = CatalogFixture.Entry(
            model, new LiteLlmParams { Model = model }, new() { Mode = mode, HealthCheckModel = checkModel });
        var deployment = CatalogFixture.Of(entry).Catalog.Deployments.Single();
        Assert.That(HealthProbe.For(deployment, out _), Is.EqualTo(reason));
    }

    [Test]
    public void OneHealthCheckModelOfACatchAllChecksItsOwnProviderOnly()
    {
        var catalog = CatalogFixture.Of(
            new GatewayConfig
            {
                ModelList = [CatalogFixture.Entry("*", new LiteLlmParams { Model = "*" }, new() { HealthCheckModel = "groq/llama" })],
            },
            ("OPENAI_API_KEY", "sk-1"), ("GROQ_API_KEY", "sk-2")).Catalog;
        var reasons = catalog.Deployments.ToDictionary(d => d.Provider.Name, d => HealthProbe.For(d, out _));
        Assert.That(reasons["groq"], Is.Null);
        Assert.That(reasons["openai"], Is.EqualTo("model_info.health_check_model is a model of groq"));
    }

    private static HealthProbe Probe(string model, ModelInfo info)
    {
        var entry = CatalogFixture.Entry("m", new LiteLlmParams { Model = model, ApiBase = "http://server:1/v1" }, info);
        Assert.That(HealthProbe.For(CatalogFixture.Of(entry).Catalog.Deployments.Single(), out var probe), Is.Null);
        return probe;
    }

    private static string TextOf(HealthProbe probe) => Encoding.UTF8.GetString(probe.Body.Span);
}
