namespace Gateway.Tests.Pricing;

/// <summary>Usage that is missing or cannot be: never a bill of zero in silence.</summary>
public sealed class UsageTruthTests
{
    /// <summary>"hello there" has 11 bytes; a token is taken for every four that begin.</summary>
    private const long Relayed = 3;

    private const string Model = "model: openai/m, input_cost_per_token: 0.000001, output_cost_per_token: 0.000002";

    [TestCase(null)]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("\"12\"")]
    [TestCase("{\"prompt_tokens\":null,\"completion_tokens\":null,\"total_tokens\":null}")]
    [TestCase("{\"prompt_tokens\":\"12\",\"completion_tokens\":\"7\"}")]
    [TestCase("{\"prompt_tokens\":-1,\"completion_tokens\":-1,\"total_tokens\":-2}")]
    [TestCase("{\"prompt_tokens\":12,\"completion_tokens\":-7,\"total_tokens\":5}")]
    [TestCase("{\"prompt_tokens\":12,\"completion_tokens\":7,\"total_tokens\":1e300}")]
    [TestCase("{\"prompt_tokens\":99999999999999,\"completion_tokens\":7}")]
    [TestCase("{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}")]
    public async Task WithoutUsageWhatWasRelayedIsEstimatedAndMarked(string? usage)
    {
        foreach (var isStream in new[] { false, true })
        {
            var billed = await Billed.AskAsync(Model, usage, isStream);
            Assert.That(billed.IsEstimated, $"stream: {isStream}");
            Assert.That(billed.Tokens.Output, Is.EqualTo(Relayed));
            Assert.That(billed.Tokens.Input, Is.InRange(1, 100));
            Assert.That(billed.Nano, Is.EqualTo(billed.Tokens.Input * 1_000 + Relayed * 2_000));
        }
    }

    [TestCase("{\"prompt_tokens\":12}")]
    [TestCase("{\"prompt_tokens\":12,\"completion_tokens\":0,\"total_tokens\":12}")]
    [TestCase("{\"prompt_tokens\":12,\"completion_tokens\":\"7\"}")]
    public async Task ATextThatTookNoTokenIsEstimatedBesideThePromptThatIsKnown(string usage)
    {
        foreach (var isStream in new[] { false, true })
        {
            var billed = await Billed.AskAsync(Model, usage, isStream);
            Assert.That((billed.IsEstimated, billed.Tokens), Is.EqualTo((true, (12L, Relayed))), $"stream: {isStream}");
        }
    }

    [Test]
    public async Task APromptThatTookNoTokenIsEstimatedBesideTheOutputThatIsKnown()
    {
        var billed = await Billed.AskAsync(Model, "{\"completion_tokens\":7}");
        Assert.That((billed.IsEstimated, billed.Tokens.Output), Is.EqualTo((true, 7L)));
        Assert.That(billed.Tokens.Input, Is.Positive);
    }

    [TestCase("{\"prompt_tokens\":12,\"completion_tokens\":7,\"total_tokens\":19}", 26_000)]
    [TestCase("{\"prompt_tokens\":1000000000,\"completion_tokens\":1}", 1_000_000_002_000)]
    [TestCase("{\"prompt_tokens\":12.0,\"completion_tokens\":7}", 26_000)]
    public async Task UsageThatCanBeIsBelieved(string usage, long nano)
    {
        var billed = await Billed.AskAsync(Model, usage);
        Assert.That((billed.IsEstimated, billed.Nano), Is.EqualTo((false, nano)));
    }

    [Test]
    public async Task ACostWithoutTokensIsBookedAndTheTokensAreMarked()
    {
        var billed = await Billed.AskAsync("model: openrouter/openai/gpt-4o-mini", "{\"cost\":0.5}");
        Assert.That((billed.IsEstimated, billed.Nano), Is.EqualTo((true, 500_000_000L)));
    }
}
