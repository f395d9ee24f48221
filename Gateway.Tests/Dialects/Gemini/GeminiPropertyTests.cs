using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Gateway.Dialects;
using Gateway.Dialects.Gemini;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Dialects.Gemini;

/// <summary>Nothing that a client or Google sends, or fails to send, disturbs the readers.</summary>
public sealed class GeminiPropertyTests
{
    private static readonly GeminiProvider Provider = new();

    private static readonly Gen<string> Count = Gen.OneOf("0", "7", "1e300", "-5", "1.5", "\"3\"", "null", "{}", "999999999999999");

    private static readonly Gen<string> Text = Gen.OneOf("\"\"", "\"x\"", "\"é😀\"", "\"\\ud800\"", "7", "null", "{}");

    private static readonly Gen<string> Part = Gen.OneOf(
        Text.Select(text => $"{{\"text\":{text}}}"),
        Gen.Select(Text, Text).Select((text, seal) => $"{{\"text\":{text},\"thought\":true,\"thoughtSignature\":{seal}}}"),
        Gen.Select(Text, Text, JsonGen.Value()).Select((name, id, args) => $"{{\"functionCall\":{{\"name\":{name},\"id\":{id},\"args\":{args}}},\"thoughtSignature\":\"Z3c6\"}}"),
        Gen.Select(Text, JsonGen.Value()).Select((name, response) => $"{{\"functionResponse\":{{\"name\":{name},\"response\":{response}}}}}"),
        Gen.Select(Text, Text).Select((type, data) => $"{{\"inlineData\":{{\"mimeType\":{type},\"data\":{data}}}}}"),
        Gen.Select(Text, Text).Select((type, uri) => $"{{\"fileData\":{{\"mimeType\":{type},\"fileUri\":{uri}}}}}"),
        Gen.Const("{\"executableCode\":{\"code\":\"1\"}}"), JsonGen.Value());

    private static readonly Gen<string> Content = Gen.Select(Gen.OneOf("\"user\"", "\"model\"", "\"tool\"", "null", "1"), Part.Array[0, 3])
        .Select((role, parts) => $"{{\"role\":{role},\"parts\":[{string.Join(',', parts)}]}}");

