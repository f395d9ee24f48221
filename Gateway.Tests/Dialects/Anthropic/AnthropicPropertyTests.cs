using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using CsCheck;
using Gateway.Dialects;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Dialects.Anthropic;

/// <summary>Whatever a client or a provider sends, Anthropic's readers neither throw nor lose count.</summary>
public sealed class AnthropicPropertyTests
{
    private static readonly AnthropicDialect Dialect = new();
    private static readonly HubClient Client = HubDialects.ClientOf("anthropic");
    private static readonly HubProvider Provider = HubDialects.ProviderOf(WireFormat.Anthropic);

    private static readonly Gen<string> Requests = AnyOf("anthropic.request.json");
    private static readonly Gen<string> Answers = AnyOf("anthropic.answer.json");
    private static readonly Gen<string> Streams = AnyOf("anthropic.stream.txt");

    private static readonly HubShown Shown = new("shown")
    {
        RandomId = "0123456789abcdef01234567",
        Now = DateTimeOffset.UnixEpoch,
        Request = new HubRequest(),
    };

    [Test]
    public void AnyBytesAreReadAsAnAnswerWithoutAnException() => Gen.OneOf(Gen.Byte.Array[0, 80], JsonGen.Broken(Answers)).Sample(bytes =>
    {
        _ = Provider.ReadAnswer(bytes);
        return !Dialect.TryReadAnswer(bytes, out var facts)
            || (facts.ModelStart + Math.Max(0, facts.ModelLength) <= bytes.Length && IsSound(facts.Usage.GetValueOrDefault()));
    }, iter: 20_000);

    [Test]
    public void AnyBytesPassAsAStreamWithoutAnExceptionAndTheSameInPieces() =>
        Gen.Select(Gen.OneOf(Gen.Byte.Array[0, 80], JsonGen.Broken(Streams)), Gen.Int[1, 50]).Sample((bytes, size) =>
            Pass(bytes, size) == Pass(bytes, int.MaxValue) && ReadStream(bytes, size) == ReadStream(bytes, int.MaxValue), iter: 3_000);

    [Test]
    public void AnyBodyIsReadOrRefused() => JsonGen.Broken(Requests).Sample(bytes =>
    {
        try
        {
            using var body = JsonDocument.Parse(bytes, HubJson.ReadOptions);
            if (Client.Read(body.RootElement, out var hub) is null)
                Write(hub);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or not Unicode: refused before.
        }
    }, iter: 10_000);

    private static void Write(HubRequest hub)
    {
        var target = new HubTarget("claude-sonnet-4-5", "anthropic") { DefaultMaxTokens = 4096 };
        Provider.Fit(hub, target, new HubLosses());
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            Provider.Write(hub, target, json);
        using var written = JsonDocument.Parse(output.WrittenMemory);
    }

    private static string Pass(byte[] bytes, int size)
    {
        var translator = Dialect.Translate(new StreamOptions("m", HidesUsage: false, CostOf: null));
        var output = new ArrayBufferWriter<byte>();
        Feed(bytes, size, (received, atEnd) => translator.Translate(received, atEnd, output));
        return $"{Encoding.Latin1.GetString(output.WrittenSpan)} {translator.Usage} {translator.IsComplete} {translator.OutputBytes}";
    }

    private static string ReadStream(byte[] bytes, int size)
    {
        var reader = Provider.OpenStream();
        var writer = Client.OpenStream(Shown);
        var output = new ArrayBufferWriter<byte>();
        var steps = new List<HubEvent>();
        Feed(bytes, size, (received, atEnd) => reader.Read(received, atEnd, steps));
        foreach (var step in steps)
            writer.Write(step, output);
        writer.End(output);
        return $"{Encoding.UTF8.GetString(output.WrittenSpan)} {reader.IsMalformed}";
    }

    private static void Feed(byte[] bytes, int size, Func<byte[], bool, int> read)
    {
        var waiting = new List<byte>();
        foreach (var chunk in bytes.Chunk(Math.Max(1, Math.Min(size, bytes.Length))))
        {
            waiting.AddRange(chunk);
            waiting.RemoveRange(0, read([.. waiting], false));
        }
        read([.. waiting], true);
    }

    private static bool IsSound(Usage usage) => Math.Min(Math.Min(usage.Input, usage.Output), Math.Min(usage.Reasoning, usage.CachedRead)) >= 0
        && Math.Min(usage.CacheWrite, usage.CacheWriteHour) >= 0;

    private static Gen<string> AnyOf(string name)
    {
        string[] files =
            [.. Directory.EnumerateFiles(Root(), name, SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText)];
        return Gen.Int[0, files.Length - 1].Select(index => files[index]);
    }

    private static string Root([CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "..", "Hub", "Fixtures");
}
