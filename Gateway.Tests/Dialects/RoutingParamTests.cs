using System.Text;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects;

/// <summary>What a body says about how its request is tried.</summary>
public sealed class RoutingParamTests
{
    [Test]
    public void ABodyThatSaysNothingOfItMakesNothing()
    {
        Assert.That(Read("""{"model":"a","messages":[],"metadata":{"k":"v"}}""").Routing, Is.Null);
        Assert.That(Read("""{"model":"a","timeout":null,"tags":null,"fallbacks":null,"metadata":null}""").Routing, Is.Null);
    }

    [Test]
    public void TimesAndNumbersAreRead()
    {
        var routing = Read("""{"timeout":1.5,"stream_timeout":6000,"num_retries":10,"disable_fallbacks":true}""").Routing!;

        Assert.That(routing.Timeout, Is.EqualTo(TimeSpan.FromSeconds(1.5)));
        Assert.That(routing.StreamTimeout, Is.EqualTo(TimeSpan.FromSeconds(6000)));
        Assert.That((routing.NumRetries, routing.DisableFallbacks), Is.EqualTo((10, true)));
    }

    [TestCase("""{"request_timeout":2}""", 2)]
    [TestCase("""{"request_timeout":2,"timeout":1}""", 1)]
    [TestCase("""{"timeout":1,"request_timeout":2}""", 1)]
    public void TimeoutComesBeforeItsOtherName(string body, int seconds) =>
        Assert.That(Read(body).Routing!.Timeout, Is.EqualTo(TimeSpan.FromSeconds(seconds)));

    [Test]
    public void TagsOfAllPlacesAreOneListWithEachOnce() => Assert.That(
        Read("""{"tags":["a","b"],"metadata":{"x":{"tags":["no"]},"tags":["b","c"]},"litellm_metadata":{"tags":["d"]}}""").Routing!.Tags,
        Is.EqualTo(new[] { "a", "b", "c", "d" }));

    [TestCase("""{"metadata":{"tags":"a,b"}}""")]
    [TestCase("""{"metadata":"tags"}""")]
    public void MetadataOfTheProvidersIsLeftAlone(string body) => Assert.That(Read(body).Routing, Is.Null);

    [Test]
    public void FallbacksAreNamesOrMapsWithAModelOrMapsFromGroupToNames()
    {
        var routing = Read("""
            {"fallbacks":["a",{"model":"b"}],"context_window_fallbacks":[{"g":["c","d"]}],"content_policy_fallbacks":[]}
            """).Routing!;

        Assert.That(Told(routing.Fallbacks), Is.EqualTo("*: a b"));
        Assert.That(Told(routing.ContextWindowFallbacks), Is.EqualTo("g: c d"));
        Assert.That(Told(routing.ContentPolicyFallbacks), Is.EqualTo("*: "));
    }

    [TestCase("""{"default_fallbacks":["x"],"fallbacks":[{"g":["a"]}]}""", "g: a; *: x")]
    [TestCase("""{"fallbacks":["a"],"default_fallbacks":[{"model":"x"},"y"]}""", "*: a; *: x y")]
    [TestCase("""{"fallbacks":[],"default_fallbacks":["x"]}""", "*: x")]
    [TestCase("""{"default_fallbacks":[]}""", "*: ")]
    public void DefaultFallbacksStandBehindTheOthersForEveryGroup(string body, string told) =>
        Assert.That(Told(Read(body).Routing!.AllFallbacks), Is.EqualTo(told));

