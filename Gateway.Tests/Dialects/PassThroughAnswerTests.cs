using System.Buffers;
using System.Text;
using CsCheck;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects;

/// <summary>The bill in answers that are passed through, whole and in events.</summary>
public sealed class PassThroughAnswerTests
{
    private static AnswerFacts Read(string json, Operation operation)
    {
        Assert.That(PassThroughAnswer.TryRead(Encoding.UTF8.GetBytes(json), operation, out var facts, out _), Is.True);
        return facts;
    }

    // As in OpenAI's reference: platform.openai.com/docs/api-reference/images/object
    private const string Drawn = """
        {"created":1713833628,"data":[{"b64_json":"A"},{"b64_json":"B"}],"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,
        "input_tokens_details":{"text_tokens":10,"image_tokens":40}}}
        """;

    [Test]
    public void TokensOfPicturesAreToldApart() => Assert.That(
        Read(Drawn, Operation.Images).Usage, Is.EqualTo(new Usage { Input = 10, InputImage = 40, OutputImage = 50 }));

    [Test]
    public void PicturesAreCounted() => Assert.That(Read(Drawn, Operation.Images).Bill!.Units!.Value.Images, Is.EqualTo(2));

    [TestCase("""{"usage":{"output_tokens":50,"output_tokens_details":{"image_tokens":40,"text_tokens":10}}}""", 40, 10)]
    [TestCase("""{"usage":{"output_tokens":50,"output_tokens_details":{"image_tokens":90}}}""", 50, 0)]
    [TestCase("""{"usage":{"output_tokens":50}}""", 50, 0)]
    public void TheOutputOfPicturesHoldsNoMoreThanItSays(string json, long image, long text) => Assert.That(
        Read(json, Operation.Images).Usage, Is.EqualTo(new Usage { OutputImage = image, Output = text }));

    [TestCase("""{"text":"a","usage":{"type":"duration","seconds":12.3456}}""", 12_346)]
    [TestCase("""{"text":"a","duration":"8.47"}""", 8_470)]
    [TestCase("""{"text":"a","duration":-1}""", 0)]
    [TestCase("""{"text":"a","duration":1e300}""", 0)]
    [TestCase("""{"text":"a"}""", 0)]
    public void SecondsOfARecordingAreRead(string json, long ms) =>
        Assert.That(Read(json, Operation.Transcriptions).Bill!.Units!.Value.AudioMs, Is.EqualTo(ms));

    [TestCase("""{"results":[],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":3}},"x":1}""", 3)]
    [TestCase("""{"results":[],"meta":"no"}""", 0)]
    public void SearchUnitsAreRead(string json, long units) =>
        Assert.That(Read(json, Operation.Rerank).Bill!.Units!.Value.SearchUnits, Is.EqualTo(units));

    [TestCase("""{"error":{"message":"no"}}""", true)]
    [TestCase("""{"error":null,"data":[]}""", false)]
    [TestCase("""{"error":{"message":"no"},"data":[{}]}""", false)]
    public void AnErrorInDisguiseIsSeen(string json, bool isError) =>
        Assert.That(Read(json, Operation.Images).IsError, Is.EqualTo(isError));

    [Test]
    public void TheUsageIsKeptAsItWasSent()
    {
        var json = Encoding.UTF8.GetBytes("""{"a":1,"usage": {"input_tokens":7, "x":[1]} ,"data":[]}""");
        PassThroughAnswer.TryRead(json, Operation.Images, out var facts, out _);

        Assert.That(Encoding.UTF8.GetString(json[facts.RawUsage]), Is.EqualTo("""{"input_tokens":7, "x":[1]}"""));
    }

    [Test]
    public void NoAnswerMakesItThrow() =>
        Gen.OneOf("{", "}", "[", "]", "\"usage\":", "\"meta\":", "\"data\":", "\"duration\":", "\"input_tokens\":", "\"search_units\":",
            "1", "-1", "1e400", "\"a\"", "null", "true", ",", "\"input_tokens_details\":", "\\", "é").Array[0, 20].Sample(pieces =>
        {
            var json = Encoding.UTF8.GetBytes("{" + string.Concat(pieces));
            foreach (var operation in new[] { Operation.Images, Operation.Transcriptions, Operation.Rerank })
                PassThroughAnswer.TryRead(json, operation, out _, out _);
            ObjectList.Read(json);
            ObjectList.ReadOne(json);
        }, iter: 3000);

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(7)]
    [TestCase(4096)]
    public void EventsAreTheSameHoweverTheyCome(int size)
    {
        var events = Encoding.UTF8.GetBytes("""
            event: transcript.text.delta
            data: {"type":"transcript.text.delta","delta":"I"}

            : a comment

            event: transcript.text.done
            data: {"type":"transcript.text.done","text":"I see","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"audio_tokens":10,"text_tokens":4},"output_tokens":3,"total_tokens":17}}


            """.ReplaceLineEndings("\r\n"));
        var stream = new PassThroughDialect(Operation.Transcriptions).Translate(new StreamOptions("m", false, null));
        var output = new ArrayBufferWriter<byte>();
        var (from, to) = (0, 0);
        while (to < events.Length)
        {
            to = Math.Min(events.Length, to + size);
            from += stream.Translate(events.AsSpan(from, to - from), atEnd: false, output);
        }
        stream.Translate(events.AsSpan(from), atEnd: true, output);

        Assert.That(output.WrittenSpan.ToArray(), Is.EqualTo(events));
        Assert.That(stream.Usage, Is.EqualTo(new Usage { Input = 4, InputAudio = 10, Output = 3 }));
        Assert.That((stream.Events, stream.IsComplete, stream.OutputBytes), Is.EqualTo((2, true, 5L)));
    }

    [TestCase("data: {\"type\":\"transcript.text.delta\",\"delta\":\"I\"}\n\n", false)]
    [TestCase("data: {\"type\":\"transcript.text.done\",\"text\":\"I\"}\n\n", true)]
    [TestCase("data: [DONE]\n\n", true)]
    public void AStreamIsCompleteOnceItSaidSo(string events, bool isComplete)
    {
        var stream = new PassThroughDialect(Operation.Transcriptions).Translate(new StreamOptions("m", false, null));

        stream.Translate(Encoding.UTF8.GetBytes(events), atEnd: true, new ArrayBufferWriter<byte>());

        Assert.That(stream.IsComplete, Is.EqualTo(isComplete));
    }

    [Test]
    public void AnErrorEventIsNotPassedOn()
    {
        var stream = new PassThroughDialect(Operation.Images).Translate(new StreamOptions("m", false, null));
        var output = new ArrayBufferWriter<byte>();

        stream.Translate("event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"no\"}}\n\n"u8, atEnd: false, output);

        Assert.That((stream.ErrorEvent is not null, output.WrittenCount), Is.EqualTo((true, 0)));
    }
}
