using System.Text;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects;

/// <summary>What is read of a body that its cost depends on.</summary>
public sealed class AnswerTermsTests
{
    [TestCase("{}", null)]
    [TestCase("""{"max_tokens":7}""", 7L)]
    [TestCase("""{"max_tokens":7.0}""", 7L)]
    [TestCase("""{"max_tokens":7e2}""", 700L)]
    [TestCase("""{"max\u005ftokens":7}""", 7L)]
    [TestCase("""{"max_tokens":7,"max_completion_tokens":9}""", 9L)]
    [TestCase("""{"max_tokens":null}""", null)]
    [TestCase("""{"max_tokens":null,"max_completion_tokens":9}""", 9L)]
    [TestCase("""{"max_tokens":-1}""", AnswerTerms.NoLimit)]
    [TestCase("""{"max_tokens":-1,"max_completion_tokens":9}""", AnswerTerms.NoLimit)]
    [TestCase("""{"max_tokens":1e308}""", AnswerTerms.NoLimit)]
    [TestCase("""{"max_tokens":1e999}""", AnswerTerms.NoLimit)]
    [TestCase("""{"max_tokens":99999999999999999999}""", AnswerTerms.NoLimit)]
    public void OfTwoLimitsTheLargerCountsAndWhatLimitsNothingMost(string body, long? limit)
    {
        Assert.That(Read(body).Terms.Limit, Is.EqualTo(limit));
        Assert.That(Read(body).MaxTokens, Is.EqualTo(limit == AnswerTerms.NoLimit ? null : limit));
    }

    [TestCase("{}", 1)]
    [TestCase("""{"n":100}""", 100)]
    [TestCase("""{"n":1e2}""", 100)]
    [TestCase("""{"n":null}""", 1)]
    [TestCase("""{"n":-5}""", 1)]
    [TestCase("""{"n":1e308}""", 1_000_000)]
    [TestCase("""{"n":2,"best_of":5}""", 5)]
    [TestCase("""{"n":5,"best_of":2}""", 5)]
    [TestCase("""{"extra_body":{"best_of":20}}""", 20)]
    public void EveryAnswerThatIsWrittenIsPaidFor(string body, long paid) => Assert.That(Read(body).Terms.PaidPerPrompt, Is.EqualTo(paid));

    [TestCase("{}", null)]
    [TestCase("""{"prompt":"a"}""", 1L)]
    [TestCase("""{"prompt":[1,2,3]}""", 1L)]
    [TestCase("""{"prompt":["a","b",["c"]]}""", 3L)]
    [TestCase("""{"prompt":[[1],[2,3]]}""", 2L)]
    [TestCase("""{"prompt":[1,"a","b"]}""", 3L)]
    [TestCase("""{"extra_body":{"prompt":["a","b"]}}""", 2L)]
    public void APromptIsATextOrAListOfTokenNumbers(string body, long? prompts) => Assert.That(Read(body).Terms.Prompts, Is.EqualTo(prompts));

    [TestCase("{}", false, null)]
    [TestCase("""{"service_tier":null}""", true, null)]
    [TestCase("""{"service_tier":"auto"}""", true, null)]
    [TestCase("""{"service_tier":"default"}""", true, ServiceTier.Standard)]
    [TestCase("""{"service_tier":"standard_only"}""", true, ServiceTier.Standard)]
    [TestCase("""{"service_tier":"flex"}""", true, ServiceTier.Flex)]
    [TestCase("""{"service_tier":"PRIORITY"}""", true, ServiceTier.Priority)]
    [TestCase("""{"servic\u0065_tier":"prior\u0069ty"}""", true, ServiceTier.Priority)]
    [TestCase("""{"service_tier":"faster-than-light"}""", true, ServiceTier.Priority)]
    [TestCase("""{"extra_body":{"service_tier":"priority"}}""", true, ServiceTier.Priority)]
    public void AnUrgencyThatIsNotKnownCountsAsTheDearest(string body, bool isThere, ServiceTier? service)
    {
        var terms = Read(body).Terms;
        Assert.That((terms.HasService, terms.Service), Is.EqualTo((isThere, service)));
    }

