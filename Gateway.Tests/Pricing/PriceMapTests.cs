using System.Text;
using System.Text.Json;
using Gateway.Pricing;

namespace Gateway.Tests.Pricing;

public sealed class PriceMapTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [TestCase("""{"input_cost_per_token": -1e-6}""", "input_cost_per_token must be a number of USD from 0 to 1000")]
    [TestCase("""{"input_cost_per_token": 1e-6, "output_cost_per_token": "NaN"}""", "output_cost_per_token must be a number")]
    [TestCase("""{"input_cost_per_token": 1e-6, "output_cost_per_token": true}""", "output_cost_per_token must be a number")]
    [TestCase("""{"input_cost_per_token": 1e300}""", "input_cost_per_token must be a number")]
    [TestCase("""{"input_cost_per_token": 2.5}""", "is 2.5 USD for one token; prices are per token, not per million")]
    [TestCase("""{"input_cost_per_token": 1e-6, "tiered_pricing": [{"input_cost_per_token": 1e-6}]}""", "tiered_pricing must be a list")]
    [TestCase("""{"input_cost_per_token": 1e-6, "tiered_pricing": [{"range": ["x"]}]}""", "tiered_pricing must be a list")]
    [TestCase("[]", "must be an object")]
    public void AnEntryWithAnImpossiblePriceIsLeftOutByName(string entry, string problem)
    {
        var (book, problems) = Read($$$"""{"bad": {{{entry}}}, "good": {"input_cost_per_token": 1e-6}}""");
        Assert.That(problems.Single(), Does.StartWith("the entry 'bad'").And.Contain(problem).And.EndsWith("it is left out"));
        Assert.That(book.Find("openai", "bad", Now), Is.Null);
        Assert.That(book.Find("openai", "good", Now)!.Id, Is.EqualTo("good@map.json"));
    }

    [TestCase("""{"mode": "chat", "max_tokens": 10}""")]
    [TestCase("""{"input_cost_per_token": null}""")]
    [TestCase("""{"output_cost_per_token": 1e-6}""")]
    [TestCase("""{"input_cost_per_character": 1e-6, "input_cost_per_image": 0.1}""")]
    [TestCase("""{"mode": "audio_transcription", "input_cost_per_second": 0.0001}""")]
    public void AnEntryWhosePriceCannotBeCountedIsUnknownAndNotFree(string entry)
    {
        var (book, problems) = Read($$$"""{"openai/odd": {{{entry}}}}""");
        Assert.That((book.Find("openai", "odd", Now), problems.Count), Is.EqualTo(((ModelPrice?)null, 0)));
    }

    [TestCase("openai", "tts", "Character", 1_000_000_000)]
    [TestCase("openai", "dall-e", "Image", 100_000_000_000_000)]
    [TestCase("openai", "whisper", "AudioSecond", 200_000_000_000)]
    [TestCase("cohere", "rerank", "SearchUnit", 2_000_000_000_000)]
    public void PiecesHaveAPriceWhereTokensHaveNone(string provider, string model, string unit, long rate)
    {
        var (book, _) = Read("""
            {"tts": {"mode": "audio_speech", "input_cost_per_character": 1e-6},
             "dall-e": {"mode": "image_generation", "input_cost_per_image": 0.05, "output_cost_per_image": 0.1},
             "whisper": {"mode": "audio_transcription", "input_cost_per_second": 0.0001, "output_cost_per_second": 0.0002},
             "rerank": {"mode": "rerank", "input_cost_per_query": 0.002}}
            """);

        var price = book.FindAny(provider, model, Now)!;

        var units = price.Units;
        Assert.That(
            unit switch { "Character" => units.Character, "Image" => units.Image, "AudioSecond" => units.AudioSecond, _ => units.SearchUnit },
            Is.EqualTo(rate));
        Assert.That((price.PricesTokens, price.PerSecond, price.IsFree), Is.EqualTo((false, 0L, false)));
        Assert.That(book.Find(provider, model, Now), Is.Null, "a chat at this price would be free");
    }

    [TestCase("bedrock", "anthropic.claude-x", "bedrock_converse", true)]
    [TestCase("vertex_ai", "anthropic.claude-x", "vertex_ai-language-models", true)]
    [TestCase("text-completion-openai", "anthropic.claude-x", "openai", true)]
    [TestCase("azure", "anthropic.claude-x", "azure_ai", false)]
    [TestCase("azure", "anthropic.claude-x", "openai", false)]
    [TestCase("bedrock", "us-east-1/anthropic.claude-x", "bedrock", true)]
    public void ABareNameCountsAtItsProviderOnly(string provider, string model, string written, bool isFound)
    {
        var (book, _) = Read($$$"""{"anthropic.claude-x": {"litellm_provider": "{{{written}}}", "input_cost_per_token": 7e-6}}""");
        Assert.That(book.Find(provider, model, Now)?.Rates.Input == 7_000_000_000, Is.EqualTo(isFound));
    }

    [Test]
    public void ThePriceOfANameWithItsProviderComesBeforeTheBareOne()
    {
        var (book, _) = Read("""
            {"m": {"input_cost_per_token": 1e-6, "max_output_tokens": 5}, "openai/m": {"input_cost_per_token": 2e-6}}
            """);
        Assert.That((book.Find("openai", "m", Now)!.Id, book.Find("groq", "m", Now)!.Id), Is.EqualTo(("openai/m@map.json", "m@map.json")));
        Assert.That(book.FindLimits("openai", "m").MaxOutputTokens, Is.EqualTo(5));
    }

    [Test]
    public void SizesOfTheMapComeBeforeTheBuiltInOnes()
    {
        var (book, _) = Read("""{"gpt-4o": {"litellm_provider": "openai", "max_input_tokens": "LEGACY", "max_output_tokens": 4096}}""");
        Assert.That(book.FindLimits("openai", "gpt-4o"), Is.EqualTo(new ModelLimits(128_000, 4096)));
        Assert.That(book.Find("openai", "gpt-4o", Now)!.Source, Is.EqualTo(PriceSource.BuiltIn), "the map gives no price for it");
    }

    [Test]
    public void AServerOfOnesOwnIsPricedByItsOwnEntryOnly()
    {
        var (book, _) = Read("""{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 1e-6}}""");
        Assert.That(book.Find("hosted_vllm", "gpt-4o", Now)!.IsFree, Is.True);
    }

    [Test]
    public void AHundredBadEntriesAreFiftySentencesAndOneThatCountsTheRest()
    {
        var entries = string.Join(',', Enumerable.Range(0, 100).Select(i => $"\"m{i}\": 1"));
        var (_, problems) = Read($"{{{entries}}}");
        Assert.That((problems.Count, problems[^1]), Is.EqualTo((51, "has 50 more entries that are left out")));
    }

    [TestCase("[]")]
    [TestCase("{\"a\": {}")]
    [TestCase("{\"a\": {\"input_cost_per_token\": NaN}}")]
    public void WhatIsNoJsonObjectIsNoMap(string json) => Assert.That(() => Read(json), Throws.InstanceOf<JsonException>());

    [TestCase("input_cost_per_token", PriceUnit.Input, 0, ServiceTier.Standard)]
    [TestCase("output_cost_per_token_above_128k_tokens", PriceUnit.Output, 128_000, ServiceTier.Standard)]
    [TestCase("cache_creation_input_token_cost_above_1hr", PriceUnit.CacheWriteHour, 0, ServiceTier.Standard)]
    [TestCase("cache_creation_input_token_cost_above_1hr_above_200k_tokens", PriceUnit.CacheWriteHour, 200_000, ServiceTier.Standard)]
    [TestCase("cache_read_input_token_cost_above_272k_tokens_priority", PriceUnit.CachedRead, 272_000, ServiceTier.Priority)]
    [TestCase("output_cost_per_reasoning_token_flex", PriceUnit.Reasoning, 0, ServiceTier.Flex)]
    [TestCase("input_cost_per_token_batches", PriceUnit.Input, 0, ServiceTier.Batch)]
    [TestCase("input_cost_per_character", PriceUnit.Character, 0, ServiceTier.Standard)]
    [TestCase("output_cost_per_image", PriceUnit.OutputPicture, 0, ServiceTier.Standard)]
    [TestCase("input_cost_per_query", PriceUnit.SearchUnit, 0, ServiceTier.Standard)]
    public void APriceNameTellsWhatItIsFor(string name, PriceUnit unit, long above, ServiceTier service)
    {
        Assert.That(PriceField.TryRead(name, out var field), Is.True);
        Assert.That(field, Is.EqualTo(new PriceField(unit, above, service)));
    }

    [TestCase("input_cost_per_pixel")]
    [TestCase("input_cost_per_token_above_k_tokens")]
    [TestCase("input_cost_per_token_above_99999999k_tokens")]
    [TestCase("input_cost_per_token_above_-1k_tokens")]
    [TestCase("input_cost_per_second_priority")]
    [TestCase("_flex")]
    [TestCase("")]
    public void AnotherNameIsNoPrice(string name) => Assert.That(PriceField.TryRead(name, out _), Is.False);

    private static (PriceBook Book, List<string> Problems) Read(string json)
    {
        var problems = new List<string>();
        return (PriceBook.Embedded.With(PriceMap.Read(Encoding.UTF8.GetBytes(json), "map.json", problems)), problems);
    }
}
