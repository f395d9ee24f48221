namespace Gateway.Tests.Pipeline.Faults;

/// <summary>
/// The fault table: each fault, plain and streamed, before one deployment alone, before two of which the other is well, and before a
/// group with a fallback. What the client gets, who was called, what ledger and metrics say, and that nothing is left behind.
/// </summary>
public sealed class FaultTableTests
{
    private static IEnumerable<TestCaseData> Rows() =>
        from fault in FaultRows.All
        from asks in new[] { Asks.Plain, Asks.Stream }
        where fault.Asks.HasFlag(asks)
        select new TestCaseData(fault, asks == Asks.Stream).SetName($"Fault: {fault.Name}, {asks}");

    [TestCaseSource(nameof(Rows))]
    public async Task AFaultIsMendedWhereAnotherIsWellAndToldWhereNoneIs(object row, bool isStream)
    {
        var fault = (Fault)row;
        await using var gateway = await FaultyGateway.StartAsync(fault.Script, fault.Target);

        using var alone = await gateway.ChatAsync("one", isStream);
        await ExpectErrorAsync(fault, alone, "one");
        using var pair = await gateway.ChatAsync("pair", isStream);
        if (fault.IsRetried)
            await ExpectAnswerAsync(pair, isStream, "b", retries: "1", fallbacks: "0");
        else
            await ExpectErrorAsync(fault, pair, "a");
        using var fallback = await gateway.ChatAsync("first", isStream);
        await ExpectAnswerAsync(fallback, isStream, "c", retries: "0", fallbacks: "1");

        var (failures, cooledDown) = await gateway.MetricsAsync();
        Assert.That(failures, Is.EqualTo(Each("a", "one", "x").Select(id => $"{id} {fault.Upstream} {fault.Class} 1")));
        Assert.That(cooledDown, Is.EqualTo(CooledDown(fault)));
        var ledger = await gateway.StopAndReadAsync();
        Assert.That(ledger, Is.EqualTo(Ledger(fault, isStream)));
        if (fault.Target == Target.Script)
            Assert.That(gateway.Faulty.Paths.Select(path => path.Split('/')[1]), Is.EqualTo(Each("one", "a", "x")));
    }

    private static string[] Each(params string[] ids) => ids;

    private static IEnumerable<string> CooledDown(Fault fault) => fault.Cools switch
    {
        Cools.Always => ["a 1", "one 1", "x 1"],
        Cools.WhereThereAreOthers => ["a 1"],
        _ => [],
    };

    /// <summary>Deployment, kind, status, class, cost in nano-USD, exact or estimated. A call that failed costs nothing; one that was given up may.</summary>
    private static IEnumerable<string> Ledger(Fault fault, bool isStream)
    {
        yield return $"one {Failed("one")}";
        yield return $"a {Failed("pair")}";
        if (fault.IsRetried)
            yield return "b retry 200 - 20000 exact";
        yield return $"x {Failed("first")}";
        yield return "c fallback 200 - 20000 exact";

        string Failed(string model) =>
            $"first {fault.Upstream} {fault.Class} {(fault is { Upstream: 408, Class: "Timeout" } ? FaultyGateway.Unseen(model, isStream) : "0 exact")}";
    }

    private static async Task ExpectErrorAsync(Fault fault, HttpResponseMessage response, string deployment)
    {
        var (message, type, _, _) = await response.ErrorAsync();
        Assert.That(message, Does.StartWith($"litellm.{fault.Class}: {fault.Class}: OpenAIException - {fault.Text}"));
        Assert.That(((int)response.StatusCode, type), Is.EqualTo((fault.Status, fault.Type)));
        Assert.That(response.Header("retry-after"), Is.EqualTo(fault.RetryAfter));
        Assert.That(response.Header("x-litellm-model-id"), Is.EqualTo(deployment));
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
    }

    private static async Task ExpectAnswerAsync(
        HttpResponseMessage response, bool isStream, string deployment, string retries, string fallbacks)
    {
        var text = await response.TextAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(200), text);
        Assert.That(text, isStream ? Does.EndWith("data: [DONE]\n\n").And.Contain("well") : Does.Contain("a-secret-answer"));
        Assert.That(response.Header("x-litellm-model-id"), Is.EqualTo(deployment));
        Assert.That((response.Header("x-litellm-attempted-retries"), response.Header("x-litellm-attempted-fallbacks")),
            Is.EqualTo((retries, fallbacks)));
    }
}