    private static readonly Gen<string> Usage = Gen.Select(Gen.OneOf("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount",
        "cachedContentTokenCount", "totalTokenCount", "toolUsePromptTokenCount"), Count).Array[0, 5].Select(members =>
            $"{{{string.Join(',', members.Select(m => $"\"{m.Item1}\":{m.Item2}"))}}}");

    private static readonly Gen<string> Grounding = Gen.Select(Text, Count, Count, Count).Select((uri, start, end, at) =>
        $"{{\"groundingChunks\":[{{\"web\":{{\"uri\":{uri}}}}},{uri}],\"groundingSupports\":[{{\"segment\":{{\"startIndex\":{start},\"endIndex\":{end}}},"
        + $"\"groundingChunkIndices\":[{at},0]}}],\"webSearchQueries\":[\"q\"]}}");

    private static readonly Gen<string> Answer = Gen.Select(Content, Count, Gen.OneOf("\"STOP\"", "\"SAFETY\"", "\"NO_IMAGE\"", "null", "1"), Usage, Grounding)
        .Select((content, index, finish, usage, grounding) =>
            $"{{\"candidates\":[{{\"content\":{content},\"index\":{index},\"finishReason\":{finish},\"groundingMetadata\":{grounding}}}],"
            + $"\"usageMetadata\":{usage},\"responseId\":\"a\"}}");

    private static readonly Gen<string> Stream = Gen.Select(
        Gen.OneOf("data: ", "data:", ": ", "", "\uFEFFdata: "),
        Gen.Frequency((4, Answer), (1, Gen.OneOf("", "x", "{", "{\"error\":1}", "{\"promptFeedback\":{\"blockReason\":\"OTHER\"}}"))),
        Gen.OneOf("\r\n\r\n", "\r\n\r\n", "\n\n", "\r\r", "\n", "")).Array[0, 4]
        .Select(parts => string.Concat(parts.Select(part => part.Item1 + part.Item2 + part.Item3)));

    [Test]
    public void AnyBytesAreReadAsAnAnswerWithoutAnException() => Gen.OneOf(Gen.Byte.Array[0, 80], JsonGen.Broken(Answer)).Sample(bytes =>
    {
        new GeminiDialect().TryReadAnswer(bytes, out var facts);
        var answer = Provider.ReadAnswer(bytes);
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            if (answer is not null)
                new GeminiClient().WriteAnswer(answer, Shown(), json);
        }
        return IsSound(facts.Usage.GetValueOrDefault()) && IsSound(answer?.Usage ?? default)
            && (answer is null || JsonDocument.Parse(output.WrittenMemory) is not null);
    }, iter: 20_000);

    [Test]
    public void AnyBytesAreReadAsAStreamWithoutAnExceptionAndTheSameInPieces() => Gen.Select(
        Gen.OneOf(Gen.Byte.Array[0, 80], JsonGen.Broken(Stream)), Gen.Bool, Gen.Int[1, 9]).Sample((bytes, isArray, size) =>
            Run(bytes, isArray, size) == Run(bytes, isArray, int.MaxValue) && Pass(bytes, isArray, size) == Pass(bytes, isArray, int.MaxValue),
        iter: 10_000);

    [Test]
    public void AnyRequestIsReadOrRefused() => Gen.Select(Content.Array[0, 4], JsonGen.Value(), JsonGen.Value(), JsonGen.Value())
        .Select((contents, config, tools, schema) => $"{{\"contents\":[{string.Join(',', contents)}],\"generationConfig\":{{\"a\":{config},\"stopSequences\":{tools},"
            + $"\"responseMimeType\":\"application/json\",\"responseSchema\":{schema}}},\"tools\":[{tools},{{\"functionDeclarations\":{schema}}}],\"toolConfig\":{config}}}")
        .Sample(body =>
        {
            JsonElement json;
            try
            {
                json = JsonDocument.Parse(body, HubJson.ReadOptions).RootElement;
            }
            catch (JsonException)
            {
                return true; // the same name twice
            }
            try
            {
                if (new GeminiClient().Read(json, out var hub) is not null)
                    return true;
                return HubTranslation.Translate(hub, json, Provider, new("gemini-3-flash", "gemini") { DefaultMaxTokens = 9 },
                    new HubSettings { DropsUnsupported = true }, out var sent, out _) is not null
                    || JsonDocument.Parse(sent.ToSequence(), HubJson.AnswerOptions) is not null;
            }
            catch (InvalidOperationException)
            {
                return body.Contains("\\ud800", StringComparison.Ordinal); // half a pair is no text
            }
        }, iter: 20_000);

    private static HubShown Shown() => new("m") { RandomId = "r", Now = default, Request = new() };

    private static (string, int, bool, Usage?) Run(byte[] bytes, bool isArray, int size)
    {
        var writer = new GeminiClient(isArray).OpenStream(Shown());
        var reader = Provider.OpenStream();
        var output = new ArrayBufferWriter<byte>();
        var steps = new List<HubEvent>();
        Feed(bytes, size, (piece, atEnd) => reader.Read(piece, atEnd, steps));
        foreach (var step in steps)
            writer.Write(step, output);
        writer.End(output);
        // Where an answer has lost its id, its calls' ids are made at random.
        var text = Regex.Replace(Encoding.UTF8.GetString(output.WrittenSpan), "call_[0-9a-f]{24}_", "call_");
        return (text, steps.Count, reader.IsMalformed, steps.LastOrDefault(step => step.Usage is not null).Usage);
    }

    private static (string, int, Usage?, long) Pass(byte[] bytes, bool isArray, int size)
    {
        var translator = new GeminiDialect(isArray).Translate(new StreamOptions("m", false, null));
        var output = new ArrayBufferWriter<byte>();
        Feed(bytes, size, (piece, atEnd) => translator.Translate(piece, atEnd, output));
        return (Encoding.UTF8.GetString(output.WrittenSpan), translator.MeaningfulEvents, translator.Usage, translator.OutputBytes);
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

    private static bool IsSound(in Usage u) =>
        u is { Input: >= 0, CachedRead: >= 0, InputAudio: >= 0, InputImage: >= 0, Output: >= 0, Reasoning: >= 0, OutputAudio: >= 0, OutputImage: >= 0 };
}
