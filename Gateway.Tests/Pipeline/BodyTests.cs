using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Pipeline;

/// <summary>What bodies are taken, and what is said of the others.</summary>
public sealed class BodyTests
{
    private static Task<GatewayHost> StartAsync(string settings = "") =>
        GatewayHost.StartAsync(Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1") + settings);

    private static async Task<HttpResponseMessage> PostAsync(GatewayHost gateway, HttpContent content, bool isChunked = false)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = content };
        request.Headers.TransferEncodingChunked = isChunked;
        return await gateway.Http.SendAsync(request);
    }

    [TestCase("")]
    [TestCase("   ")]
    [TestCase("{")]
    [TestCase("[]")]
    [TestCase("\"text\"")]
    [TestCase("null")]
    [TestCase("""{"model":"gpt-4o"} x""")]
    [TestCase("""{"model":"gpt-4o",}""")]
    [TestCase("""{'model':'gpt-4o'}""")]
    public async Task ABodyThatIsNotAJsonObjectIsA400(string body)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.ChatAsync(body);

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        var (message, type, param, code) = await response.ErrorAsync();
        Assert.That(message, Does.StartWith("Invalid JSON payload: "));
        Assert.That((type, param, code), Is.EqualTo(("invalid_request_error", "request_body", "400")));
    }

    [TestCase("""{"model":"gpt-4o","model":"other"}""")]
    [TestCase("""{"model":"gpt-4o","mod\u0065l":"other"}""")]
    [TestCase("""{"model":"gpt-4o","stream":false,"stream":true}""")]
    [TestCase("""{"model":"gpt-4o","max_tokens":1,"max_tokens":2}""")]
    public async Task ARepeatedKeyThatTheGatewayReadsIsA400(string body)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.ChatAsync(body);

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("more than once"));
    }

    [TestCase("""{"messages":[]}""")]
    [TestCase("""{"model":"","messages":[]}""")]
    [TestCase("""{"model":null,"messages":[]}""")]
    [TestCase("""{"model":5,"messages":[]}""")]
    public async Task ABodyWithoutAModelIsA400(string body)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.ChatAsync(body);

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.ErrorAsync()).Param, Is.EqualTo("model"));
    }

    [Test]
    public async Task NestingIsBounded()
    {
        await using var gateway = await StartAsync();

        const int Depth = 100_000;

        using var response = await gateway.ChatAsync($$"""{"model":"gpt-4o","x":{{new string('[', Depth)}}{{new string(']', Depth)}}}""");

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("nests deeper"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task ABodyAboveTheLimitIsRefusedWithBothSizes(bool isChunked)
    {
        await using var gateway = await StartAsync("general_settings: {max_request_size_mb: 0.5}");

        using var response = await PostAsync(gateway, new ByteArrayContent(new byte[800_000]), isChunked);

        Assert.That((int)response.StatusCode, Is.EqualTo(413));
        var (message, _, param, code) = await response.ErrorAsync();
        Assert.That(message, Does.StartWith("Request size is too large. Request size is 0.").And.Contain("Max size is 0.5 MB"));
        Assert.That((param, code), Is.EqualTo(("content-length", "413")));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task ABodyThatDoesNotFitTheBuffersIsToldToComeBack(bool isChunked)
    {
        await using var gateway = await StartAsync("general_settings: {max_buffered_mb: 0.25}");

        using var response = await PostAsync(gateway, new ByteArrayContent(new byte[800_000]), isChunked);

        Assert.That((int)response.StatusCode, Is.EqualTo(503));
        Assert.That(response.Header("retry-after"), Is.EqualTo("1"));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("max_buffered_mb"));
    }

    [Test]
    public async Task BuffersAreGivenBackAfterEachRequest()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel + "general_settings: {max_buffered_mb: 0.5}", upstream);
        var body = $$"""{"model":"gpt-4o","messages":[],"x":"{{new string('a', 300_000)}}"}""";

        for (var i = 0; i < 5; i++)
        {
            using var response = await PostAsync(gateway, new StringContent(body), isChunked: i % 2 == 1);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            await response.TextAsync();
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task TenMegabytesPassThroughIntact(bool isChunked)
    {
        var answer = $$"""{"model":"gpt-4o-2024","choices":[],"x":"{{new string('b', 10_000_000)}}","usage":{"prompt_tokens":1} }""";
        await using var upstream = await ScriptedUpstream.AnswersAsync(answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);
        var noise = new StringBuilder();
        for (var i = 0; noise.Length < 10_000_000; i++)
            noise.Append(i).Append(i % 7 == 0 ? "\\u00e9" : "é");

        using var response = await PostAsync(
            gateway, new StringContent($$"""{"messages":[{"content":"{{noise}}"}],"model":"gpt-4o","z":1}"""), isChunked);

        Assert.That(await response.TextAsync() == Wire.Restamped(answer));
        Assert.That(upstream.Request.Body == $$"""{"messages":[{"content":"{{noise}}"}],"model":"gpt-4o-2024","z":1}""");
    }

    [Test]
    public async Task ALargeBodyIsSentWholeAgainOnARetry()
    {
        var calls = 0;
        await using var upstream = await ScriptedUpstream.StartAsync(http =>
            ScriptedUpstream.SendAsync(http, Wire.Answer, Interlocked.Increment(ref calls) == 1 ? 500 : 200));
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel.Replace("num_retries: 0", "num_retries: 1"), upstream);
        var text = new string('a', 2_000_000);

        using var response = await gateway.ChatAsync($$"""{"model":"gpt-4o","x":"{{text}}"}""");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var sent = $$"""{"model":"gpt-4o-2024","x":"{{text}}"}""";
        Assert.That(upstream.Requests.Select(request => request.Body == sent), Is.EqualTo(new[] { true, true }));
    }

    [Test]
    public async Task AClientThatBreaksOffItsBodyReachesNoProvider()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(Wire.Answer);
        await using var gateway = await GatewayHost.StartAsync(Wire.OneModel, upstream);
        using (var client = new System.Net.Sockets.TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, new Uri(gateway.App.Addresses[0]).Port);
            await client.GetStream().WriteAsync(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"model\":\"gpt-4o\""u8.ToArray());
        }

        using var after = await gateway.ChatAsync(Wire.Question);
        await gateway.StopAsync();

        Assert.That(after.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(upstream.Requests, Has.Count.EqualTo(1));
    }
}
