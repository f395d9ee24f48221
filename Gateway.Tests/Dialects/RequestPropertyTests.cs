using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects;

/// <summary>What holds for every body and every set of changes.</summary>
public sealed class RequestPropertyTests
{
    private static readonly string[] Checked = ["model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "user"];
    private static readonly OpenAiDialect Dialect = new();

    private static readonly Gen<KeyValuePair<string, string>[]> Settings = Gen.Select(
        Gen.OneOf("a", "b", "seed", "top_k", "temperature", "stream_options", "é", "d"), Gen.OneOf("0", "\"config\"", "{\"z\":1}"))
        .Select((name, value) => KeyValuePair.Create(name, value)).Array[0, 3].Select(all => all.DistinctBy(pair => pair.Key).ToArray());

    private static readonly Gen<RequestChanges> Changes = Gen.Select(
        Gen.OneOf("a", "b", "c", "seed", "messages", "top_k", "stream_options", "name", "é", "\"").Array[0, 3], Settings, Settings, Gen.Bool,
        Gen.OneOf("m", "x\"y", "模"))
        .Select((dropped, defaults, overrides, ask, model) => new RequestChanges
        {
            Model = model,
            Dropped = dropped,
            Defaults = defaults,
            Overrides = overrides,
            AskForStreamUsage = ask,
        });

    [Test]
    public void AComposedBodyIsTheClientsWithTheChangesMade() => Gen.Select(JsonGen.Request, Changes).Sample((text, changes) =>
    {
        Assert.That(Dialect.Read(new(Encoding.UTF8.GetBytes(text)), out var request)?.Message, Is.Null, text);
        var composed = Compose(request, changes);
        var actual = LastWins(JsonDocument.Parse(composed).RootElement);
        var expected = Expected(LastWins(JsonDocument.Parse(text).RootElement), changes);
        if (!JsonNode.DeepEquals(actual, expected))
            throw new InvalidOperationException($"{text}\nbecame {composed}\ninstead of {expected.ToJsonString()}");
    }, iter: 20_000);

    [Test]
    public void EveryReaderOfAComposedBodySeesWhatTheGatewayChecked() => Gen.Select(JsonGen.Request, Changes).Sample((text, changes) =>
    {
        Dialect.Read(new(Encoding.UTF8.GetBytes(text)), out var request);
        var members = JsonDocument.Parse(Compose(request, changes)).RootElement.EnumerateObject().ToArray();
        var added = changes.Defaults.Concat(changes.Overrides).Select(pair => pair.Key).Concat(Checked).Distinct();
        foreach (var name in added)
            Assert.That(members.Count(member => member.Name == name), Is.LessThanOrEqualTo(name is "model" ? 1 : Occurs(text, changes, name)), name);
        Assert.That(members.Single(member => member.Name == "model").Value.GetString(), Is.EqualTo(changes.Model));
        var stream = members.SingleOrDefault(member => member.Name == "stream").Value;
        Assert.That(stream.ValueKind == JsonValueKind.True, Is.EqualTo(request.IsStream));
        long?[] limits = [.. members.Where(m => m.Name is "max_tokens" or "max_completion_tokens").Select(m => m.Value)
            .Where(value => value.ValueKind == JsonValueKind.Number).Select(value => (long?)value.GetDouble())];
        Assert.That(request.MaxTokens, Is.EqualTo(limits.Any(limit => limit < 0) ? null : limits.Max()));
    }, iter: 20_000);

    [Test]
    public void AnyBytesAreReadAndComposedWithoutAnException() =>
        Gen.Select(Gen.Byte.Array[0, 60], Changes).Sample((bytes, changes) => ReadAndCompose(bytes, changes), iter: 20_000);

    [Test]
    public void NearlyValidBodiesAreReadAndComposedWithoutAnException() =>
        Gen.Select(JsonGen.Broken(JsonGen.Request), Changes).Sample((bytes, changes) => ReadAndCompose(bytes, changes), iter: 40_000);

    /// <summary>A body that the client may repeat a member in keeps its repetitions; one that settings touch does not.</summary>
    private static int Occurs(string text, RequestChanges changes, string name) =>
        changes.Overrides.Any(pair => pair.Key == name) || Checked.Contains(name)
            ? 1
            : Math.Max(1, JsonDocument.Parse(text).RootElement.EnumerateObject().Count(member => member.Name == name));

    private static bool ReadAndCompose(byte[] bytes, RequestChanges changes)
    {
        if (Dialect.Read(new(bytes), out var request) is { } error)
            return error.Status is 400 or 401;
        JsonDocument.Parse(Compose(request, changes), new() { MaxDepth = 256 }).Dispose();
        return true;
    }

    private static string Compose(ClientRequest request, RequestChanges changes) =>
        Encoding.UTF8.GetString(Dialect.Compose(request, changes).ToSequence());

    /// <summary>The model that the composer is compared with: plain operations on a tree.</summary>
    private static JsonObject Expected(JsonObject body, RequestChanges changes)
    {
        var extra = body["extra_body"] as JsonObject ?? [];
        foreach (var name in (string[])["extra_body", "tags", "timeout", "fallbacks"])
            body.Remove(name);
        foreach (var (name, value) in extra)
            body[name] = value?.DeepClone();
        var mentioned = body.Select(member => member.Key).ToHashSet();
        foreach (var name in changes.Dropped)
            body.Remove(name);
        foreach (var (name, value) in changes.Defaults)
        {
            if (!mentioned.Contains(name) && !changes.Dropped.Contains(name))
                body[name] = JsonNode.Parse(value);
        }
        foreach (var (name, value) in changes.Overrides)
            body[name] = JsonNode.Parse(value);
        var isOverridden = changes.Overrides.Any(pair => pair.Key == "stream_options");
        if (changes.AskForStreamUsage && !isOverridden && !changes.Dropped.Contains("stream_options"))
        {
            var options = body["stream_options"] as JsonObject ?? [];
            options["include_usage"] = true;
            if (options.Parent is null)
                body["stream_options"] = options;
        }
        body["model"] = changes.Model;
        return body;
    }

    /// <summary>A tree of which the last of repeated members is kept, as most readers do.</summary>
    private static JsonObject LastWins(JsonElement element)
    {
        var result = new JsonObject();
        foreach (var member in element.EnumerateObject())
            result[member.Name] = Node(member.Value);
        return result;
    }

    private static JsonNode? Node(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => LastWins(element),
        JsonValueKind.Array => new JsonArray([.. element.EnumerateArray().Select(Node)]),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(element.Clone()),
    };
}
