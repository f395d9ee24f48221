using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Dialects.Hub;

/// <summary>Every client's dialect to every provider's, feature by feature: requests, answers and streams, as files.</summary>
public sealed class HubFixtureTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private static IEnumerable<string> Features() => HubFixture.Features();

    [TestCaseSource(nameof(Features))]
    public void RequestsAreTranslatedToEveryProvider(string feature)
    {
        var fixture = new HubFixture(feature);
        foreach (var (name, client) in HubDialects.Clients)
        {
            if (!fixture.Has($"{name}.request.json"))
                continue;
            var request = Request(fixture.Read($"{name}.request.json"));
            Assert.That(request.ReadHub(client), Is.Null, $"{feature}/{name}.request.json is read");
            foreach (var (to, provider) in HubDialects.Providers)
                ExpectRequest(fixture, $"expected/{name}-{to}", request, provider, to);
        }
    }

    private static void ExpectRequest(HubFixture fixture, string file, ClientRequest request, HubProvider provider, string name)
    {
        var refused = Translate(request, provider, name, drops: false, out var body, out _);
        if (refused is null)
        {
            fixture.ExpectNone($"{file}.refusal.json");
            fixture.ExpectNone($"{file}.dropped.json");
            fixture.ExpectJson($"{file}.request.json", JsonNode.Parse(body));
            return;
        }
        fixture.ExpectNone($"{file}.request.json");
        fixture.ExpectJson($"{file}.refusal.json", new JsonObject { ["status"] = refused.Status, ["message"] = refused.Message });
        if (Translate(request, provider, name, drops: true, out body, out var lost) is null)
        {
            Assert.That(lost, Is.Not.Empty, $"{fixture.Feature}/{file}: what is left out is told");
            fixture.ExpectJson($"{file}.dropped.json",
                new JsonObject { ["dropped"] = new JsonArray([.. lost.Select(param => (JsonNode)param)]), ["request"] = JsonNode.Parse(body) });
        }
        else
        {
            fixture.ExpectNone($"{file}.dropped.json");
        }
    }

    private static ApiError? Translate(
        ClientRequest request, HubProvider provider, string name, bool drops, out byte[] body, out IReadOnlyList<string> lost)
    {
        var target = new HubTarget(ModelAt(name), ProviderAt(name)) { DefaultMaxTokens = 4096 };
        var refused = HubTranslation.Translate(
            request.Hub!, request.Json, provider, target, new HubSettings { DropsUnsupported = drops }, out var spliced, out lost);
        body = refused is null ? spliced.ToSequence().ToArray() : [];
        return refused;
    }

    [TestCaseSource(nameof(Features))]
    public void AnswersAreTranslatedForEveryClient(string feature)
    {
        var fixture = new HubFixture(feature);
        foreach (var (from, provider) in HubDialects.Providers)
        {
            if (!fixture.Has($"{from}.answer.json"))
                continue;
            var bytes = fixture.Read($"{from}.answer.json");
            foreach (var (to, client) in HubDialects.Clients)
            {
                var wire = new HubWire(client, provider, Shown());
                Assert.That(wire.TryReadAnswer(bytes, out var facts, out var translated), $"{feature}/{from}.answer.json is an answer");
                if (facts.IsError)
                    continue;
                fixture.ExpectJson($"expected/{from}-{to}.answer.json", JsonNode.Parse(translated.Span));
                fixture.ExpectJson($"expected/{from}.usage.json", Fixture.Describe(facts.Usage));
            }
        }
    }

    [TestCaseSource(nameof(Features))]
    public void StreamsAreTranslatedForEveryClientHoweverTheyAreCut(string feature)
    {
        var fixture = new HubFixture(feature);
        foreach (var (from, provider) in HubDialects.Providers)
        {
            if (StreamOf(fixture, from) is not { } bytes)
                continue;
            foreach (var (to, client) in HubDialects.Clients)
            {
                var (whole, ended) = Stream(provider, client, bytes, int.MaxValue);
                foreach (var size in (int[])[1, 2, 3, 7, 4096])
                {
                    var (cut, cutEnded) = Stream(provider, client, bytes, size);
                    Assert.That(Encoding.UTF8.GetString(cut), Is.EqualTo(Encoding.UTF8.GetString(whole)), $"{feature}/{from}-{to} in pieces of {size}");
                    Assert.That(cutEnded, Is.EqualTo(ended), $"{feature}/{from}-{to} in pieces of {size}");
                }
                fixture.ExpectText($"expected/{from}-{to}.stream.txt", whole);
                fixture.ExpectText($"expected/{from}.end.txt", Encoding.UTF8.GetBytes(ended + "\n"));
            }
        }
    }

    /// <summary>A stream that is cut anywhere never ends as a whole one does: the client gets no sign of a clean end.</summary>
    [TestCaseSource(nameof(Features))]
    public void ACutStreamNeverLooksWhole(string feature)
    {
        var fixture = new HubFixture(feature);
        foreach (var (from, provider) in HubDialects.Providers)
        {
            if (StreamOf(fixture, from) is not { Length: < 64 * 1024 } bytes)
                continue;
            var client = HubDialects.ClientOf("openai");
            for (var length = 0; length < bytes.Length; length += Math.Max(1, bytes.Length / 200))
            {
                var translator = new HubWire(client, provider, Shown()).Translate(new StreamOptions("shown", false, null));
                var output = new ArrayBufferWriter<byte>();
                translator.Translate(bytes.AsSpan(0, length), true, output);
                var isWhole = Encoding.UTF8.GetString(output.WrittenSpan).Contains("data: [DONE]", StringComparison.Ordinal);
                Assert.That(isWhole, Is.EqualTo(translator.IsComplete), $"{feature}/{from} cut at {length}");
                Assert.That(isWhole && !translator.IsFinished && translator.ErrorEvent is null && length < bytes.Length / 2, Is.False,
                    $"{feature}/{from} cut at {length} looks whole");
            }
        }
    }

    private static byte[]? StreamOf(HubFixture fixture, string provider)
    {
        if (fixture.Has($"{provider}.stream.txt"))
            return fixture.Read($"{provider}.stream.txt");
        return fixture.Has($"{provider}.stream.jsonl") ? StreamFrames.Of(fixture.Read($"{provider}.stream.jsonl")) : null;
    }

    private static (byte[] Output, string Ended) Stream(HubProvider provider, HubClient client, byte[] bytes, int size)
    {
        var translator = new HubWire(client, provider, Shown()).Translate(new StreamOptions("shown", false, null));
        var output = new ArrayBufferWriter<byte>();
        var (start, end) = (0, 0);
        while (end < bytes.Length)
        {
            end = (int)Math.Min((long)end + size, bytes.Length);
            start += translator.Translate(bytes.AsSpan(start, end - start), end == bytes.Length, output);
        }
        Assert.That(translator.ErrorEvent is not null || start == bytes.Length, "all bytes are consumed");
        var usage = Fixture.Describe(translator.Usage)?.ToJsonString() ?? "none";
        var error = translator.ErrorEvent is { } json ? $" error {Encoding.UTF8.GetString(json)}" : "";
        return (output.WrittenSpan.ToArray(),
            $"complete {translator.IsComplete}, finished {translator.IsFinished}, malformed {translator.IsMalformed}, usage {usage}{error}");
    }

    private static ClientRequest Request(byte[] body)
    {
        var members = new List<JsonMember>();
        var bytes = new ReadOnlySequence<byte>(body);
        Assert.That(BodyScanner.TryScan(bytes, members), Is.Null);
        return new ClientRequest(bytes, members);
    }

    private static HubShown Shown() => new("shown") { RandomId = "0123456789abcdef01234567", Now = Now, Request = new HubRequest() };

    /// <summary>A model of the kind that the dialect's provider has.</summary>
    private static string ModelAt(string provider) => provider switch
    {
        "anthropic" => "claude-sonnet-4-5",
        "gemini" => "gemini-2.5-flash",
        "converse" => "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "cohere" => "command-a-03-2025",
        "ollama" => "llama3.2",
        _ => "gpt-5-mini",
    };

    private static string ProviderAt(string dialect) => dialect switch
    {
        "responses" => "openai",
        "converse" => "bedrock",
        _ => dialect,
    };
}
