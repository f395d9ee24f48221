using static Gateway.Tests.Pipeline.Faults.Target;

namespace Gateway.Tests.Pipeline.Faults;

/// <summary>The fault table: everything a provider can do wrong before its answer has begun.</summary>
internal static class FaultRows
{
    private const string Lost = "the connection to the provider was lost";
    private const string Silent = "no answer within 30 s";
    private const string NoTls = "no TLS connection to the provider: its certificate or protocol was refused";
    private const string NoEvent = "the stream ended before its first event";
    private const string Role =
        """{"id":"c1","model":"gpt-4o-2024","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""";

    public static IEnumerable<Fault> All => [.. Connection, .. Silence, .. Cuts, .. Statuses, .. Disguises];

    private static IEnumerable<Fault> Connection =>
    [
        NotReached("refused connection", "the provider could not be connected to") with { Target = Refused },
        NotReached("unknown host", "the provider's host name could not be resolved") with { Target = UnknownHost },
        NotReached("https to a port without TLS", NoTls) with { Target = PlainPort },
        NotReached("self-signed certificate", NoTls) with { Target = SelfSigned },
        NotReached("not HTTP", "the provider's answer is not HTTP", up => up.SendAsync("SSH-2.0-OpenSSH_9.9\r\n\r\n")),
        NotReached("a header of 1 MB", "the provider's answer exceeded a limit (its headers may be too large)",
            up => up.SendAsync(200, "application/json", Wire.Answer, $"X-Large: {new string('a', 1 << 20)}\r\n")),
    ];

    private static IEnumerable<Fault> Silence =>
    [
        TimedOut("hang before the headers", up => up.HangAsync()),
        TimedOut("hang after the headers", async up =>
        {
            await up.BeginAsync(up.IsStream ? "text/event-stream" : "application/json");
            await up.HangAsync();
        }),
        TimedOut("hang in the body, or in the first event", async up =>
        {
            await up.BeginAsync(up.IsStream ? "text/event-stream" : "application/json");
            await up.ChunkAsync(up.IsStream ? ": thinking\n\ndata: {\"id\"" : Wire.Answer[..60]);
            await up.HangAsync();
        }),
        TimedOut("hang after a role", async up =>
        {
            await up.BeginAsync("text/event-stream");
            await up.EventAsync(Role);
            await up.HangAsync();
        }) with { Asks = Asks.Stream },
        TimedOut("nothing but comments", async up =>
        {
            await up.BeginAsync("text/event-stream");
            await up.SendCommentsAsync();
        }) with { Asks = Asks.Stream },
        TimedOut("hang in the body of an error", async up =>
        {
            await up.SendAsync("HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\nnot ready");
            await up.HangAsync();
        }) with { Status = 500, Class = "InternalServerError", Type = "api_error", Text = "not ready", Upstream = 500 },
    ];

    private static IEnumerable<Fault> Cuts =>
    [
        NotReached("cut before the headers", Lost, up => up.CutAsync()),
        NotReached("cut in the headers", Lost, async up =>
        {
            await up.SendAsync("HTTP/1.1 200 OK\r\nContent-Ty");
            await up.CutAsync();
        }),
        NotReached("cut in a JSON body", Lost, async up =>
        {
            await up.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" + Wire.Answer[..60]);
            await up.CutAsync();
        }) with { Asks = Asks.Plain },
        Nonsense("cut in a JSON body that ends with its connection", "the answer is not a JSON object", async up =>
        {
            await up.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{Wire.Answer[..60]}");
            await up.CutAsync();
        }) with { Asks = Asks.Plain },
        NotReached("cut in the first event", Lost, async up =>
        {
            await up.BeginAsync("text/event-stream");
            await up.ChunkAsync($"data: {Wire.Chunk("one")[..40]}");
            await up.CutAsync();
        }) with { Asks = Asks.Stream },
        NotReached("cut after a role", Lost, async up =>
        {
            await up.BeginAsync("text/event-stream");
            await up.EventAsync(Role);
            await up.CutAsync();
        }) with { Asks = Asks.Stream },
        Nonsense("a body that is not the gzip that it says", "", up => up.SendAsync(
            200, up.IsStream ? "text/event-stream" : "application/json", Wire.Answer, "Content-Encoding: gzip\r\n")) with
        {
            Status = 500,
            Class = "APIConnectionError",
            Text = Lost,
            Upstream = 0,
        },
        Nonsense("an empty stream", NoEvent, up => StreamAsync(up)),
        Nonsense("a stream of comments", NoEvent, up => StreamAsync(up, ": ping\n\n", ": ping\n\n")),
        Nonsense("a stream of nothing but its end", NoEvent, up => StreamAsync(up, "data: [DONE]\n\n")),
        Nonsense("a stream of nothing but a role", NoEvent, up => StreamAsync(up, $"data: {Role}\n\n", "data: [DONE]\n\n")),
        Nonsense("a stream that ends in its first event", NoEvent, up => StreamAsync(up, $"data: {Wire.Chunk("one")[..40]}")) with
        {
            Asks = Asks.Stream,
        },
    ];

