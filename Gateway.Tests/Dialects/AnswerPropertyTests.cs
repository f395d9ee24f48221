using System.Buffers;
using System.Text;
using CsCheck;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects;

/// <summary>Nothing that a provider sends, or fails to send, disturbs the reader.</summary>
public sealed class AnswerPropertyTests
{
    private static readonly OpenAiDialect Dialect = new();

    private static readonly Gen<string> Count = Gen.OneOf("0", "7", "1e300", "-5", "1.5", "\"3\"", "null", "{}", "[1]", "999999999999999");

    private static readonly Gen<string> Usage = Gen.Select(Gen.OneOf(
        "prompt_tokens", "completion_tokens", "total_tokens", "cost", "prompt_cache_hit_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"), Count)
        .Array[0, 6].Select(Join)
        .SelectMany(top => Gen.Select(Gen.OneOf("cached_tokens", "audio_tokens", "reasoning_tokens", "cache_write_tokens"), Count).Array[0, 3].Select(Join)
            .Select(inner => $"{{{top}{(top.Length > 0 ? "," : "")}\"prompt_tokens_details\":{{{inner}}},\"completion_tokens_details\":{{{inner}}}}}"));

    private static readonly Gen<string> Answer = Gen.Select(
        Gen.OneOf("model", "choices", "usage", "error", "id", "mod\\u0065l"),
        Gen.OneOf(Usage, JsonGen.Value(), Gen.OneOf("\"gpt\"", "[]", "[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]", "[{\"finish_reason\":null}]")))
        .Array[0, 5].Select(members => $"{{{Join(members)}}}");

    private static readonly Gen<string> Stream = Gen.Select(
        Gen.OneOf("data: ", "data:", "data", ": ", "event: x\ndata: ", "", "\uFEFFdata: ", "data: {\ndata: "),
        Gen.Frequency((4, Answer), (1, Gen.OneOf("[DONE]", "", "x", "{", "\0"))),
        Gen.OneOf("\n\n", "\n\n", "\r\n\r\n", "\r\r", "\n", "\r", "")).Array[0, 6]
        .Select(parts => string.Concat(parts.Select(part => part.Item1 + part.Item2 + part.Item3)));

    [Test]
    public void AnyBytesAreReadAsAnAnswerWithoutAnException() => Gen.OneOf(Gen.Byte.Array[0, 80], JsonGen.Broken(Answer)).Sample(bytes =>
    {
        if (!Dialect.TryReadAnswer(bytes, out var facts))
            return true;
        var usage = facts.Usage.GetValueOrDefault();
        return facts.ModelStart + Math.Max(0, facts.ModelLength) <= bytes.Length && IsSound(usage);
    }, iter: 60_000);

    [Test]
    public void AnyBytesPassAsAStreamWithoutAnExceptionAndTheSameInPieces() => Gen.Select(
        Gen.OneOf(Gen.Byte.Array[0, 80], JsonGen.Broken(Stream)), Gen.Bool, Gen.Bool, Gen.Int[1, 9]).Sample((bytes, hides, cost, size) =>
    {
        var options = new StreamOptions("m", hides, cost ? reported => new NanoUsd(reported.Usage.Total) : null);
        return Run(options, bytes, size) == Run(options, bytes, int.MaxValue);
    }, iter: 40_000);

    private static (string, int, bool, string?, Usage?, long) Run(StreamOptions options, byte[] bytes, int size)
    {
        var translator = Dialect.Translate(options);
        var output = new ArrayBufferWriter<byte>();
        var waiting = new List<byte>();
        foreach (var chunk in bytes.Chunk(Math.Max(1, Math.Min(size, bytes.Length))))
        {
            waiting.AddRange(chunk);
            waiting.RemoveRange(0, translator.Translate(waiting.ToArray(), atEnd: false, output));
        }
        translator.Translate(waiting.ToArray(), atEnd: true, output);
        return (Encoding.Latin1.GetString(output.WrittenSpan), translator.MeaningfulEvents, translator.IsComplete, translator.RawUsage, translator.Usage,
            translator.OutputBytes);
    }

    private static bool IsSound(Usage usage) => Math.Min(Math.Min(usage.Input, usage.Output), Math.Min(usage.Reasoning, usage.CachedRead)) >= 0
        && Math.Min(Math.Min(usage.CacheWrite, usage.InputAudio), usage.OutputAudio) >= 0;

    private static string Join((string Name, string Value)[] members) => string.Join(',', members.Select(member => $"\"{member.Name}\":{member.Value}"));
}
