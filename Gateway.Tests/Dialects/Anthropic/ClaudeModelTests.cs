using Gateway.Dialects.Anthropic;

namespace Gateway.Tests.Dialects.Anthropic;

/// <summary>What a Claude model takes is known by its name, however a provider writes that.</summary>
public sealed class ClaudeModelTests
{
    [TestCase("claude-3-haiku-20240307", false, false, true)]
    [TestCase("claude-3-5-sonnet-20241022", false, false, true)]
    [TestCase("claude-3.7-sonnet", true, false, true)]
    [TestCase("claude-sonnet-4-20250514", true, false, true)]
    [TestCase("claude-opus-4-1@20250805", true, false, true)]
    [TestCase("us.anthropic.claude-sonnet-4-5-20250929-v1:0", true, false, true)]
    [TestCase("anthropic/claude-opus-4.6", true, true, true)]
    [TestCase("claude-4.7-opus", false, true, false)]
    [TestCase("claude-opus-4-8", false, true, false)]
    [TestCase("claude-sonnet-5", false, true, false)]
    [TestCase("anthropic.claude-fable-5-1-v1:0", false, true, false)]
    [TestCase("claude-opus-latest", false, true, false)]
    [TestCase("some-imitator", true, false, true)]
    public void ThinkingAndSamplingFollowTheVersion(string name, bool takesBudget, bool isAdaptive, bool takesSampling)
    {
        var model = ClaudeModel.Of(name);

        Assert.That(model.TakesBudget, Is.EqualTo(takesBudget));
        Assert.That(model.ThinksAdaptively, Is.EqualTo(isAdaptive));
        Assert.That(model.TakesSampling, Is.EqualTo(takesSampling));
    }

    [TestCase("claude-opus-5", false)]
    [TestCase("claude-opus-5-5", true)]
    [TestCase("claude-fable-5", true)]
    [TestCase("claude-mythos-5-1", true)]
    [TestCase("claude-sonnet-5-5", false)]
    [TestCase("claude-haiku-5-5", false)]
    public void SomeModelsAlwaysThink(string name, bool alwaysThinks) => Assert.That(ClaudeModel.Of(name).AlwaysThinks, Is.EqualTo(alwaysThinks));

    [TestCase("claude-opus-4-1", false, true)]
    [TestCase("claude-haiku-4-5-20251001", true, true)]
    [TestCase("claude-sonnet-4-6", true, false)]
    [TestCase("claude-2.1", false, true)]
    public void SchemasCameWith45AndPrefillsWentWith46(string name, bool takesSchemas, bool takesPrefill)
    {
        Assert.That(ClaudeModel.Of(name).TakesSchemas, Is.EqualTo(takesSchemas));
        Assert.That(ClaudeModel.Of(name).TakesPrefill, Is.EqualTo(takesPrefill));
    }
}
