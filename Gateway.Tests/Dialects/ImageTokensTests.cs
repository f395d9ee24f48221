using Gateway.Dialects;

namespace Gateway.Tests.Dialects;

/// <summary>What a picture counts at most, by the providers' documentation.</summary>
public sealed class ImageTokensTests
{
    [TestCase("gpt-4o-mini", 48_169)]
    [TestCase("gpt-4o-mini-2024-07-18", 48_169)]
    [TestCase("gpt-4o", 1_445)]
    [TestCase("gpt-4o-2024-08-06", 1_445)]
    [TestCase("chatgpt-4o-latest", 1_445)]
    [TestCase("gpt-4-turbo-2024-04-09", 1_445)]
    [TestCase("gpt-4.1", 1_445)]
    [TestCase("gpt-4.5-preview", 1_445)]
    [TestCase("gpt-4.1-mini", 2_489)] // 1,536 × 1.62 = 2,488.3
    [TestCase("gpt-4.1-nano-2025-04-14", 3_779)] // 1,536 × 2.46 = 3,778.6
    [TestCase("gpt-5-mini", 2_489)]
    [TestCase("gpt-5-nano", 3_779)]
    [TestCase("o4-mini", 2_642)] // 1,536 × 1.72 = 2,641.9
    [TestCase("o1-pro", 1_275)]
    [TestCase("o3", 1_275)]
    [TestCase("claude-opus-4-7", 8_848)] // 2,576² / 750 = 8,847.7
    [TestCase("anthropic/claude-sonnet-4.5", 8_848)]
    [TestCase("gemini-3-pro-preview", 2_240)]
    [TestCase("google/gemini-3.5-flash", 2_240)]
    [TestCase("ft:gpt-4o:company::id", 1_445)]
    [TestCase("ft:gpt-4o-mini:company::id", 48_169)]
    public void EachFamilyHasItsOwn(string model, long tokens) => Assert.That(ImageTokens.AtMost(model), Is.EqualTo(tokens));

    [TestCase("gpt-5.4-mini")]
    [TestCase("gpt-6-astra")]
    [TestCase("gpt-4oh")]
    [TestCase("gemini-2.5-pro")]
    [TestCase("qwen3-vl")]
    [TestCase("my-deployment")]
    [TestCase("")]
    public void AnUnknownOneCountsAsTheDearest(string model) => Assert.That(ImageTokens.AtMost(model), Is.EqualTo(ImageTokens.Dearest));

    [Test]
    public void TheDearestIsAboveAllOthersThatAreKnown() =>
        Assert.That(ImageTokens.Dearest, Is.EqualTo(48_169).And.GreaterThan(10_000 * 2.46).And.GreaterThan(16_384));
}