    [TestCase("""{"timeout":0}""", "timeout", "not '0'")]
    [TestCase("""{"timeout":-1}""", "timeout", "not '-1'")]
    [TestCase("""{"timeout":1e-12}""", "timeout", "above 0")]
    [TestCase("""{"timeout":6000.5}""", "timeout", "up to 6000, not '6000.5'")]
    [TestCase("""{"request_timeout":"5"}""", "request_timeout", "must be a number of seconds")]
    [TestCase("""{"stream_timeout":true}""", "stream_timeout", "not 'true'")]
    [TestCase("""{"num_retries":11}""", "num_retries", "from 0 to 10, not '11'")]
    [TestCase("""{"num_retries":1.5}""", "num_retries", "must be a whole number")]
    [TestCase("""{"num_retries":-1}""", "num_retries", "not '-1'")]
    [TestCase("""{"num_retries":99999999999999999999999999999999999999999999999}""", "num_retries", "9…'")]
    [TestCase("""{"disable_fallbacks":1}""", "disable_fallbacks", "must be true or false, not '1'")]
    [TestCase("""{"tags":"a"}""", "tags", "must be a list of strings")]
    [TestCase("""{"tags":[1]}""", "tags", "must be a list of strings")]
    [TestCase("""{"tags":[""]}""", "tags", "1 to 128")]
    [TestCase("""{"metadata":{"tags":[["a"]]}}""", "metadata.tags", "must be a list of strings")]
    [TestCase("""{"litellm_metadata":{"tags":"a"}}""", "litellm_metadata.tags", "must be a list of strings")]
    [TestCase("""{"fallbacks":"a"}""", "fallbacks", "must be a list of model names")]
    [TestCase("""{"fallbacks":[5]}""", "fallbacks", "fallbacks[0]")]
    [TestCase("""{"fallbacks":["a",{"model":"b","messages":[]}]}""", "fallbacks", "[1] the member 'messages', which is not honoured")]
    [TestCase("""{"fallbacks":[{}]}""", "fallbacks", "without 'model'")]
    [TestCase("""{"fallbacks":[{"g":[1]}]}""", "fallbacks", "no model name")]
    [TestCase("""{"context_window_fallbacks":[{"g":["a"],"h":["b"]}]}""", "context_window_fallbacks", "the member 'g'")]
    [TestCase("""{"fallbacks":["1","2","3","4","5","6","7","8","9","10","11"]}""", "fallbacks", "more than 10 models")]
    [TestCase("""{"fallbacks":[{"g":["1","2","3","4","5","6","7","8","9","10","11"]}]}""", "fallbacks", "more than 10 models")]
    [TestCase("""{"default_fallbacks":"a"}""", "default_fallbacks", "must be a list of model names")]
    [TestCase("""{"default_fallbacks":[{"g":["a"]}]}""", "default_fallbacks", "belongs in 'fallbacks'")]
    [TestCase("""{"default_fallbacks":["1","2","3","4","5","6","7","8","9","10","11"]}""", "default_fallbacks", "more than 10 models")]
    public void WhatCannotBeMeantIsRefusedByNameAndValue(string body, string param, string reason)
    {
        var error = new OpenAiDialect().Read(new(Encoding.UTF8.GetBytes(body)), out _)!;

        Assert.That((error.Status, error.Param), Is.EqualTo((400, param)));
        Assert.That(error.Message, Does.Contain($"'{param}'").And.Contain(reason));
    }

    [TestCase(32, 128, true)]
    [TestCase(33, 1, false)]
    [TestCase(100_000, 1, false)]
    [TestCase(1, 129, false)]
    public void TagsAreBoundedInNumberAndLength(int count, int length, bool isAllowed)
    {
        var tags = string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i.ToString().PadLeft(length, 'x')}\""));

        var error = new OpenAiDialect().Read(new(Encoding.UTF8.GetBytes($$"""{"tags":[{{tags}}]}""")), out _);

        Assert.That(error, isAllowed ? Is.Null : Is.Not.Null);
    }

    private static string Told(IEnumerable<ClientFallback>? fallbacks) =>
        string.Join("; ", fallbacks!.Select(fallback => $"{fallback.Group}: {string.Join(' ', fallback.Targets)}"));

    private static ClientRequest Read(string body)
    {
        Assert.That(new OpenAiDialect().Read(new(Encoding.UTF8.GetBytes(body)), out var request)?.Message, Is.Null);
        return request;
    }
}