    private static IEnumerable<Fault> Statuses =>
    [
        Answered(500, "InternalServerError", "api_error", """{"error":{"message":"it broke","type":null}}""", "it broke"),
        Answered(502, "BadGatewayError", "api_error", "<html><h1>Bad Gateway</h1></html>", "status 502 without a message", "text/html"),
        Answered(429, "RateLimitError", "rate_limit_error", """{"error":{"message":"slow down"}}""", "slow down") with
        {
            RetryAfter = "1",
            Cools = Cools.WhereThereAreOthers,
        },
        Limited("429 with Retry-After in seconds", "7"),
        Limited("429 with Retry-After as a date", FaultyGateway.Start.AddSeconds(7).ToString("R")),
        Answered(401, "AuthenticationError", "authentication_error", """{"error":{"message":"no such key"}}""", "no such key") with
        {
            Cools = Cools.Always,
        },
        Answered(404, "NotFoundError", "not_found_error", """{"error":{"message":"no such model"}}""", "no such model") with
        {
            Cools = Cools.Always,
            IsRetried = false,
        },
        Answered(400, "ContextWindowExceededError", "invalid_request_error",
            """{"error":{"message":"too long","code":"context_length_exceeded"}}""", "too long") with { IsRetried = false },
        Answered(400, "ContentPolicyViolationError", "invalid_request_error",
            """{"error":{"message":"not this","code":"content_filter"}}""", "not this") with { IsRetried = false },
        new Fault("302")
        {
            Script = up => up.SendAsync(302, "text/html", "", "Location: http://127.0.0.1:1/\r\n"),
            Status = 502,
            Class = "BadGatewayError",
            Type = "api_error",
            Text = "status 302 without a message",
            Upstream = 302,
        },
    ];

    private static IEnumerable<Fault> Disguises =>
    [
        Hidden("200 with an error object", up => up.SendAsync(200, "application/json", Overloaded)),
        Hidden("200 with an error event first", up => StreamAsync(up, $"data: {Overloaded}\n\n")) with { Asks = Asks.Stream },
        Hidden("200 with an error event after a role", up => StreamAsync(up, $"data: {Role}\n\n", $"data: {Overloaded}\n\n")) with
        {
            Asks = Asks.Stream,
        },
        Hidden("200 with a choice that finishes in an error", up => StreamAsync(up, $"data: {Role}\n\n", """
            data: {"error":{"message":"overloaded","code":503},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}


            """)) with { Asks = Asks.Stream },
        Nonsense("malformed events", "the stream began with an event that is not JSON",
            up => StreamAsync(up, "data: {\"id\":\n\n", "data: [DONE]\n\n")),
        Nonsense("a JSON answer to a stream", "a stream was asked for, and the answer is application/json",
            up => up.SendAsync(200, "application/json", Wire.Answer)),
        Nonsense("a stream in answer to a plain request", "the answer is not a JSON object",
            up => StreamAsync(up, $"data: {Wire.Chunk("one")}\n\n")) with { Asks = Asks.Plain },
        Nonsense("a web page", "a stream was asked for, and the answer is text/html",
            up => up.SendAsync(200, "text/html", "<html>Welcome</html>")),
        Nonsense("a web page in answer to a plain request", "the answer is not a JSON object",
            up => up.SendAsync(200, "text/html", "<html>Welcome</html>")) with { Asks = Asks.Plain },
    ];

    private const string Overloaded = """{"error":{"message":"overloaded","code":503}}""";

    private static async Task StreamAsync(RawConnection up, params string[] parts)
    {
        await up.BeginAsync("text/event-stream");
        foreach (var part in parts)
            await up.ChunkAsync(part);
        await up.EndAsync();
    }

    private static Fault NotReached(string name, string text, Func<RawConnection, Task>? script = null) => new(name)
    {
        Script = script ?? (static _ => Task.CompletedTask),
        Status = 500,
        Class = "APIConnectionError",
        Type = "api_error",
        Text = text,
        Upstream = 0,
    };

    private static Fault TimedOut(string name, Func<RawConnection, Task> script) => new(name)
    {
        Script = script,
        Status = 408,
        Class = "Timeout",
        Type = "timeout_error",
        Text = Silent,
        Upstream = 408,
    };

    /// <summary>A 200 that is no answer; by default to a stream.</summary>
    private static Fault Nonsense(string name, string text, Func<RawConnection, Task> script) => new(name)
    {
        Asks = Asks.Stream,
        Script = script,
        Status = 502,
        Class = "BadGatewayError",
        Type = "api_error",
        Text = text,
        Upstream = 200,
    };

    private static Fault Answered(
        int status, string @class, string type, string body, string text, string contentType = "application/json") =>
        new($"{status} {@class}")
        {
            Script = up => up.SendAsync(status, contentType, body),
            Status = status,
            Class = @class,
            Type = type,
            Text = text,
            Upstream = status,
        };

    private static Fault Limited(string name, string retryAfter) => new(name)
    {
        Script = up => up.SendAsync(429, "application/json", """{"error":{"message":"slow down"}}""", $"Retry-After: {retryAfter}\r\n"),
        Status = 429,
        Class = "RateLimitError",
        Type = "rate_limit_error",
        Text = "slow down",
        RetryAfter = "7",
        Upstream = 429,
        Cools = Cools.Always,
    };

    private static Fault Hidden(string name, Func<RawConnection, Task> script) => new(name)
    {
        Script = script,
        Status = 503,
        Class = "ServiceUnavailableError",
        Type = "api_error",
        Text = "overloaded",
        RetryAfter = "1",
        Upstream = 503,
    };
}
