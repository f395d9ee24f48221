using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects;

/// <summary>Request bodies: what is read of them, and the bytes that leave.</summary>
public sealed class RequestFixtureTests
{
    private static readonly OpenAiDialect Dialect = new();

    private static IEnumerable<string> Cases() => Fixture.Names("request-");

    [TestCaseSource(nameof(Cases))]
    public void TheBodyThatLeavesIsTheClientsWithTheChangesMade(string name)
    {
        var fixture = new Fixture(name);
        var (body, facts) = Run(new(fixture.Read("request.json")), fixture.Changes());

        fixture.Expect("upstream.json", body);
        fixture.ExpectFacts(facts);
        Assert.That(JsonDocument.Parse(body).RootElement.ValueKind, Is.EqualTo(JsonValueKind.Object));
    }

    [TestCaseSource(nameof(Cases))]
    public void ABodyInTwoPiecesGivesTheSameWhereverItIsCut(string name)
    {
        var fixture = new Fixture(name);
        var bytes = fixture.Read("request.json");
        var changes = fixture.Changes();
        var whole = Run(new(bytes), changes);

        for (var cut = 0; cut <= bytes.Length; cut++)
            AssertSame(Run(Segments.Of(bytes, cut), changes), whole, cut);
    }

    [TestCaseSource(nameof(Cases))]
    public void ABodyInManyPiecesGivesTheSame(string name)
    {
        var fixture = new Fixture(name);
        var bytes = fixture.Read("request.json");
        var changes = fixture.Changes();
        var whole = Run(new(bytes), changes);

        AssertSame(Run(Segments.Of(bytes, [.. Enumerable.Range(0, bytes.Length)]), changes), whole, 1);
        AssertSame(Run(Segments.Of(bytes, [.. Enumerable.Range(0, bytes.Length).Select(at => at / 3 * 3)]), changes), whole, 3);
    }

    private static void AssertSame((byte[] Body, JsonObject Facts) actual, (byte[] Body, JsonObject Facts) expected, int cut)
    {
        Assert.That(actual.Body, Is.EqualTo(expected.Body), $"cut at {cut}");
        Assert.That(actual.Facts.ToJsonString(), Is.EqualTo(expected.Facts.ToJsonString()), $"cut at {cut}");
    }

    private static (byte[] Body, JsonObject Facts) Run(ReadOnlySequence<byte> json, RequestChanges changes)
    {
        Assert.That(Dialect.Read(json, out var request)?.Message, Is.Null);
        var body = Dialect.Compose(request, changes);
        var bytes = body.Pieces.SelectMany(piece => piece.ToArray()).ToArray();
        Assert.That(body.Length, Is.EqualTo(bytes.Length));
        Assert.That(body.ToSequence().ToArray(), Is.EqualTo(bytes));
        return (bytes, new JsonObject
        {
            ["model"] = request.Model,
            ["isStream"] = request.IsStream,
            ["includesUsage"] = request.IncludesUsage,
            ["maxTokens"] = request.MaxTokens,
            ["user"] = request.User,
            ["apiKey"] = request.ApiKey,
            ["apiBase"] = request.ApiBase,
        });
    }
}
