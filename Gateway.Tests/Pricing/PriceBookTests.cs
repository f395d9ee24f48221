using System.Text;
using Gateway.Pricing;

namespace Gateway.Tests.Pricing;

public sealed class PriceBookTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly PriceBook Book = PriceBook.Embedded;

    [Test]
    public void EveryEntryOfBothFilesParses() => Assert.That(Book.CountAll(), Is.EqualTo((1694, 1724, 1284)));

    [TestCase("openai", "gpt-4o", "openai/gpt-4o@prices.json", 2.5, 10)]
    [TestCase("openai", "gpt-4o-2024-11-20", "openai/gpt-4o@prices.json", 2.5, 10)]
    [TestCase("openai", "GPT-4o", "openai/gpt-4o@prices.json", 2.5, 10)]
    [TestCase("anthropic", "claude-2", "anthropic/claude-2@prices.json", 8, 24)]
    [TestCase("anthropic", "claude-3-5-haiku-20241022", "anthropic/claude-3-5-haiku-latest@prices.json", 0.8, 4)]
    [TestCase("azure", "gpt-4o", "openai/gpt-4o@prices.json", 2.5, 10)]             // azure sells OpenAI's
    [TestCase("azure", "eu/gpt-4o", "openai/gpt-4o@prices.json", 2.5, 10)]
    [TestCase("litellm_proxy", "gpt-4o", "openai/gpt-4o@prices.json", 2.5, 10)]     // the bare name
    [TestCase("text-completion-openai", "gpt-3.5-turbo-instruct", "openai/gpt-3.5-turbo-instruct@prices.json", 1.5, 2)]
    [TestCase("perplexity", "sonar", "perplexity/sonar@prices.json", 1, 1)]
    public void AModelHasItsPrice(string provider, string model, string id, double input, double output)
    {
        var price = Book.Find(provider, model, Now)!;
        Assert.That(price.Id, Is.EqualTo(id));
        Assert.That((price.Rates.Input / 1e9, price.Rates.Output / 1e9), Is.EqualTo((input, output)));
    }

    [TestCase("ollama", "llama3")]
    [TestCase("hosted_vllm", "gpt-4o")]
    [TestCase("openrouter", "mistralai/mistral-7b-instruct:free")]
    public void LocalModelsAndThoseMarkedFreeCostNothing(string provider, string model) =>
        Assert.That(Book.Find(provider, model, Now)!.IsFree, Is.True);

    [TestCase("openai", "my-fake-model")]
    [TestCase("openai", "whisper-1")]                           // priced by the hour of audio, not by tokens
    [TestCase("nvidia_nim", "meta/muse-glimmer-30b")]           // 0 in limits.json: nobody knows
    [TestCase("deepinfra", "meta-llama/Llama-3")]
    [TestCase("openai", "")]
    public void AModelWithoutATokenPriceIsUnknownAndNotFree(string provider, string model) =>
        Assert.That(Book.Find(provider, model, Now), Is.Null);

    [Test]
    public void ARequestOfASearchModelCostsItsFeeToo() =>
        Assert.That(Book.Find("perplexity", "sonar", Now)!.CostOf(new Usage { Input = 1000, Output = 1000 }, default).ToString(),
            Is.EqualTo("0.014"));

    [TestCase(200_000, "0.6")]
    [TestCase(200_001, "1.200006")]
    public void TiersOfTheFileHoldForTheWholeRequest(long input, string usd) =>
        Assert.That(
            Book.Find("anthropic", "claude-sonnet-4-5", Now)!.CostOf(new Usage { Input = input }, default).ToString(), Is.EqualTo(usd));

    [TestCase("moonshotai", "moonshot")]
    [TestCase("x-ai", "xai")]
    [TestCase("google", "gemini")]
    [TestCase("zhipuai", "zai")]
    [TestCase("fireworks", "fireworks_ai")]
    [TestCase("together", null)]
    public void MakersOfThePriceDataHaveLiteLlmsPrefixes(string name, string? prefix) =>
        Assert.That(PriceNames.MakerOf(name), Is.EqualTo(prefix));

    /// <summary>Each company of prices.json that LiteLLM knows by another name is reached under LiteLLM's.</summary>
    [TestCase("bedrock", "aws")]
    [TestCase("gemini", "google")]
    [TestCase("vertex_ai", "google")]
    [TestCase("xai", "x-ai")]
    [TestCase("together_ai", "together")]
    [TestCase("fireworks_ai", "fireworks")]
    [TestCase("moonshot", "moonshotai")]
    [TestCase("zai", "zhipuai")]
    [TestCase("github_copilot", "github-copilot")]
    [TestCase("openai", "openai")]
    public void LiteLlmsPrefixesFindTheirPrices(string prefix, string name)
    {
        Assert.That(PriceNames.PricesOf(prefix).ToArray(), Does.Contain(name));
        Assert.That(Book.ModelsOf(prefix), Is.Not.Empty);
    }

    [TestCase("gpt-4o", "openai")]
    [TestCase("o1-mini", "openai")]
    [TestCase("text-embedding-3-small", "openai")]
    [TestCase("claude-3-opus-20240229", "anthropic")]
    [TestCase("gemini-2.5-flash", "gemini")]
    [TestCase("mistral-large-latest", "mistral")]
    [TestCase("deepseek-chat", "deepseek")]
    [TestCase("my-model", null)]
    [TestCase("", null)]
    public void ABareNameTellsItsMaker(string model, string? maker) => Assert.That(Book.MakerOf(model), Is.EqualTo(maker));

    [Test]
    public void AModelsSizeIsKnown()
    {
        Assert.That(Book.FindLimits("anthropic", "claude-haiku-4-5"), Is.EqualTo(new ModelLimits(200_000, 64_000)));
        Assert.That(Book.FindLimits("openai", "my-fake-model"), Is.EqualTo(ModelLimits.None));
    }

    [Test]
    public void ManyNamesFromClientsDoNotFillTheMemory()
    {
        var book = PriceBook.Load(Text("[\n]"), Text("[\n]"));
        for (var i = 0; i < 20_000; i++)
            book.Find("openai", $"m{i}", Now);
        Assert.That(book.Kept, Is.LessThanOrEqualTo(4096));
    }

    private const string Dated = """
        [
        {"provider":"openai","models":[{"id":"m","match":{"and":[{"starts_with":"m"},{"ends_with":"1"}]},"context_window":1000,"prices":[
        """;

    private static PriceBook BookWith(string prices, string limits = "[\n]") =>
        PriceBook.Load(Text(Dated.TrimEnd() + prices + "]}]}\n]\n"), Text(limits));

    private static MemoryStream Text(string json) => new(Encoding.UTF8.GetBytes(json));

    [TestCase("2026-07-29T23:59:59Z", "0.000001", "openai/m@prices.json")]
    [TestCase("2026-07-30T00:00:00Z", "0.000002", "openai/m@prices.json from 2026-07-30")]
    [TestCase("2026-07-30T01:00:00+02:00", "0.000001", "openai/m@prices.json")]
    public void APriceHoldsFromItsDateInUtc(string at, string usd, string id)
    {
        var book = BookWith("""{"usd_per_million":{"input_mtok":1}},{"from":"2026-07-30","usd_per_million":{"input_mtok":2}}""");
        var price = book.Find("openai", "m1", DateTimeOffset.Parse(at))!;
        Assert.That((price.CostOf(new Usage { Input = 1 }, default).ToString(), price.Id), Is.EqualTo((usd, id)));
    }

    [TestCase("2026-01-01T22:59:59Z", 1)]
    [TestCase("2026-01-01T23:00:00Z", 2)]
    [TestCase("2026-01-01T00:30:00Z", 2)]
    [TestCase("2026-01-01T01:00:00Z", 1)]
    public void APriceOfTheDayMayRunPastMidnight(string at, double usd)
    {
        var book = BookWith("""
            {"usd_per_million":{"input_mtok":1}},
            {"daily":{"start_time":"23:00:00Z","end_time":"01:00:00Z","type":"time_of_date"},"usd_per_million":{"input_mtok":2}}
            """.Replace("\n", ""));
        Assert.That(book.Find("openai", "m1", DateTimeOffset.Parse(at))!.Rates.Input / 1e9, Is.EqualTo(usd));
    }

    [TestCase(@"^gpt-5\.6-luna-\d{4}$", "gpt-5.6-luna-")]
    [TestCase("^o[134]", "o")]
    [TestCase("^ab?c", "a")]
    [TestCase("^ab*", "a")]
    [TestCase("^ab{2}", "a")]
    [TestCase("^ab+", "ab")]
    [TestCase("^(?!x)a", "")]
    [TestCase("^a|b", "")]
    [TestCase("abc", "")]
    [TestCase("^", "")]
    public void AnExpressionTellsHowItsMatchesBegin(string pattern, string start) => Assert.That(MatchRule.StartOf(pattern), Is.EqualTo(start));

    [Test]
    public void BothConditionsOfARuleMustHold()
    {
        var book = BookWith("""{"usd_per_million":{"input_mtok":1}}""");
        Assert.That(book.Find("openai", "m2", Now), Is.Null);
        Assert.That(book.Find("openai", "x1", Now), Is.Null);
        Assert.That(book.Find("openai", "m", Now), Is.Not.Null, "the id itself counts when no rule does");
    }

    [TestCase(2, "openai/m1@limits.json", 2)]
    [TestCase(0.5, "openai/m@prices.json", 1)]
    [TestCase(0, "openai/m@prices.json", 1)]
    public void OfTwoPricesTheDearerCounts(double listed, string id, double input)
    {
        var listPrice = $$$"""{"input":{{{listed}}},"cache_read":0,"cache_write":0,"output":0}""";
        var limits = """
            [
            {"provider":"openai","models":[{"id":"m1","context_window":5,"max_output_tokens":3,"usd_per_million":PRICE}]}
            ]
            """.Replace("PRICE", listPrice);
        var book = BookWith("""{"usd_per_million":{"input_mtok":1}}""", limits);
        var price = book.Find("openai", "m1", Now)!;
        Assert.That((price.Id, price.Rates.Input / 1e9, price.Rates.CachedRead / 1e9), Is.EqualTo((id, input, input)));
        Assert.That(book.FindLimits("openai", "m1"), Is.EqualTo(new ModelLimits(5, 3)));
    }

    [Test]
    public void TiersOfSeveralBucketsAreJoined()
    {
        var price = BookWith("""
            {"usd_per_million":{"input_mtok":{"base":1,"tiers":[{"above":100,"price":2},{"above":50,"price":1.5}]},
            "output_mtok":{"base":4,"tiers":[{"above":70,"price":8}]},"cache_read_mtok":0.1}}
            """.Replace("\n", "")).Find("openai", "m1", Now)!;
        Assert.That(price.Tiers.Select(t => (t.Above, t.Rates.Input / 1e9, t.Rates.Output / 1e9, t.Rates.CachedRead / 1e9)),
            Is.EqualTo(new[] { (50L, 1.5, 4.0, 0.1), (70L, 1.5, 8.0, 0.1), (100L, 2.0, 8.0, 0.1) }));
    }

    [Test]
    public void AFineTunedModelIsFoundByWhatItWasTrainedFrom() =>
        Assert.That(Book.Find("openai", "ft:gpt-4.1-mini-2025-04-14:acme::abc", Now)!.Id, Is.EqualTo("openai/gpt-4.1-mini@prices.json"));

    [Test]
    public void HuggingfaceWithoutARouterCostsWhatItsDearestRouterAsks()
    {
        var dearest = Book.Find("huggingface", "meta-llama/Llama-3.3-70B-Instruct", Now)!;
        var groq = Book.Find("huggingface", "groq/meta-llama/Llama-3.3-70B-Instruct", Now)!;
        Assert.That(groq.Id, Does.StartWith("huggingface_groq/"));
        Assert.That(dearest.Rates.Input + dearest.Rates.Output, Is.GreaterThanOrEqualTo(groq.Rates.Input + groq.Rates.Output));
    }

    [Test]
    public void NoPriceOfTheFilesIsNegativeAndNoTierIsCheaperThanItsBase()
    {
        foreach (var provider in new[] { "openai", "anthropic", "gemini", "openrouter", "bedrock", "xai", "mistral", "groq", "azure" })
        {
            foreach (var price in Book.ModelsOf(provider).Select(m => Book.Find(provider, m, Now)).OfType<ModelPrice>())
            {
                var cost = price.CostOf(new Usage { Input = 1000, Output = 1000 }, default);
                Assert.That(cost, Is.GreaterThanOrEqualTo(NanoUsd.Zero), price.Id);
                foreach (var tier in price.Tiers)
                    Assert.That(tier.Rates.Input, Is.GreaterThanOrEqualTo(price.Rates.Input), price.Id);
            }
        }
    }
}
