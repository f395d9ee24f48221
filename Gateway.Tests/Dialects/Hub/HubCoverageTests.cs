using System.Buffers;
using System.Text;
using Gateway.Dialects;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Dialects.Hub;

/// <summary>What the fixtures do not show, and what translating costs.</summary>
public sealed class HubCoverageTests
{
    /// <summary>Features of requests that no dialect's client can ask for in a way of its own, each with the reason.</summary>
    private static readonly Dictionary<Feature, string> Empty = new()
    {
        [Feature.EmbeddingDimensions] = "embeddings have tests of their own",
        [Feature.EmbeddingInputType] = "embeddings have tests of their own",
        [Feature.EmbeddingTruncation] = "embeddings have tests of their own",
    };

    [Test]
    public void EveryFeatureOfTheMatrixIsAskedForInAFixture()
    {
        var asked = HubFixture.Features().Select(name => new HubFixture(name)).SelectMany(UsesOf).Select(use => use.Feature).ToHashSet();
        var missing = Enum.GetValues<Feature>().Where(feature => !asked.Contains(feature) && !Empty.ContainsKey(feature)).ToArray();
        Assert.That(missing, Is.Empty, "features without a fixture");
        Assert.That(Empty.Keys.Where(asked.Contains), Is.Empty, "no longer empty");
    }

    /// <summary>Text, tools, results and limits are what every client has; each must be written down for each.</summary>
    [Test]
    public void EveryClientHasTheFeaturesThatAllHave()
    {
        var missing =
            from feature in (string[])["text", "system", "tools", "tool-results", "image-data", "json-schema"]
            from client in HubDialects.Clients
            where client.Name != "completions" && !new HubFixture(feature).Has($"{client.Name}.request.json")
            select $"{feature}/{client.Name}.request.json";
        Assert.That(missing, Is.Empty);
    }

    [Test]
    public void EveryProviderHasTheAnswersThatAllGive()
    {
        var missing =
            from feature in (string[])["text", "tools"]
            from provider in HubDialects.Providers
            let fixture = new HubFixture(feature)
            where !fixture.Has($"{provider.Name}.answer.json")
                || !(fixture.Has($"{provider.Name}.stream.txt") || fixture.Has($"{provider.Name}.stream.jsonl"))
            select $"{feature}/{provider.Name}";
        Assert.That(missing, Is.Empty);
    }

    [Test]
    public void EachDialectHasCasesThatWereWrittenByHandFromItsDocumentation()
    {
        var byHand = HubFixture.Features().Select(name => new HubFixture(name)).SelectMany(static fixture => fixture.ByHand).ToList();
        Assert.That(byHand.Where(static file => !Uri.IsWellFormedUriString(file.Source, UriKind.Absolute)), Is.Empty, "each names an address");
        foreach (var name in HubDialects.Providers.Select(static half => half.Name).Union(HubDialects.Clients.Select(static half => half.Name)))
        {
            Assert.That(byHand.Any(file => file.File.Contains(name, StringComparison.Ordinal)) || name == "completions", $"a case of {name}");
        }
    }

    private static IEnumerable<FeatureUse> UsesOf(HubFixture fixture)
    {
        foreach (var (name, client) in HubDialects.Clients)
        {
            if (fixture.Has($"{name}.request.json"))
                foreach (var use in Read(fixture.Read($"{name}.request.json"), client).Hub!.Uses)
                    yield return use;
        }
    }

    private static ClientRequest Read(byte[] body, HubClient client)
    {
        var members = new List<JsonMember>();
        BodyScanner.TryScan(new ReadOnlySequence<byte>(body), members);
        var request = new ClientRequest(new ReadOnlySequence<byte>(body), members);
        Assert.That(request.ReadHub(client), Is.Null);
        return request;
    }

    /// <summary>Twice the prompt takes twice the memory and no more: one pass, nothing is built again and again.</summary>
    [TestCase("anthropic")]
    [TestCase("gemini")]
    [TestCase("responses")]
    [TestCase("converse")]
    [TestCase("cohere")]
    [TestCase("ollama")]
    public void ALongPromptIsTranslatedInProportionToItsLength(string to)
    {
        var provider = HubDialects.Providers.First(half => half.Name == to).Half;
        Allocated(provider, 50);
        var (once, twice) = (Allocated(provider, 1000), Allocated(provider, 2000));
        Assert.That(twice, Is.LessThan(once * 2.5), $"{once} and {twice} bytes");
        Assert.That(twice, Is.LessThan(60L << 20), "of two million bytes");
    }

    /// <summary>Messages of a thousand bytes, every tenth with instructions, so that what is looked for in a conversation shows.</summary>
    private static long Allocated(HubProvider provider, int messages)
    {
        var text = new string('x', 1000);
        var said = Enumerable.Range(0, messages).Select(i =>
            $$"""{"role":"{{(i % 10 == 0 ? "system" : i % 2 == 0 ? "assistant" : "user")}}","content":"{{text}}"}""");
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m","messages":[{{string.Join(',', said)}}]}""");
        var before = GC.GetAllocatedBytesForCurrentThread();
        var request = Read(body, HubDialects.ClientOf("openai"));
        var target = new HubTarget("m", "p") { DefaultMaxTokens = 100 };
        var refused = HubTranslation.Translate(request.Hub!, request.Json, provider, target, new HubSettings { DropsUnsupported = true }, out _, out _);
        Assert.That(refused, Is.Null);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [TestCase("anthropic")]
    [TestCase("gemini")]
    [TestCase("responses")]
    public void ALongStreamIsTranslatedInProportionToItsLength(string to)
    {
        var client = HubDialects.ClientOf(to);
        Streamed(client, 100);
        var (once, twice) = (Streamed(client, 4000), Streamed(client, 8000));
        Assert.That(twice, Is.LessThan(once * 2.5), $"{once} and {twice} bytes");
    }

    private static long Streamed(HubClient client, int chunks)
    {
        var shown = new HubShown("m") { RandomId = "1", Now = DateTimeOffset.UnixEpoch, Request = new HubRequest() };
        var translator = new HubWire(client, HubDialects.ProviderOf(WireFormat.OpenAi), shown).Translate(new StreamOptions("m", false, null));
        var chunk = """data: {"id":"c","choices":[{"index":0,"delta":{"content":"word "}}]}"""u8.ToArray().Concat("\n\n"u8.ToArray()).ToArray();
        var output = new ArrayBufferWriter<byte>(1 << 22);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < chunks; i++)
        {
            translator.Translate(chunk, false, output);
            output.ResetWrittenCount();
        }
        Assert.That(translator.MeaningfulEvents, Is.EqualTo(chunks));
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
