using System.Text.Json;

namespace Gateway.Tests.Clients;

/// <summary>What every client is tried with.</summary>
internal static class ClientCases
{
    /// <summary>In the subset that providers take as strict.</summary>
    public const string Schema =
        """{"type":"object","properties":{"lake":{"type":"string"}},"required":["lake"],"additionalProperties":false}""";

    /// <summary>Two calls at once.</summary>
    public static readonly ScriptedCall[] Calls =
        [new("call_a1", "depth", """{"lake":"Inari"}"""), new("call_b2", "heat", """{"lake":"Inari"}""")];

    /// <summary>The signature of a PNG file: no reader on the way looks further.</summary>
    public static readonly byte[] Png = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The statuses with which providers refuse.</summary>
    public static readonly int[] Refusals = [400, 401, 403, 404, 429, 500, 529];

    public static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Reads a stream up to what is looked for, cancels while the next read waits, and reads on.</summary>
    public static async Task CancelAfterAsync<T>(IAsyncEnumerable<T> stream, Func<T, bool> isIt, CancellationTokenSource cancel)
    {
        await using var reader = stream.GetAsyncEnumerator(cancel.Token);
        do
        {
            Assert.That(await reader.MoveNextAsync());
        }
        while (!isIt(reader.Current));
        var next = reader.MoveNextAsync();
        await cancel.CancelAsync();
        while (await next)
            next = reader.MoveNextAsync();
    }

    /// <summary>Cancels a call that the upstream has got.</summary>
    public static async Task CancelAsync(Task call, ScriptedUpstream upstream, CancellationTokenSource cancel)
    {
        await upstream.IsAskedAsync();
        await cancel.CancelAsync();
        await call;
    }

    /// <summary>
    /// Holds what the provider saw of a talk about <c>depth</c> and <c>heat</c>: both tools in each turn, and in the second its calls with
    /// the ids that it gave, each with its result <c>NAME: 4</c>.
    /// </summary>
    public static void AssertToolTalk(ProviderScript script, ScriptedUpstream upstream, ScriptedCall[] asked, bool isFirstStream)
    {
        Assert.That(upstream.Requests, Has.Count.EqualTo(2));
        var first = script.Understood(upstream.Requests.First(), isFirstStream);
        var second = script.Understood(upstream.Requests.Last(), isStream: false);
        foreach (var understood in (UnderstoodRequest[])[first, second])
        {
            Assert.That(understood.Tools.Keys, Is.EqualTo(["depth", "heat"]));
            Assert.That(understood.Tools.Values.All(static schema => ((JsonElement?)schema).DeepEquals(Schema)));
        }
        Assert.That(first.Said, Is.EqualTo(["How is Inari?"]));
        Assert.That(second.Calls.Select(static call => call.Name), Is.EqualTo(asked.Select(static call => call.Name)));
        Assert.That(second.Calls.Select(static call => call.Arguments), Is.EqualTo(asked.Select(static call => call.Arguments)));
        Assert.That(second.Results, Is.EqualTo(asked.Select(static call => (call.Name, $"{call.Name}: 4"))));
        if (script is not GeminiScript) // which gave none
            Assert.That(second.Calls.Select(static call => call.Id), Is.EqualTo(asked.Select(static call => call.Id)));
    }
}
