using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using CsCheck;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Dialects.OpenAi;
using Gateway.Tests.Dialects;
using Gateway.Upstream;

namespace Gateway.Tests.Upstream;

/// <summary>What becomes of a provider's error: status, class, text, and how long to wait.</summary>
public sealed class ProviderFailureTests
{
    private const string Key = "sk-provider-0123456789";
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 10, 0, 0, TimeSpan.Zero);

    // OpenAI
    [TestCase(401, """{"error":{"message":"Incorrect API key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""",
        "AuthenticationError", "Incorrect API key", "invalid_request_error", "invalid_api_key")]
    [TestCase(400, """{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""",
        "ContextWindowExceededError", "too long", "invalid_request_error", "context_length_exceeded")]
    // Azure's content filter
    [TestCase(400, """
        {"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,
        "param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{}}}}
        """, "ContentPolicyViolationError",
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", "invalid_request_error", "content_filter")]
    // Azure's gateway
    [TestCase(404, """{"statusCode":404,"message":"Resource not found"}""", "NotFoundError", "Resource not found", "not_found_error", null)]
    // Anthropic
    [TestCase(400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 200082 tokens > 200000 maximum"}}""",
        "ContextWindowExceededError", "prompt is too long: 200082 tokens > 200000 maximum", "invalid_request_error", null)]
    [TestCase(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", "APIError", "Overloaded", "overloaded_error", null)]
    // Gemini
    [TestCase(400, """[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}]""",
        "BadRequestError", "API key not valid", "invalid_request_error", "400")]
    // vLLM
    [TestCase(400, """{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","param":null,"code":400}""",
        "ContextWindowExceededError", "This model's maximum context length is 4096 tokens.", "BadRequestError", "400")]
    // xAI
    [TestCase(400, """{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 537812 tokens."}""",
        "ContextWindowExceededError", "This model's maximum prompt length is 131072 but the request contains 537812 tokens.", "invalid_request_error", null)]
    // FastAPI
    [TestCase(404, """{"detail":"Not Found"}""", "NotFoundError", "Not Found", "not_found_error", null)]
    [TestCase(422, """{"detail":[{"loc":["body","model"],"msg":"field required"}]}""", "UnprocessableEntityError",
        """[{"loc":["body","model"],"msg":"field required"}]""", "invalid_request_error", null)]
    // Ollama, LocalAI, Hugging Face and others
    [TestCase(404, """{"error":"model 'x' not found"}""", "NotFoundError", "model 'x' not found", "not_found_error", null)]
    [TestCase(422, """{"error":["a","b"]}""", "UnprocessableEntityError", """{"error":["a","b"]}""", "invalid_request_error", null)]
    [TestCase(404, "404 page not found", "NotFoundError", "404 page not found", "not_found_error", null)]
    [TestCase(429, "true enough", "RateLimitError", "true enough", "rate_limit_error", null)]
    [TestCase(500, "\"a JSON string\"", "InternalServerError", "a JSON string", "api_error", null)]
    // Whatever stands in front of a provider
    [TestCase(502, "<html><body>Bad Gateway</body></html>", "BadGatewayError", "status 502 without a message", "api_error", null)]
    [TestCase(503, "upstream connect error", "ServiceUnavailableError", "upstream connect error", "api_error", null)]
    [TestCase(503, "", "ServiceUnavailableError", "status 503 without a message", "api_error", null)]
    [TestCase(503, " \r\n ", "ServiceUnavailableError", "status 503 without a message", "api_error", null)]
    [TestCase(500, "null", "InternalServerError", "status 500 without a message", "api_error", null)]
    [TestCase(500, "{}", "InternalServerError", "status 500 without a message", "api_error", null)]
    [TestCase(500, "[]", "InternalServerError", "status 500 without a message", "api_error", null)]
    [TestCase(500, """{"error":{"message":""}}""", "InternalServerError", """{"message":""}""", "api_error", null)]
    [TestCase(429, """{"error":{"message":"cut""", "RateLimitError", """{"error":{"message":"cut""", "rate_limit_error", null)]
    [TestCase(429, "\uFEFF{\"error\":\"slow down\"}", "RateLimitError", "slow down", "rate_limit_error", null)]
    public void AnErrorIsUnderstoodWhateverItsShape(int status, string body, string exceptionClass, string text, string type, string? code)
    {
        var failure = Fail(status, body);

        Assert.That((failure.Status, failure.UpstreamStatus), Is.EqualTo((status, status)));
        Assert.That(failure.ExceptionClass, Is.EqualTo(exceptionClass));
        Assert.That(failure.Message, Is.EqualTo($"litellm.{exceptionClass}: {exceptionClass}: OpenAIException - {text}"));
        Assert.That((failure.Type, failure.Code), Is.EqualTo((type, code)));
    }

    [TestCase(302)]
    [TestCase(600)]
    public void AStatusThatIsNoErrorsBecomesABadGateway(int status)
    {
        var failure = Fail(status, "");
        Assert.That((failure.Status, failure.UpstreamStatus, failure.ExceptionClass), Is.EqualTo((502, status, "BadGatewayError")));
    }

    [TestCase("""{"error":{"message":"\ud800","code":"\udc00"}}""")]
    [TestCase("""{"error":{"mess\ud800age":"a"}}""")]
    [TestCase("""["\ud800"]""")]
    public void HalvesOfCharactersInAnErrorDoNotDisturb(string body) => Assert.That(Written(Fail(500, body)), Does.Contain("OpenAIException"));

    [Test]
    public void AnyBytesAreReadAsAnError() =>
        JsonGen.Broken(JsonGen.Value(4).Select(value => $"{{\"error\":{value},\"message\":{value}}}")).Sample(
            body => Fail(500, body).Message.Length > 0, iter: 10_000);

    [Test]
    public void ALongTextIsCutBetweenCharacters()
    {
        var message = Fail(500, $$$"""{"error":{"message":"{{{new string('a', 1999)}}}😀"}}""").Message;
        Assert.That(message, Does.EndWith("aaa"));
        Assert.That(message, Has.Length.LessThan(2100));
    }

    [TestCase("""{"error":{"message":"Invalid key sk-provider-0123456789."}}""")]
    [TestCase("Unknown token sk-provider-0123456789")]
    [TestCase("""{"error":{"message":"a","type":"sk-provider-0123456789","param":"sk-provider-0123456789","code":"sk-provider-0123456789"}}""")]
    [TestCase("""{"detail":[{"input":"sk-provider-0123456789"}]}""")]
    [TestCase("""{"error":{"message":"no such header value: header-secret"}}""")]
    public void TheDeploymentsSecretsNeverShow(string body)
    {
        var failure = Fail(401, body);
        Assert.That(failure.ToString() + Written(failure), Does.Not.Contain(Key).And.Not.Contain("header-secret"));
    }

    [TestCase("retry-after", "7", 7)]
    [TestCase("retry-after", "0", 0)]
    [TestCase("retry-after", "1.5", 1.5)]
    [TestCase("retry-after", "Tue, 01 Dec 2026 10:01:00 GMT", 60)]
    [TestCase("retry-after", "Tue, 01 Dec 2026 09:00:00 GMT", 0)]
    [TestCase("retry-after-ms", "250", 0.25)]
    [TestCase("retry-after", "soon", null)]
    [TestCase("retry-after", "-5", null)]
    [TestCase("retry-after", "NaN", null)]
    [TestCase("retry-after", "99999999999999999999", null)]
    [TestCase("retry-after-ms", "-1", null)]
    [TestCase("retry-after-ms", "x", null)]
    [TestCase("x-other", "7", null)]
    public void TheWaitIsReadFromTheHeaders(string header, string value, double? seconds)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        response.Headers.TryAddWithoutValidation(header, value);
        var failure = UpstreamFailure.FromAnswer(Deployment(), 429, response.Headers, "{}"u8, Now);

        Assert.That(failure.RetryAfter?.TotalSeconds, Is.EqualTo(seconds));
    }

    [Test]
    public void MillisecondsCountBeforeSeconds()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        response.Headers.TryAddWithoutValidation("retry-after", "2");
        response.Headers.TryAddWithoutValidation("retry-after-ms", "1400");

        Assert.That(UpstreamFailure.FromAnswer(Deployment(), 429, response.Headers, [], Now).RetryAfter, Is.EqualTo(TimeSpan.FromMilliseconds(1400)));
    }

    [TestCase("429", 429)]
    [TestCase("503", 503)]
    [TestCase("200", 500)]
    [TestCase("99999999999", 500)]
    [TestCase("rate_limit_exceeded", 429)]
    [TestCase("invalid_prompt", 400)]
    [TestCase("server_error", 500)]
    [TestCase(null, 500)]
    public void AnErrorInA200HasTheStatusThatItsCodeNames(string? code, int status) =>
        Assert.That(new ProviderError("m", null, null, code).Status, Is.EqualTo(status));

    private static UpstreamFailure Fail(int status, string body) => Fail(status, Encoding.UTF8.GetBytes(body));
    private static UpstreamFailure Fail(int status, byte[] body) => UpstreamFailure.FromAnswer(Deployment(), status, null, body, Now);

    private static string Written(UpstreamFailure failure)
    {
        var output = new ArrayBufferWriter<byte>();
        new OpenAiDialect().WriteError(output, failure.ToError());
        using var json = JsonDocument.Parse(output.WrittenMemory);
        return json.RootElement.GetProperty("error").GetRawText();
    }

    internal static Deployment Deployment(string apiBase = "http://localhost:1/v1") => new()
    {
        Id = "d1",
        ModelName = "m",
        Provider = Providers.Find("openai")!,
        UpstreamModel = "gpt-4o",
        Model = "openai/gpt-4o",
        ApiBase = apiBase,
        ApiKey = Secret.Of(Key),
        Config = new DeploymentConfig
        {
            ModelName = "m",
            File = "config.yaml",
            Line = 1,
            Params = new LiteLlmParams
            {
                Model = "openai/gpt-4o",
                ExtraHeaders = [KeyValuePair.Create("X-Extra", Secret.Of("header-secret")), KeyValuePair.Create("Authorization", Secret.Of("Basic abcdefgh"))],
            },
        },
    };
}
