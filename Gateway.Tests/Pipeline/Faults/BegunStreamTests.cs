using System.Text;

namespace Gateway.Tests.Pipeline.Faults;

/// <summary>Faults of a stream that has begun: nothing is called again, and the client is told with an error event.</summary>
public sealed class BegunStreamTests
{
    /// <summary>What a request for <c>one</c> costs beside its output: 4 bytes to a token, 1,000 nano-USD each.</summary>
    private static long InputCost(string question) => (question.Length + 3) / 4 * 1000;

    private static string Chunk(int index, string finish = "null") =>
        $$"""{"id":"c1","model":"gpt-4o-2024","choices":[{"index":{{index}},"delta":{"content":"text"},"finish_reason":{{finish}}}]}""";

    private static async Task BeginAsync(RawConnection up, params string[] payloads)
    {
        await up.BeginAsync("text/event-stream");
        foreach (var payload in payloads)
            await up.EventAsync(payload);
    }

    private static IEnumerable<TestCaseData> Faults()
    {
        yield return Row("cut between events", up => up.CutAsync(), "APIConnectionError", "api_error", Cut);
        yield return Row("cut in an event", async up =>
        {
            await up.ChunkAsync("data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"tw");
            await up.CutAsync();
        }, "APIConnectionError", "api_error", Cut);
        yield return Row("an end in an event", async up =>
        {
            await up.ChunkAsync("data: {\"id\":");
            await up.EndAsync();
        }, "APIConnectionError", "api_error", Cut);
        yield return Row("an end without a reason to finish", up => up.EndAsync(), "APIConnectionError", "api_error", Cut);
        yield return Row("silence", up => up.HangAsync(), "Timeout", "timeout_error", Silent);
        yield return Row("silence in an event", async up =>
        {
            await up.ChunkAsync("data: {\"id\":");
            await up.HangAsync();
        }, "Timeout", "timeout_error", Silent);
        yield return Row("nothing but comments", up => up.SendCommentsAsync(), "Timeout", "timeout_error", Silent);
        yield return Row("an error event", async up =>
        {
            await up.EventAsync("""{"error":{"message":"overloaded","code":503}}""");
            await up.EventAsync(Wire.Chunk("never"));
            await up.HangAsync();
        }, "ServiceUnavailableError", "api_error", "overloaded");
    }

    private const string Cut = "the provider's stream was cut before it was complete";
    private const string Silent = "the stream fell silent for longer than its time limit";

    private static TestCaseData Row(string name, Func<RawConnection, Task> then, string @class, string type, string text) =>
        new TestCaseData(then, @class, type, text).SetName($"A stream that had begun meets {name}");

    [TestCaseSource(nameof(Faults))]
    public async Task AStreamThatHadBegunEndsInAnErrorEvent(object then, string @class, string type, string text)
    {
        var clientHasFirst = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var gateway = await FaultyGateway.StartAsync(async up =>
        {
            await BeginAsync(up, Wire.Chunk("one"));
            await clientHasFirst.Task.WaitAsync(GatewayHost.Patience);
            await ((Func<RawConnection, Task>)then)(up);
        });

        using var response = await gateway.ChatAsync("pair", isStream: true);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var first = await reader.ReadLineAsync().WaitAsync(GatewayHost.Patience);
        Assert.That(first, Is.EqualTo("data: " + Wire.Restamped(Wire.Chunk("one"), "pair")));
        clientHasFirst.SetResult();
        var rest = await reader.ReadToEndAsync().WaitAsync(GatewayHost.Patience);

        rest = rest.Replace(": ping\n\n", "");
        var message = $"litellm.{@class}: {@class}: OpenAIException - {text}";
        Assert.That(rest, Does.StartWith($$"""{{"\n"}}data: {"error":{"message":"{{message}}","type":"{{type}}","""));
        Assert.That(rest.TrimEnd().Split("data: "), Has.Length.EqualTo(2), "one event, and no [DONE]");
        var (failures, cooledDown) = await gateway.MetricsAsync();
        Assert.That((failures, cooledDown), Is.EqualTo((new[] { $"a 200 {@class} 1" }, Array.Empty<string>())));
        var cost = InputCost(FaultyGateway.Ask("pair", true)) + 2000;
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[] { $"a first 200 {@class} {cost} estimated" }));
    }

    [TestCase(true, TestName = "AStreamThatIsCutAfterItsReasonToFinishIsWholeAndItsUsageEstimated")]
    [TestCase(false, TestName = "AStreamThatFallsSilentAfterItsReasonToFinishIsWholeAndItsUsageEstimated")]
    public async Task AStreamThatHasFinishedIsWhole(bool isCut)
    {
        await using var gateway = await FaultyGateway.StartAsync(async up =>
        {
            await BeginAsync(up, Wire.Chunk("one"), Wire.Finish);
            await (isCut ? up.CutAsync() : up.HangAsync());
        });

        using var response = await gateway.ChatAsync("one", isStream: true);

        Assert.That(await response.EventsAsync(), Is.EqualTo(new[]
        {
            Wire.Restamped(Wire.Chunk("one"), "one"), Wire.Restamped(Wire.Finish, "one"),
        }));
        var cost = InputCost(FaultyGateway.Ask("one", true)) + 2000;
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[] { $"one first 200 - {cost} estimated" }));
    }

    [TestCase("data: {\"id\":\n\n", TestName = "AnEventInTheMiddleOfAStreamThatIsHalfAnObjectPasses")]
    [TestCase("data: overloaded, wait\n\n", TestName = "AnEventInTheMiddleOfAStreamThatIsTextPasses")]
    [TestCase("event: note\ndata: {\ndata: \"id\":\n\n", TestName = "AnEventInTheMiddleOfAStreamThatIsHalfAnObjectInTwoLinesPasses")]
    public async Task AMalformedEventOfAStreamThatHasBegunPasses(string malformed)
    {
        await using var gateway = await FaultyGateway.StartAsync(async up =>
        {
            await BeginAsync(up, Wire.Chunk("one"));
            await up.ChunkAsync(malformed);
            foreach (var payload in new[] { Wire.Chunk("two"), Wire.Finish, Wire.UsageChunk, "[DONE]" })
                await up.EventAsync(payload);
            await up.EndAsync();
        });

        using var response = await gateway.ChatAsync("pair", isStream: true);

        Assert.That(await response.TextAsync(), Is.EqualTo(Wire.Restamped(
            $"data: {Wire.Chunk("one")}\n\n{malformed}data: {Wire.Chunk("two")}\n\ndata: {Wire.Finish}\n\ndata: [DONE]\n\n", "pair")));
        Assert.That((await gateway.MetricsAsync()).Failures, Is.Empty);
        Assert.That(await gateway.AnsweredAsync(), Is.EqualTo(new[] { "a 1 10 5 2E-05" }));
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[] { "a first 200 - 20000 exact" }));
    }

    [TestCase("data: {\"id\":\n\n", TestName = "AStreamThatEndsAfterHalfAnObjectIsCut")]
    [TestCase("data: overloaded, wait\n\n", TestName = "AStreamThatEndsAfterATextIsCut")]
    public async Task AStreamThatEndsAfterAMalformedEventIsCut(string malformed)
    {
        await using var gateway = await FaultyGateway.StartAsync(async up =>
        {
            await BeginAsync(up, Wire.Chunk("one"));
            await up.ChunkAsync(malformed);
            await up.EndAsync();
        });

        using var response = await gateway.ChatAsync("pair", isStream: true);

        Assert.That(await response.TextAsync(), Does.StartWith(
            Wire.Restamped($"data: {Wire.Chunk("one")}\n\n{malformed}", "pair")
            + "data: {\"error\":{\"message\":\"litellm.APIConnectionError: APIConnectionError: OpenAIException - " + Cut)
            .And.Not.Contain("[DONE]"));
        Assert.That((await gateway.MetricsAsync()).Failures, Is.EqualTo(new[] { "a 200 APIConnectionError 1" }));
        Assert.That(gateway.Calls, Is.EqualTo(new[] { "a 0" }), "another deployment cannot go on with it");
        var cost = InputCost(FaultyGateway.Ask("pair", true)) + 2000;
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[] { $"a first 200 APIConnectionError {cost} estimated" }));
    }

    [TestCase("\"n\":2,", new[] { 0 }, false, TestName = "AStreamOfTwoChoicesIsCutWhenOnlyTheFirstWasSeen")]
    [TestCase("\"n\":2,", new[] { 0, 1 }, true, TestName = "AStreamOfTwoChoicesIsWholeWhenBothHaveFinished")]
    [TestCase("", new[] { 0 }, true, TestName = "AStreamOfOneChoiceIsWholeWhenItHasFinished")]
    [TestCase("\"n\":null,", new[] { 0 }, true, TestName = "AStreamWhoseNumberOfChoicesIsNullHasOne")]
    public async Task AStreamIsWholeWhenAllOfItsChoicesHaveFinished(string more, int[] finished, bool isWhole)
    {
        await using var gateway = await FaultyGateway.StartAsync(async up =>
        {
            await BeginAsync(up, [.. finished.Select(index => Chunk(index, "\"stop\""))]);
            await up.EndAsync();
        });

        using var response = await gateway.ChatAsync("one", isStream: true, more);

        Assert.That(await response.TextAsync(), isWhole ? Does.Not.Contain("error") : Does.Contain("litellm.APIConnectionError"));
        var row = (await gateway.StopAndReadAsync()).Single();
        Assert.That(row, Does.StartWith(isWhole ? "one first 200 - " : "one first 200 APIConnectionError "));
    }

    [Test]
    public async Task AStreamOfWhichAChoiceThatWasNotAskedForIsCutIsNotWhole()
    {
        await using var gateway = await FaultyGateway.StartAsync(async up =>
        {
            await BeginAsync(up, Chunk(1), Chunk(0, "\"stop\""));
            await up.EndAsync();
        });

        using var response = await gateway.ChatAsync("one", isStream: true);

        Assert.That(await response.TextAsync(), Does.Contain("litellm.APIConnectionError"));
    }

    [Test]
    public async Task TheHeadIsHeldBackUntilTheFirstEventThatMeansSomethingAndNothingIsLost()
    {
        const string Role = """{"id":"c1","model":"gpt-4o-2024","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}""";
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var gateway = await FaultyGateway.StartAsync(async up =>
        {
            await BeginAsync(up, Role);
            await up.ChunkAsync(": ping\n\n");
            await release.Task.WaitAsync(GatewayHost.Patience);
            foreach (var payload in new[] { Wire.Chunk("one"), Wire.Finish, "[DONE]" })
                await up.EventAsync(payload);
            await up.EndAsync();
        });

        var asking = gateway.ChatAsync("one", isStream: true);
        Assert.That(await Task.WhenAny(asking, Task.Delay(200)), Is.Not.SameAs(asking), "a role alone is no answer yet");
        release.SetResult();
        using var response = await asking;

        Assert.That(await response.TextAsync(), Is.EqualTo(Wire.Restamped(
            $"data: {Role}\n\n: ping\n\ndata: {Wire.Chunk("one")}\n\ndata: {Wire.Finish}\n\ndata: [DONE]\n\n", "one")));
    }

    [TestCase("""{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]}""")]
    [TestCase("""{"reasoning_content":"Hm"}""")]
    [TestCase("""{"audio":{"data":"AAAA"}}""")]
    public async Task WhateverIsNotEmptyMeansSomething(string delta)
    {
        await using var gateway = await FaultyGateway.StartAsync(async up =>
        {
            await BeginAsync(up, """{"id":"c1","model":"gpt-4o-2024","choices":[{"index":0,"delta":DELTA}]}""".Replace("DELTA", delta));
            await up.CutAsync();
        });

        using var response = await gateway.ChatAsync("pair", isStream: true);

        Assert.That(await response.TextAsync(), Does.Contain("litellm.APIConnectionError"), "the client had its 200");
        Assert.That(gateway.Faulty.Paths, Has.Count.EqualTo(1));
    }

    [TestCase(50, TestName = "AnAnswerOfFiftyMegabytesPasses")]
    public async Task ALargeAnswerPasses(int megabytes)
    {
        var body = Wire.Answer.Replace("a-secret-answer", new string('a', megabytes << 20));
        await using var gateway = await FaultyGateway.StartAsync(up => up.SendAsync(200, "application/json", body));

        using var response = await gateway.ChatAsync("one", isStream: false);

        Assert.That(await response.TextAsync() == Wire.Restamped(body, "one"), Is.True);
        Assert.That(await gateway.AnsweredAsync(), Is.EqualTo(new[] { "one 1 10 5 2E-05" }));
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[] { "one first 200 - 20000 exact" }));
    }

    [TestCase(502, "text/html", "status 502 without a message", TestName = "AnErrorPageOfFiftyMegabytesIsReadToItsBeginning")]
    [TestCase(200, "text/event-stream", "too much came before the end of the stream's first event",
        TestName = "AnEventOfFiftyMegabytesIsRefused")]
    public async Task FiftyMegabytesThatAreNoAnswer(int status, string contentType, string text)
    {
        await using var gateway = await FaultyGateway.StartAsync(
            up => up.SendAsync(status, contentType, $"<html>data: {new string('a', 50 << 20)}"));

        using var response = await gateway.ChatAsync("first", isStream: true);
        using var alone = await gateway.ChatAsync("one", isStream: true);

        Assert.That(await response.TextAsync(), Does.Contain("well"), "the fallback's");
        Assert.That((int)alone.StatusCode, Is.EqualTo(502));
        Assert.That((await alone.ErrorAsync()).Message, Does.Contain(text));
        Assert.That(gateway.Calls, Is.EqualTo(new[] { "x 0", "c 0", "one 0" }));
        var (failures, cooledDown) = await gateway.MetricsAsync();
        Assert.That(failures, Is.EqualTo(new[] { $"one {status} BadGatewayError 1", $"x {status} BadGatewayError 1" }));
        Assert.That(cooledDown, Is.Empty);
        Assert.That(await gateway.AnsweredAsync(), Is.EqualTo(new[] { "c 1 10 5 2E-05" }));
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[]
        {
            $"x first {status} BadGatewayError 0 exact", "c fallback 200 - 20000 exact", $"one first {status} BadGatewayError 0 exact",
        }));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task AnAnswerThatIsCompressedAlthoughThatWasNotAskedForPasses(bool isStream)
    {
        await using var gateway = await FaultyGateway.StartAsync(async up =>
        {
            await up.BeginAsync(up.IsStream ? "text/event-stream" : "application/json", "Content-Encoding: gzip\r\n");
            string[] events = [Wire.Chunk("a"), Wire.Finish, Wire.UsageChunk, "[DONE]"];
            var text = up.IsStream ? string.Concat(events.Select(payload => $"data: {payload}\n\n")) : Wire.Answer;
            using var packed = new MemoryStream();
            await using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionMode.Compress))
                await gzip.WriteAsync(Encoding.UTF8.GetBytes(text));
            await up.ChunkAsync(packed.ToArray());
            await up.EndAsync();
        });

        using var response = await gateway.ChatAsync("one", isStream);

        Assert.That(response.Content.Headers.ContentEncoding, Is.Empty);
        Assert.That(await response.TextAsync(), Does.Contain(isStream ? "[DONE]" : "a-secret-answer"));
        Assert.That(await gateway.AnsweredAsync(), Is.EqualTo(new[] { "one 1 10 5 2E-05" }));
        Assert.That(await gateway.StopAndReadAsync(), Is.EqualTo(new[] { "one first 200 - 20000 exact" }));
    }
}
