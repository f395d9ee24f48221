using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects;

namespace Gateway.Tests.Dialects;

/// <summary>One case of a wire format: a folder of files with what comes in and what is expected to go out.</summary>
internal sealed class Fixture(string name)
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly bool IsUpdating = Environment.GetEnvironmentVariable("UPDATE_FIXTURES") == "1";

    private readonly string _folder = Path.Combine(Root(), name);

    /// <summary>The names of the cases whose name begins so.</summary>
    public static IEnumerable<string> Names(string prefix) =>
        Directory.EnumerateDirectories(Root(), prefix + "*").Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal);

    public byte[] Read(string file) => File.ReadAllBytes(Path.Combine(_folder, file));

    public JsonNode ReadJson(string file) => JsonNode.Parse(Read(file))!;

    /// <summary>Compares with an expected file, or (<c>UPDATE_FIXTURES=1</c>) makes it so.</summary>
    public void Expect(string file, ReadOnlySpan<byte> actual)
    {
        var path = Path.Combine(_folder, file);
        if (IsUpdating)
            File.WriteAllBytes(path, actual);
        else
            Assert.That(Encoding.UTF8.GetString(actual), Is.EqualTo(Encoding.UTF8.GetString(File.ReadAllBytes(path))), file);
    }

    /// <summary>Compares with an expected file of facts.</summary>
    public void ExpectFacts(JsonObject facts) =>
        Expect("facts.json", Encoding.UTF8.GetBytes(facts.ToJsonString(Readable).ReplaceLineEndings("\n") + "\n"));

    /// <summary>The buckets that hold something.</summary>
    public static JsonObject? Describe(Usage? usage)
    {
        if (usage is not { } u)
            return null;
        var buckets = new JsonObject();
        foreach (var (bucket, tokens) in new (string, long)[]
        {
            ("input", u.Input), ("cachedRead", u.CachedRead), ("cacheWrite", u.CacheWrite), ("cacheWriteHour", u.CacheWriteHour),
            ("inputAudio", u.InputAudio), ("output", u.Output), ("reasoning", u.Reasoning), ("outputAudio", u.OutputAudio),
            ("inputImage", u.InputImage), ("outputImage", u.OutputImage),
        })
        {
            if (tokens != 0)
                buckets[bucket] = tokens;
        }
        return buckets;
    }

    /// <summary>The changes that a request case asks for.</summary>
    public RequestChanges Changes()
    {
        var json = ReadJson("changes.json");
        return new RequestChanges
        {
            Model = json["model"]!.GetValue<string>(),
            AskForStreamUsage = json["askForUsage"]?.GetValue<bool>() ?? false,
            Dropped = [.. (json["dropped"] as JsonArray ?? []).Select(item => item!.GetValue<string>())],
            Defaults = Members(json["defaults"]),
            Overrides = Members(json["overrides"]),
        };
    }

    private static KeyValuePair<string, string>[] Members(JsonNode? json) =>
        [.. (json as JsonObject ?? []).Select(member => KeyValuePair.Create(member.Key, member.Value?.ToJsonString() ?? "null"))];

    private static string Root([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Fixtures", "OpenAi");
}
