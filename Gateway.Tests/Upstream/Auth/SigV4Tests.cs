using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Gateway.Upstream.Auth;

namespace Gateway.Tests.Upstream.Auth;

/// <summary>AWS's published examples: the ListUsers request of its documentation and cases of its test suite for Signature Version 4.</summary>
public sealed class SigV4Tests
{
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private static readonly DateTimeOffset Now = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    // get-vanilla, post-vanilla, get-vanilla-query-order-key-case, post-x-www-form-urlencoded
    [TestCase("GET", "/", null, "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
    [TestCase("POST", "/", null, "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")]
    [TestCase("GET", "/?Param2=value2&Param1=value1", null, "host;x-amz-date",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")]
    [TestCase("POST", "/", "Param1=value1", "content-type;host;x-amz-date",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")]
    public void ACaseOfTheTestSuiteHasItsSignature(string method, string path, string? form, string headers, string signature)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "https://example.amazonaws.com" + path);
        if (form is not null)
            request.Content = Form(form, "application/x-www-form-urlencoded");

        Assert.That(Sign(request, form ?? "", "service"), Is.EqualTo(
            $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={headers}, Signature={signature}"));
        Assert.That(request.Headers.GetValues("X-Amz-Date"), Is.EqualTo(new[] { "20150830T123600Z" }));
    }

    [Test]
    public void TheExampleOfTheDocumentationHasItsSignature()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08");
        request.Content = Form("", "application/x-www-form-urlencoded; charset=utf-8");

        Assert.That(Sign(request, "", "iam"), Does.EndWith(
            "SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
    }

    [Test]
    public void AnEncodedPathIsEncodedOnceMore()
    {
        using var encoded = new HttpRequestMessage(HttpMethod.Post, "https://h.amazonaws.com/model/a%3A0/converse");
        using var twice = new HttpRequestMessage(HttpMethod.Post, "https://h.amazonaws.com/model/a%253A0/converse");

        Assert.That(Sign(encoded, "", "bedrock"), Is.Not.EqualTo(Sign(twice, "", "bedrock")));
    }

    [Test]
    public void ASessionTokenIsSentAndSigned()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://example.amazonaws.com/");

        Assert.That(Sign(request, "", "service", "session-1"), Does.Contain("SignedHeaders=host;x-amz-date;x-amz-security-token"));
        Assert.That(request.Headers.GetValues("X-Amz-Security-Token"), Is.EqualTo(new[] { "session-1" }));
    }

    private static string Sign(HttpRequestMessage request, string body, string service, string? session = null)
    {
        var credentials = new AwsCredentials("AKIDEXAMPLE", Secret, session) { ExpiresAt = DateTimeOffset.MaxValue };
        SigV4.Sign(request, SHA256.HashData(Encoding.UTF8.GetBytes(body)), credentials, new("us-east-1", service), Now);
        return request.Headers.GetValues("Authorization").Single();
    }

    private static ByteArrayContent Form(string text, string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return content;
    }
}