    [TestCase("{}", null)]
    [TestCase("""{"modalities":null}""", false)]
    [TestCase("""{"modalities":["text"]}""", false)]
    [TestCase("""{"modalities":["text","image"]}""", false)]
    [TestCase("""{"modalities":["text","audio"]}""", true)]
    [TestCase("""{"modalities":["\u0061udio"]}""", true)]
    [TestCase("""{"modalities":["Audio"]}""", true)]
    [TestCase("""{"modalities":[["audio"]]}""", true)]
    [TestCase("""{"modalities":"audio"}""", true)]
    public void OnlyAListOfOtherTextsRulesOutThatAModelSpeaks(string body, bool? speaks) =>
        Assert.That(Read(body).Terms.Speaks, Is.EqualTo(speaks));

    [Test]
    public void TheDeploymentOverrulesTheClientWhoseWordsCountBeforeDefaults()
    {
        var sent = Sent("""{"n":3,"service_tier":"flex"}""", overrides: [new("n", "2")], defaults: [new("n", "9"), new("best_of", "4")]);

        Assert.That((sent.Choices, sent.BestOf, sent.Service), Is.EqualTo(((long?)2, (long?)4, (ServiceTier?)ServiceTier.Flex)));
    }

    [Test]
    public void AutoOfTheClientsIsNotADefaultsPriority() =>
        Assert.That(Sent("""{"service_tier":"auto"}""", [], [new("service_tier", "\"priority\"")]).Service, Is.Null);

    [Test]
    public void WhatIsDroppedIsNotAskedFor()
    {
        var sent = AnswerTerms.Sent(default, Read("""{"n":3,"max_tokens":5,"service_tier":"priority"}""").Terms, default,
            ["n", "max_tokens", "service_tier"], renamesLimit: false);

        Assert.That(sent, Is.EqualTo(default(AnswerTerms)));
    }

    [TestCase("""{"max_tokens":5}""", "max_completion_tokens", "", 9L, Description = "overruled under either name")]
    [TestCase("""{"max_completion_tokens":5}""", "max_completion_tokens", "", 9L)]
    [TestCase("""{"max_tokens":5}""", "", "max_completion_tokens", 5L, Description = "a default fills in")]
    [TestCase("""{"max_tokens":null}""", "", "max_tokens", null, Description = "but null is sent as it is")]
    [TestCase("""{"max_tokens":-1}""", "", "max_tokens", AnswerTerms.NoLimit)]
    [TestCase("""{}""", "", "max_tokens", 9L)]
    public void ALimitIsTheOneThatLeaves(string body, string overruled, string filled, long? limit) =>
        Assert.That(Sent(body, Setting(overruled), Setting(filled)).Limit, Is.EqualTo(limit));

    [TestCase("""{"max_completion_tokens":5}""", "", 5L)]
    [TestCase("""{"max_completion_tokens":5,"max_tokens":null}""", "", 5L)]
    [TestCase("""{"max_completion_tokens":5,"max_tokens":3}""", "", 3L, Description = "the one that the provider reads")]
    [TestCase("""{"max_tokens":null}""", "max_completion_tokens", null, Description = "the null keeps the default's place")]
    [TestCase("""{}""", "max_completion_tokens", 9L)]
    public void WhereTheNewNameIsPassedOverTheOldOneCounts(string body, string filled, long? limit) =>
        Assert.That(Sent(body, [], Setting(filled), renames: true).Limit, Is.EqualTo(limit));

    [TestCase("n", "\"5\"")]
    [TestCase("n", "true")]
    [TestCase("max_tokens", "0")]
    [TestCase("service_tier", "5")]
    [TestCase("temperature", "5")]
    public void WhatIsNoNumberInAConfigCountsAsAbsent(string name, string json) =>
        Assert.That(AnswerTerms.Of([new(name, json)]), Is.EqualTo(default(AnswerTerms)));

    private static KeyValuePair<string, string>[] Setting(string name) => name == "" ? [] : [new(name, "9")];

    private static AnswerTerms Sent(string body, KeyValuePair<string, string>[] overrides, KeyValuePair<string, string>[] defaults,
        bool renames = false) =>
        AnswerTerms.Sent(AnswerTerms.Of(overrides), Read(body).Terms, AnswerTerms.Of(defaults), [], renames);

    private static ClientRequest Read(string body)
    {
        Assert.That(new OpenAiDialect().Read(new(Encoding.UTF8.GetBytes(body)), out var request)?.Message, Is.Null);
        return request;
    }
}
