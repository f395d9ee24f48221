using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Dialects.Hub;

/// <summary>
/// The cases of one feature: a folder with what each client sends and each provider answers, and in <c>expected/</c> what comes of it in
/// every other dialect. <c>sources.json</c> names the files that were written by hand, with the documentation that they follow; those are
/// never rewritten.
/// </summary>
internal sealed class HubFixture
{
    private static readonly bool IsUpdating = Environment.GetEnvironmentVariable("UPDATE_FIXTURES") == "1";
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _folder;
    private readonly JsonObject _sources;

    public HubFixture(string feature)
    {
        Feature = feature;
        _folder = Path.Combine(Root(), feature);
        _sources = Has("sources.json") ? (JsonObject)JsonNode.Parse(Read("sources.json"))! : [];
    }

    public string Feature { get; }

    /// <summary>The files that were written by hand, each with the address of the documentation that it follows.</summary>
    public IEnumerable<(string File, string Source)> ByHand => _sources.Select(static pair => (pair.Key, pair.Value!.GetValue<string>()));

    /// <summary>All features that have a folder.</summary>
    public static IEnumerable<string> Features() =>
        Directory.EnumerateDirectories(Root()).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal);

    /// <summary>What is expected in one form, of all features: the paths of the files.</summary>
    /// <param name="ending">The file's name from the last dialect on: <c>-openai.answer.json</c>.</param>
    public static IEnumerable<string> Expected(string ending) =>
        Directory.EnumerateFiles(Root(), "*" + ending, SearchOption.AllDirectories)
            .Where(static path => Path.GetFileName(Path.GetDirectoryName(path)) == "expected").Order(StringComparer.Ordinal);

    public bool Has(string file) => File.Exists(Path.Combine(_folder, file));

    public byte[] Read(string file) => File.ReadAllBytes(Path.Combine(_folder, file));

    /// <summary>Compares JSON with an expected file, or (<c>UPDATE_FIXTURES=1</c>) makes it so, unless it was written by hand.</summary>
    public void ExpectJson(string file, JsonNode? actual) =>
        Expect(file, Encoding.UTF8.GetBytes((actual?.ToJsonString(Readable) ?? "null").ReplaceLineEndings("\n") + "\n"), isJson: true);

    /// <summary>Compares bytes with an expected file, or makes it so.</summary>
    public void ExpectText(string file, ReadOnlySpan<byte> actual) => Expect(file, actual.ToArray(), isJson: false);

    /// <summary>Nothing is expected in such a file: where updating left one behind, it goes.</summary>
    public void ExpectNone(string file)
    {
        var path = Path.Combine(_folder, file);
        if (IsUpdating && !_sources.ContainsKey(file) && File.Exists(path))
            File.Delete(path);
        Assert.That(File.Exists(path), Is.False, $"{Feature}/{file} expects something that does not come");
    }

    private void Expect(string file, byte[] actual, bool isJson)
    {
        var path = Path.Combine(_folder, file);
        if (IsUpdating && !_sources.ContainsKey(file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, actual);
            return;
        }
        Assert.That(File.Exists(path), $"{Feature}/{file} is missing: UPDATE_FIXTURES=1 writes it, for a review");
        var expected = File.ReadAllBytes(path);
        if (isJson && JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)))
            return;
        Assert.That(Encoding.UTF8.GetString(actual), Is.EqualTo(Encoding.UTF8.GetString(expected)), $"{Feature}/{file}");
    }

    private static string Root([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Fixtures");
}
