using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Dialects.Hub;

/// <summary>Whatever a provider sends or a client asks for, the provider's half of a dialect neither throws nor writes what is no JSON.</summary>
public sealed partial class HubProviderPropertyTests
{
    private static readonly JsonDocumentOptions NoDuplicates = new() { AllowDuplicateProperties = false, MaxDepth = 256 };

    private static readonly Gen<(string Client, string Body)> Requests = AnyOf("*.request.json", inFolder: true)
        .Select(file => (Path.GetFileName(file).Split('.')[0], File.ReadAllText(file)));

    private static IEnumerable<string> Providers() => HubDialects.Providers.Select(static half => half.Name);

    private static HubProvider Half(string name) => HubDialects.Providers.First(half => half.Name == name).Half;

    [TestCaseSource(nameof(Providers))]
    public void AnyBytesAreReadAsAnAnswerOrNot(string name)
    {
        var provider = Half(name);
        var answers = AnyOf($"{name}.answer.json").Select(File.ReadAllText);
        Gen.OneOf(Gen.Byte.Array[0, 80], JsonGen.Broken(answers)).Sample(bytes =>
        {
            _ = provider.IsError(bytes);
            return provider.ReadAnswer(bytes)?.Usage is not { } usage || IsSound(usage);
        }, iter: 10_000);
    }

    [TestCaseSource(nameof(Providers))]
    public void AnyStreamIsReadTheSameInPieces(string name)
    {
        var provider = Half(name);
        var streams = AnyOf($"{name}.stream.*").Select(File.ReadAllText);
        var broken = JsonGen.Broken(streams).Select(bytes => name == "converse" ? Framed(bytes) : bytes);
        Gen.Select(Gen.OneOf(Gen.Byte.Array[0, 80], broken), Gen.Int[1, 60]).Sample((bytes, size) =>
            Read(provider, bytes, size) == Read(provider, bytes, int.MaxValue), iter: 3_000);
    }

    [TestCaseSource(nameof(Providers))]
    public void AnyRequestThatIsReadIsWrittenAsJsonThatNamesNothingTwice(string name)
    {
        var provider = Half(name);
        Requests.SelectMany(request => JsonGen.Broken(Gen.Const(request.Body)).Select(bytes => (request.Client, Bytes: bytes))).Sample(request =>
        {
            if (Parse(request.Bytes) is not { } body)
                return;
            HubRequest hub;
            try
            {
                if (HubDialects.ClientOf(request.Client).Read(body, out hub) is not null)
                    return;
            }
            catch (InvalidOperationException)
            {
                return; // not Unicode: the caller refuses it
            }
            Write(name, provider, hub, body);
        }, iter: 5_000);
    }

    private static void Write(string name, HubProvider provider, HubRequest hub, JsonElement body)
    {
        var target = new HubTarget($"any.{name}", name) { DefaultMaxTokens = 4096 };
        if (HubTranslation.Translate(hub, body, provider, target, new HubSettings { DropsUnsupported = true }, out var written, out _) is not null)
            return;
        using var parsed = JsonDocument.Parse(written.ToSequence(), NoDuplicates);
    }

    private static JsonElement? Parse(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, HubJson.ReadOptions);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>An id of a call in an answer that says nothing to make ids of.</summary>
    [GeneratedRegex("call_[0-9a-f]{24}_")]
    private static partial Regex MadeId();

    /// <summary>Lines of a fixture as frames; lines that are none any more are left out.</summary>
    private static byte[] Framed(byte[] lines) => StreamFrames.Of(Encoding.UTF8.GetBytes(string.Join('\n',
        Encoding.UTF8.GetString(lines).Split('\n').Where(static line => Parse(Encoding.UTF8.GetBytes(line)) is { } json
            && IsName(json, "type", "exception") && json.TryGetProperty("payload", out _)))));

    private static bool IsName(JsonElement line, params string[] names) => Array.Exists(names, name =>
        line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetRawText().Length < 100
        && !value.GetRawText().Contains('\\', StringComparison.Ordinal))
        && !(line.TryGetProperty("type", out _) && line.TryGetProperty("exception", out _));

    private static string Read(HubProvider provider, byte[] bytes, int size)
    {
        var reader = provider.OpenStream();
        var steps = new List<HubEvent>();
        var waiting = new List<byte>();
        foreach (var chunk in bytes.Chunk(Math.Max(1, Math.Min(size, bytes.Length))))
        {
            waiting.AddRange(chunk);
            waiting.RemoveRange(0, reader.Read([.. waiting], false, steps));
        }
        reader.Read([.. waiting], true, steps);
        var read = string.Join('\n', steps.Select(static step => step with { Json = null } + step.Json?.GetRawText())) + reader.IsMalformed;
        return MadeId().Replace(read, "call_made_");
    }

    private static bool IsSound(Usage usage) => Math.Min(Math.Min(usage.Input, usage.Output), Math.Min(usage.Reasoning, usage.CachedRead)) >= 0
        && Math.Min(usage.CacheWrite, usage.CacheWriteHour) >= 0;

    private static Gen<string> AnyOf(string pattern, bool inFolder = false)
    {
        string[] files =
        [
            .. Directory.EnumerateFiles(Root(), pattern, SearchOption.AllDirectories)
                .Where(file => !inFolder || !file.Contains($"{Path.DirectorySeparatorChar}expected{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        return Gen.Int[0, files.Length - 1].Select(index => files[index]);
    }

    private static string Root([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Fixtures");
}
