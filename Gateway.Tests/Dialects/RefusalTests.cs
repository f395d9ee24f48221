using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects;

/// <summary>Bodies that are refused, because two parties could read them differently or nobody could read them.</summary>
public sealed class RefusalTests
{
    private const int DeepestAllowed = 128, MostMembers = 512;

    [TestCase("model", "\"a\"")]
    [TestCase("stream", "true")]
    [TestCase("stream_options", "{}")]
    [TestCase("max_tokens", "1")]
    [TestCase("max_completion_tokens", "1")]
    [TestCase("user", "\"a\"")]
    [TestCase("best_of", "1")]
    [TestCase("service_tier", "\"flex\"")]
    [TestCase("modalities", "[]")]
    [TestCase("prompt", "\"a\"")]
    [TestCase("extra_body", "{}")]
    [TestCase("api_key", "\"a\"")]
    [TestCase("api_base", "\"a\"")]
    [TestCase("timeout", "1")]
    [TestCase("num_retries", "1")]
    [TestCase("metadata", "{}")]
    public void AMemberThatTheGatewayReadsMayStandOnlyOnceHoweverItIsSpelt(string name, string value)
    {
        var escaped = string.Concat(name.Select(c => $"\\u{(int)c:x4}"));
        var half = name[..^2] + $"\\u{(int)name[^2]:X4}" + name[^1..];
        foreach (var other in new[] { name, escaped, half })
        {
            Assert.That(MessageOf($$"""{"{{name}}":{{value}},"x":[],"{{other}}":{{value}}}"""), Does.Contain($"'{name}' is given more than once"));
            Assert.That(MessageOf($$"""{"{{other}}":{{value}},"{{name}}":null}"""), Does.Contain($"'{name}' is given more than once"));
        }
    }

    [TestCase("""{"n":1,"n":100}""")]
    [TestCase("""{"n":1,"\u006e":100}""")]
    public void TheNumberOfAnswersMayStandOnlyOnce(string body) => Assert.That(MessageOf(body), Does.Contain("'n' is given more than once"));

    [Test]
    public void TheTwoNamesOfTheBaseUrlCountAsOne() =>
        Assert.That(MessageOf("""{"base_url":"https://a","api_base":"https://b"}"""), Does.Contain("more than once"));

    // Go's encoding/json takes a name in any case, the long s and the Kelvin sign included: such a server would read another model.
    [TestCase("Model")]
    [TestCase("MODEL")]
    [TestCase("mod\\u0045l")]
    [TestCase("\u017Ftream")]
    [TestCase("max_to\u212Aens")]
    [TestCase("max_to\\u212aens")]
    [TestCase("Max_Tokens")]
    [TestCase("Stream_options")]
    [TestCase("N")]
    [TestCase("\u017Fervice_tier")]
    [TestCase("Best_of")]
    public void AMemberThatTheGatewayReadsMayNotStandInAnotherCase(string name)
    {
        Assert.That(MessageOf($$"""{"model":"a","{{name}}":"b"}"""), Does.Contain("must be written in lower case"));
        Assert.That(MessageOf($$$"""{"model":"a","extra_body":{"{{{name}}}":"b"}}"""), Does.Contain("must be written in lower case"));
    }

    [TestCase("Temperature")]
    [TestCase("Timeout")]
    [TestCase("modeL2")]
    [TestCase("\u212A")]
    public void OtherMembersMayBeInAnyCase(string name) => Assert.That(MessageOf($$"""{"model":"a","{{name}}":1}"""), Is.Null);

    [Test]
    public void NestingIsBounded()
    {
        Assert.That(MessageOf(Nested(DeepestAllowed)), Is.Null);
        Assert.That(MessageOf(Nested(DeepestAllowed + 1)), Does.Contain("nests deeper than 128"));
        Assert.That(MessageOf(Nested(200_000)), Does.Contain("nests deeper than 128"));
    }

    [Test]
    public void TheNumberOfMembersIsBounded()
    {
        Assert.That(MessageOf(Wide(MostMembers)), Is.Null);
        Assert.That(MessageOf(Wide(MostMembers + 1)), Does.Contain("more than 512 members"));
    }

