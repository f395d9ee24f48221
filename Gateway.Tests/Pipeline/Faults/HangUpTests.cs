using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Pipeline.Faults;

/// <summary>A client that hangs up, on real sockets: the provider's call ends at once, and what was sent is booked.</summary>
public sealed class HangUpTests
{
    /// <summary>What is promised; measured are 1 to 5 ms.</summary>
    private static readonly TimeSpan Promise = TimeSpan.FromMilliseconds(100);

    /// <summary>A machine that is busy with other tests may hold a thread back for longer; one of these tries keeps the promise.</summary>
    private const int Tries = 10;

    private static IEnumerable<TestCaseData> Moments()
    {
        yield return Row("before the headers of a plain answer", false, up => up.HangAsync());
        yield return Row("in the middle of a plain answer", false, async up =>
        {
            await up.BeginAsync("application/json");
            await up.ChunkAsync(Wire.Answer[..60]);
            await up.HangAsync();
        });
        yield return Row("before the headers of a stream", true, up => up.HangAsync());
        yield return Row("before the first token", true, async up =>
        {
            await up.BeginAsync("text/event-stream");
            await up.ChunkAsync(": thinking\n\n");
            await up.HangAsync();
        });
        yield return Row("in the middle of a stream", true, async up =>
        {
            await up.BeginAsync("text/event-stream");
            await up.EventAsync(Wire.Chunk("one"));
            await up.HangAsync();
        }, waitsForText: true);
    }

    private static TestCaseData Row(string moment, bool isStream, Func<RawConnection, Task> script, bool waitsForText = false) =>
        new TestCaseData(isStream, script, waitsForText).SetName($"A client that hangs up {moment} ends the call within 100 ms");

    [TestCaseSource(nameof(Moments))]
    public async Task AClientThatHangsUpEndsTheCall(bool isStream, object script, bool waitsForText)
    {
        var fastest = TimeSpan.MaxValue;
        for (var i = 0; i < Tries && fastest > Promise; i++)
        {
            await using var gateway = await FaultyGateway.StartAsync((Func<RawConnection, Task>)script, timePasses: false);
            using var client = await AskAsync(gateway, isStream);
            if (waitsForText)
                Assert.That(await ReadAsync(client), Does.StartWith("HTTP/1.1 200 OK"));
            await gateway.Faulty.FellSilent.Task.WaitAsync(GatewayHost.Patience);
            var start = TimeProvider.System.GetTimestamp();
            client.Close();
            var end = await gateway.Faulty.HungUp.Task.WaitAsync(GatewayHost.Patience);
            var took = TimeProvider.System.GetElapsedTime(start, end);
            fastest = took < fastest ? took : fastest;

            var row = (await gateway.StopAndReadAsync()).Single();
            Assert.That(row, Does.StartWith("one first 499 ClientDisconnected ").And.EndsWith(" estimated"));
        }
        await TestContext.Out.WriteLineAsync($"{fastest.TotalMilliseconds:0.0} ms");

        Assert.That(fastest, Is.LessThan(Promise));
    }

    [Test]
    public async Task AClientThatHangsUpWhileARetryWaitsEndsTheWait([Values] bool isStream)
    {
        const int Asked = 30; // seconds
        await using var gateway = await FaultyGateway.StartAsync(
            up => up.SendAsync(503, "application/json", """{"error":{"message":"down"}}""", $"Retry-After: {Asked}\r\n"),
            timePasses: false);
        using var client = await AskAsync(gateway, isStream, "\"num_retries\":1,\"timeout\":100,");
        await gateway.Time.UntilTimerAsync(TimeSpan.FromSeconds(Asked));
        Assert.That(await gateway.MetricAsync("litellm_in_flight_requests"), Is.EqualTo("1"));
        client.Close();

        string[] failures;
        var patience = TimeProvider.System.GetTimestamp();
        while ((failures = (await gateway.MetricsAsync()).Failures).Length == 0) // counted when the request has ended
            Assert.That(TimeProvider.System.GetElapsedTime(patience), Is.LessThan(GatewayHost.Patience), "the wait goes on");

        Assert.That(failures, Is.EqualTo(new[] { "one 503 ServiceUnavailableError 1" }));
        Assert.That(await gateway.MetricAsync("litellm_in_flight_requests"), Is.EqualTo("0"));
        gateway.Time.Advance(TimeSpan.FromSeconds(2 * Asked));
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[] { "one first 503 ServiceUnavailableError 0 exact" }));
        Assert.That(gateway.Calls, Is.EqualTo(new[] { "one 0" }));
    }

    private static async Task<TcpClient> AskAsync(FaultyGateway gateway, bool isStream, string more = "")
    {
        var address = gateway.Host.Http.BaseAddress!;
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port);
        var body = FaultyGateway.Ask("one", isStream, more);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.Authority}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        return client;
    }

    private static async Task<string> ReadAsync(TcpClient client)
    {
        var buffer = new byte[4096];
        var read = await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(GatewayHost.Patience);
        return Encoding.UTF8.GetString(buffer, 0, read);
    }
}
