using System.Text;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;
using static Gateway.Tests.Catalog.CatalogFixture;

namespace Gateway.Tests.Catalog;

public sealed class OutputCapTests
{
    private static readonly ModelInfo Nothing = new();

    [Test]
    public void TheFirstThatIsKnownCounts()
    {
        var known = new ModelLimits(1000, 200);
        Assert.That(OutputCap.Of(new() { MaxOutputTokens = 7, MaxTokens = 8 }, known, 9), Is.EqualTo(new OutputCap(7, OutputCapSource.Deployment)));
        Assert.That(OutputCap.Of(new() { MaxTokens = 8 }, known, 9), Is.EqualTo(new OutputCap(8, OutputCapSource.Deployment)));
        Assert.That(OutputCap.Of(Nothing, known, 9), Is.EqualTo(new OutputCap(200, OutputCapSource.PriceData)));
        Assert.That(OutputCap.Of(Nothing, new(1000, null), 9), Is.EqualTo(new OutputCap(1000, OutputCapSource.ContextWindow)));
        Assert.That(OutputCap.Of(Nothing, ModelLimits.None, 9), Is.EqualTo(new OutputCap(9, OutputCapSource.Default)));
    }

    [Test]
    public void OnlyADefaultHoldsNothingBack() =>
        Assert.That(Enum.GetValues<OutputCapSource>().Where(source => new OutputCap(1, source).IsDefault), Is.EqualTo(new[] { OutputCapSource.Default }));

    [Test]
    public void AZeroIsNoCap() =>
        Assert.That(OutputCap.Of(new() { MaxOutputTokens = 0 }, new(0, 0), 9), Is.EqualTo(new OutputCap(9, OutputCapSource.Default)));

    [TestCase("gpt-4o", 16_384)]
    [TestCase("openai/gpt-4o", 16_384)]
    [TestCase("openai/o1", 100_000)]
    public void AWildcardsModelHasTheSizeOfThatModel(string name, long tokens)
    {
        var group = Of(Entry("gpt-4o", "openai/gpt-4o"), Entry("openai/*", "openai/*")).Catalog.Resolve(name)!;

        Assert.That(OutputCap.Of(Nothing, group.LimitsOf(0), 9).Tokens, Is.EqualTo(tokens));
    }

    [Test]
    public void APriceMapCountsBeforeTheEmbeddedSizes()
    {
        var map = new PriceMapFile { Name = "m.json", File = "m.json", Json = Encoding.UTF8.GetBytes("""{"gpt-4o":{"max_output_tokens":77}}""") };
        var catalog = Of(new GatewayConfig { ModelList = [Entry("m", "openai/gpt-4o")], LiteLlm = new() { PriceMap = map } }).Catalog;

        Assert.That(OutputCap.Of(Nothing, catalog.Resolve("m")!.LimitsOf(0), 9), Is.EqualTo(new OutputCap(77, OutputCapSource.PriceData)));
    }

    [TestCase("openai/gpt-4o", null, Operation.Chat, "max_completion_tokens")]
    [TestCase("openai/whatever", null, Operation.Chat, "max_completion_tokens")]
    [TestCase("openai/whatever", "http://server:1/v1", Operation.Chat, "max_tokens", Description = "any server may be there")]
    [TestCase("openai/o3", "http://server:1/v1", Operation.Chat, "max_completion_tokens", Description = "OpenAI's own, by another way")]
    [TestCase("openai/gpt-4o", null, Operation.Completions, "max_tokens")]
    [TestCase("azure/mine", "http://server:1", Operation.Chat, "max_completion_tokens")]
    [TestCase("mistral/m", null, Operation.Chat, "max_tokens")]
    [TestCase("ollama/m", null, Operation.Chat, "max_tokens")]
    public void ALimitIsSetUnderTheNameThatTheServerReads(string model, string? apiBase, Operation operation, string name)
    {
        var catalog = Of(Entry("m", model, apiBase)).Catalog;
        var deployment = catalog.Deployments[0];

        Assert.That(catalog.LimitNameFor(deployment, operation, deployment.UpstreamModel), Is.EqualTo(name));
    }

    [Test]
    public void ABaseModelSaysWhoseModelAnAliasIs()
    {
        var catalog = Of(Entry("m", new LiteLlmParams { Model = "openai/mine", ApiBase = "http://server:1/v1" }, new() { BaseModel = "openai/o3" })).Catalog;

        Assert.That(catalog.LimitNameFor(catalog.Deployments[0], Operation.Chat, "mine"), Is.EqualTo("max_completion_tokens"));
    }
}