    [TestCase("")]
    [TestCase(" ")]
    [TestCase("{")]
    [TestCase("{\"model\"")]
    [TestCase("{\"model\":")]
    [TestCase("{\"model\":\"a\"")]
    [TestCase("{\"model\":\"a\",}")]
    [TestCase("{\"model\":\"a\"}x")]
    [TestCase("{\"model\":\"a\"}{}")]
    [TestCase("{'model':'a'}")]
    [TestCase("{model:1}")]
    [TestCase("{/* */}")]
    [TestCase("{\"a\":01}")]
    [TestCase("{\"a\":NaN}")]
    [TestCase("{\"a\":\"\n\"}")]
    [TestCase("\uFEFF{}")]
    public void WhatIsNotJsonIsRefused(string body) => Assert.That(MessageOf(body), Does.StartWith("Invalid JSON payload: the body is not valid JSON"));

    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("\"a\"")]
    [TestCase("1")]
    public void WhatIsNotAnObjectIsRefused(string body) => Assert.That(MessageOf(body), Does.Contain("must be a JSON object"));

    [TestCase("""{"\ud800":1}""")]
    [TestCase("""{"mod\udc00el":1}""")]
    [TestCase("""{"model":"\ud800"}""")]
    [TestCase("""{"user":"a\ud800"}""")]
    [TestCase("""{"api_key":"\ud800"}""")]
    [TestCase("""{"api_base":"\ud800"}""")]
    [TestCase("""{"extra_body":{"\ud800":1}}""")]
    public void HalvesOfCharactersAreRefusedWhereTheGatewayReads(string body) => Assert.That(MessageOf(body), Does.Contain("not valid Unicode"));

    [Test]
    public void BytesThatAreNotUtf8AreRefusedWhereTheGatewayReads()
    {
        Assert.That(MessageOf([.. "{\"mod"u8, 0xff, .. "el\":1}"u8]), Does.Contain("not valid Unicode"));
        Assert.That(MessageOf([.. "{\"model\":\"a"u8, 0xc0, 0xaf, .. "\"}"u8]), Does.Contain("not valid Unicode"));
    }

    [Test]
    public void AVeryLongNameThatIsNotUnicodeIsRefused() =>
        Assert.That(MessageOf($$"""{"{{new string('a', 2000)}}\ud800":1}"""), Is.Not.Null);

    [TestCase("""{"model":5}""", "model", "must be a string")]
    [TestCase("""{"model":["a"]}""", "model", "must be a string")]
    [TestCase("""{"stream":"true"}""", "stream", "must be true or false")]
    [TestCase("""{"stream":1}""", "stream", "must be true or false")]
    [TestCase("""{"stream_options":true}""", "stream_options", "must be an object")]
    [TestCase("""{"stream_options":{"include_usage":true,"include_usage":false}}""", "stream_options", "more than once")]
    [TestCase("""{"stream_options":{"include_usage":true,"include_usag\u0065":false}}""", "stream_options", "more than once")]
    [TestCase("""{"max_tokens":"100"}""", "max_tokens", "must be a whole number")]
    [TestCase("""{"max_tokens":1.5}""", "max_tokens", "must be a whole number")]
    [TestCase("""{"max_completion_tokens":[1]}""", "max_completion_tokens", "must be a whole number")]
    [TestCase("""{"max_completion_tokens":true}""", "max_completion_tokens", "must be a whole number")]
    [TestCase("""{"max_tokens":0}""", "max_tokens", "must be at least 1")]
    [TestCase("""{"max_completion_tokens":-0.0}""", "max_completion_tokens", "must be at least 1")]
    [TestCase("""{"n":"100"}""", "n", "must be a whole number")]
    [TestCase("""{"n":true}""", "n", "must be a whole number")]
    [TestCase("""{"n":1.5}""", "n", "must be a whole number")]
    [TestCase("""{"best_of":[2]}""", "best_of", "must be a whole number")]
    [TestCase("""{"service_tier":1}""", "service_tier", "must be a string")]
    [TestCase("""{"extra_body":{"n":"7"}}""", "n", "must be a whole number")]
    [TestCase("""{"extra_body":{"service_tier":{}}}""", "service_tier", "must be a string")]
    [TestCase("""{"extra_body":[]}""", "extra_body", "must be an object")]
    [TestCase("""{"api_key":1}""", "api_key", "must be a string")]
    [TestCase("""{"base_url":{}}""", "api_base", "must be a string")]
    public void AWrongTypeIsRefusedWithTheNameOfTheMember(string body, string param, string reason)
    {
        var error = Read(body)!;
        Assert.That((error.Status, error.Param), Is.EqualTo((400, param)));
        Assert.That(error.Message, Does.Contain(reason));
    }

    [TestCase("extra_headers")]
    [TestCase("aws_secret_access_key")]
    [TestCase("vertex_credentials")]
    [TestCase("custom_llm_provider")]
    [TestCase("h\\u0065aders")]
    public void WhatWouldChooseCredentialsOrHeadersIsRefused(string name)
    {
        var error = Read($$$"""{"model":"a","{{{name}}}":{"a":"b"}}""")!;
        Assert.That(error.Status, Is.EqualTo(401));
        Assert.That(error.Message, Does.Contain("is not allowed in request body"));
    }

    [TestCase("model", "\"b\"")]
    [TestCase("mod\\u0065l", "\"b\"")]
    [TestCase("stream", "true")]
    [TestCase("stream_options", "{}")]
    [TestCase("max_tokens", "9")]
    [TestCase("max_completion_tokens", "9")]
    [TestCase("user", "\"u\"")]
    [TestCase("extra_body", "{}")]
    [TestCase("api_key", "\"k\"")]
    [TestCase("base_url", "\"u\"")]
    [TestCase("headers", "{}")]
    [TestCase("fallbacks", "[]")]
    [TestCase("messages", "[]")]
    [TestCase("m\\u0065ssages", "[]")]
    public void ExtraBodyMayNotSayAgainWhatWasChecked(string name, string value) => Assert.That(
        MessageOf("{\"messages\":[],\"extra_body\":{\"top_k\":1,\"" + name + "\":" + value + "}}"), Does.Contain("'extra_body' must not hold"));

    [TestCase("""{"extra_body":{"a":1,"a":2}}""")]
    [TestCase("""{"extra_body":{"a":1,"\u0061":2}}""")]
    [TestCase("""{"a":1,"extra_body":{"\u0061":2}}""")]
    public void ExtraBodyMayNotHoldAMemberTwice(string body) => Assert.That(MessageOf(body), Does.Contain("must not hold 'a'"));

    [Test]
    public void AUsersNameIsKeptWithoutHalfACharacterAtItsEnd()
    {
        Read($$"""{"user":"{{new string('a', 255)}}😀"}""", out var request);

        Assert.That(request.User, Is.EqualTo(new string('a', 255)));
    }

    [Test]
    public void ARefusalQuotesNothingOfTheBody() =>
        Assert.That(MessageOf("""{"messages":[{"content":"my secret"x}]}"""), Does.Not.Contain("secret"));

    [Test]
    public void AnErrorIsWrittenInOpenAisShape()
    {
        var output = new ArrayBufferWriter<byte>();
        new OpenAiDialect().WriteErrorEvent(output, ApiError.InvalidParameter("n", "is \"x\"\n"));

        var text = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.That(text, Does.StartWith("data: {").And.EndsWith("}\n\n"));
        var error = JsonDocument.Parse(text["data: ".Length..]).RootElement.GetProperty("error");
        Assert.That(error.GetRawText(), Does.Match("""^\{"message":"Invalid value.*","type":"invalid_request_error","param":"n","code":"400"\}$"""));
    }

    private static string Nested(int depth) => "{\"a\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";

    private static string Wide(int members) => "{" + string.Join(',', Enumerable.Range(0, members).Select(i => $"\"m{i}\":{i}")) + "}";

    private static string? MessageOf(string body) => Read(body)?.Message;
    private static string? MessageOf(byte[] body) => new OpenAiDialect().Read(new(body), out _)?.Message;
    private static ApiError? Read(string body) => Read(body, out _);
    private static ApiError? Read(string body, out ClientRequest request) => new OpenAiDialect().Read(new(Encoding.UTF8.GetBytes(body)), out request);
}
