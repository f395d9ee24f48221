using System.Text;
using System.Text.Json;
using Gateway.Telemetry;

namespace Gateway.Tests.Telemetry;

public sealed class RequestLogTests
{
    [Test]
    public async Task ALineForPeopleSaysWhoWhatAndHowMuch()
    {
        var attempt = Given.Attempt();
        attempt.TimeToFirstToken = TimeSpan.FromMilliseconds(310.5);
        Assert.That(await WrittenAsync(isJson: false, Given.Exchange(attempt)), Is.EqualTo(
            "2026-11-23T10:00:00.000Z INFO request id=call-1 user=team-alpha key=alpha-key route=/v1/chat/completions model=gpt-4o "
            + "group=gpt-4o deployment=d1 provider=openai status=200 attempts=1 prompt_tokens=100 completion_tokens=20 cost=0.0000125 "
            + "duration_ms=1250 ttft_ms=310.5 stream=false\n"));
    }

    [Test]
    public async Task AJsonLineHasTheSameFacts()
    {
        var exchange = Given.Exchange(Given.Attempt(), Given.Attempt(2, AttemptKind.Retry));
        (exchange.Status, exchange.IsStream) = (500, true);
        exchange.Error = new() { Status = 500, Type = "x", Message = "not in the log", ExceptionClass = "APIConnectionError" };
        Assert.That(await WrittenAsync(isJson: true, exchange), Is.EqualTo("""
            {"timestamp":"2026-11-23T10:00:00.000Z","level":"ERROR","message":"request","id":"call-1","user":"team-alpha",
            "key":"alpha-key","route":"/v1/chat/completions","model":"gpt-4o","group":"gpt-4o","deployment":"d1",
            "provider":"openai","status":500,"error":"APIConnectionError","attempts":2,"prompt_tokens":200,
            "completion_tokens":40,"cost":0.000025,"duration_ms":1250,"stream":true}
            """.ReplaceLineEndings("") + "\n"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task WhatAClientSentCannotStartALineOrColourTheConsole(bool isJson)
    {
        var exchange = Given.Exchange();
        exchange.RequestedModel = "a\r\nb\u001b[31m\u2028\" status=200\ud83d";   // ends in half a character
        exchange.EndUser = "";
        var text = await WrittenAsync(isJson, exchange);
        Assert.That(text.Count(c => char.IsControl(c)), Is.EqualTo(1), "the line break at the end");
        Assert.That(text, Does.Contain("""a\r\nb\u001B[31m\u2028\u0022 status=200\uFFFD"""));
        if (isJson)
            Assert.That(JsonDocument.Parse(text).RootElement.GetProperty("end_user").GetString(), Is.Empty);
    }

    [Test]
    public async Task DisposingWritesWhatIsLeft()
    {
        var output = new MemoryStream();
        await using (var log = new RequestLog(output, isJson: true))
            for (var i = 0; i < 5_000; i++)
                log.Write(Given.Exchange(Given.Attempt()));
        Assert.That(Encoding.UTF8.GetString(output.ToArray()).Count(c => c == '\n'), Is.EqualTo(5_000));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task LinesThatDoNotFitTheQueueAreDroppedAndCounted(bool isJson)
    {
        var output = new GatedStream();
        await using (var log = new RequestLog(output, isJson, queueLength: 4))
        {
            log.Write(Given.Exchange());
            await output.Reached;   // the writer waits for the console with the queue empty
            for (var i = 0; i < 10; i++)
                log.Write(Given.Exchange());
            Assert.That(log.Dropped, Is.EqualTo(6));
            output.Open();
        }
        var lines = Encoding.UTF8.GetString(output.ToArray()).TrimEnd('\n').Split('\n');
        Assert.That(lines.Count(line => line.Contains("call-1")), Is.EqualTo(5));
        Assert.That(lines, Has.One.Matches(isJson ? "\"request lines were dropped\",\"count\":6" : "request lines were dropped count=6"));
    }

    [Test]
    public async Task AnOutputThatIsGoneStopsNobody()
    {
        await using var log = new RequestLog(new GoneStream(), isJson: false);
        log.Write(Given.Exchange());
        log.Write(Given.Exchange());
        await log.DisposeAsync();
        Assert.That(log.Dropped, Is.EqualTo(2));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task ALineThatCannotBeToldIsDroppedWholeAndTheNextOnesAreWritten(bool isJson)
    {
        var output = new MemoryStream();
        await using (var log = new RequestLog(output, isJson))
        {
            log.Write(Given.Exchange([null!]));
            log.Write(Given.Exchange(Given.Attempt()));
        }
        var lines = Encoding.UTF8.GetString(output.ToArray()).TrimEnd('\n').Split('\n');
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[0], Does.Contain("call-1").And.Contain("gpt-4o"));
        Assert.That(lines[1], Does.Contain("request lines were dropped"));
    }

    private static async Task<string> WrittenAsync(bool isJson, Exchange exchange)
    {
        var output = new MemoryStream();
        await using (var log = new RequestLog(output, isJson))
            log.Write(exchange);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private sealed class GatedStream : MemoryStream
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;
        public void Open() => _open.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken ct = default)
        {
            _reached.TrySetResult();
            await _open.Task;
            await base.WriteAsync(buffer, ct);
        }
    }

    private sealed class GoneStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken ct = default) =>
            throw new IOException("Broken pipe");
    }
}
