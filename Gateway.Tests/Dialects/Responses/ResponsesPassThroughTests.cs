using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Responses;

namespace Gateway.Tests.Dialects.Responses;

/// <summary>Responses where client and provider both speak it: what is not changed is not touched.</summary>
public sealed class ResponsesPassThroughTests
{
    private static readonly ResponsesDialect Dialect = new();

    private const string Stream = """
        event: response.created
        data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_7","object":"response","status":"in_progress","model":"gpt-x-2026","output":[],"usage":null}}

        : a comment

        event: response.output_item.added
        data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"msg_1","type":"message","model":"kept","content":[]}}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","sequence_number":2,"item_id":"msg_1","delta":"Grüezi","obfuscation":"x9"}

        event: response.completed
        data: {"type":"response.completed","sequence_number":3,"response":{"id":"resp_7","status":"completed","error":null,"model":"gpt-x-2026","output":[{"type":"message","content":[{"type":"output_text","text":"Grüezi"}]}],"service_tier":"flex","usage":{"input_tokens":90,"input_tokens_details":{"cached_tokens":64,"cache_write_tokens":6},"output_tokens":30,"output_tokens_details":{"reasoning_tokens":12},"total_tokens":120}}}


        """;

    [Test]
    public void ABodyPassesButForTheModel() => Assert.That(
        Compose("""{ "input" : "a\u0062" , "model":"m","tools":[{"type":"namespace"}],"n":1.50, "stream":true }""", new() { Model = "M" }),
        Is.EqualTo("""{"input" : "a\u0062" , "model":"M","tools":[{"type":"namespace"}],"n":1.50, "stream":true}"""));

    [TestCase("""{"model":"m","max_output_tokens":900}""", """{"model":"M","max_output_tokens":50}""")]
    [TestCase("""{"model":"m","max_output_tokens":20}""", """{"model":"M","max_output_tokens":20}""")]
    [TestCase("""{"model":"m","max_output_tokens":null,"x":1}""", """{"model":"M","x":1,"max_output_tokens":50}""")]
    [TestCase("""{"model":"m","max_tokens":900}""", """{"model":"M","max_tokens":900,"max_output_tokens":50}""", Description = "means nothing here")]
    public void TheLimitHasItsOwnName(string body, string expected) =>
        Assert.That(Compose(body, new() { Model = "M", OutputCap = 50, LimitName = "max_completion_tokens", RenamesLimit = true }), Is.EqualTo(expected));

    [Test]
    public void SettingsOfChatsLeaveUnderTheirNamesHere() => Assert.That(
        Compose("""{"model":"m"}""", new()
        {
            Model = "M",
            AskForStreamUsage = true,
            OutputCap = 70,
            Defaults = [new("max_tokens", "90"), new("reasoning_effort", "\"low\""), new("temperature", "0.5")],
        }),
        Is.EqualTo("""{"model":"M","max_output_tokens":70,"reasoning":{"effort":"low"},"temperature":0.5}"""));

    [Test]
    public void ALimitThatTheConfigOverrulesDoesNotStandTwice() => Assert.That(
        Compose("""{"model":"m","max_output_tokens":10}""", new()
        {
            Model = "M",
            Dropped = ["max_tokens", "max_completion_tokens"],
            Overrides = [new("max_tokens", "90")],
        }),
        Is.EqualTo("""{"model":"M","max_output_tokens":90}"""));

    [Test]
    public void WhatTheGatewayMustKnowIsRead()
    {
        var refusal = Read("""{"model":"m","stream":true,"max_output_tokens":77,"user":"u","previous_response_id":"resp_1","n":"two","prompt":{"id":"p"}}""", out var request);

        Assert.That(refusal, Is.Null);
        Assert.That((request.Model, request.IsStream, request.MaxTokens, request.User, request.PreviousResponseId), Is.EqualTo(("m", true, 77L, "u", "resp_1")));
        Assert.That(request.Terms.Choices, Is.Null);
    }

    [TestCase("""{"model":"m","background":true}""", "background")]
    [TestCase("""{"model":"m","max_output_tokens":1.5}""", "max_output_tokens")]
    [TestCase("""{"model":"m","max_output_tokens":1,"max_output\u005ftokens":2}""", "'max_output_tokens' is given more than once")]
    [TestCase("""{"model":"m","stream":1}""", "stream")]
    public void WhatCannotBeCountedIsRefused(string body, string named) => Assert.That(Read(body, out _)!.Message, Does.Contain(named));

    [Test]
    public void ALimitThatIsDroppedIsNoLimit()
    {
        Read("""{"model":"m","max_output_tokens":77}""", out var request);

        Assert.That(AnswerTerms.Sent(default, request.Terms, default, ["max_output_tokens"], renamesLimit: false).RealLimit, Is.Null);
    }

    [Test]
    public void AWholeAnswerTellsItsUsageInDisjointBuckets()
    {
        const string Answer = """
            {"id":"resp_1","status":"completed","error":null,"model":"gpt-x","output":[{"type":"reasoning","summary":[{"text":"abc"}]},
             {"type":"function_call","arguments":"{\"a\":1}","name":"not counted"}],"usage":{"input_tokens":100,"input_tokens_details":
             {"cached_tokens":40,"audio_tokens":5},"output_tokens":50,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":150}}
            """;
        var bytes = Encoding.UTF8.GetBytes(Answer);

        Assert.That(Dialect.TryReadAnswer(bytes, out var facts), Is.True);
        Assert.That(facts.Usage, Is.EqualTo(new Usage { Input = 55, CachedRead = 40, InputAudio = 5, Output = 30, Reasoning = 20 }));
        Assert.That(Encoding.UTF8.GetString(bytes.AsSpan(facts.ModelStart, facts.ModelLength)), Is.EqualTo("\"gpt-x\""));
        Assert.That(Encoding.UTF8.GetString(bytes[facts.RawUsage]), Does.StartWith("{\"input_tokens\":100").And.EndsWith("150}"));
        Assert.That((facts.OutputBytes, facts.IsError, facts.Id), Is.EqualTo((3L + 9, false, "resp_1")));
    }

    [TestCase("""{"error":{"message":"no"}}""", true)]
    [TestCase("""{"status":"failed","error":{"code":"server_error","message":"no"},"output":[],"usage":null}""", true)]
    [TestCase("""{"status":"incomplete","error":null,"incomplete_details":{"reason":"max_output_tokens"},"output":[]}""", false)]
    public void AnErrorInDisguiseIsSeen(string answer, bool isError)
    {
        Dialect.TryReadAnswer(Encoding.UTF8.GetBytes(answer), out var facts);

        Assert.That(facts.IsError, Is.EqualTo(isError));
    }

    [Test]
    public void AStreamPassesButForTheModelHoweverItIsCut([Values(1, 2, 3, 7, 4096)] int size)
    {
        var (output, translator) = Run(Stream, size);

        Assert.That(output, Is.EqualTo(Stream.Replace("gpt-x-2026", "mine")));
        Assert.That(translator.Usage, Is.EqualTo(new Usage { Input = 20, CachedRead = 64, CacheWrite = 6, Output = 18, Reasoning = 12 }));
        Assert.That((translator.IsFinished, translator.IsComplete, translator.AnswerId, translator.Service), Is.EqualTo((true, true, "resp_7", ServiceTier.Flex)));
        Assert.That((translator.Events, translator.MeaningfulEvents, translator.OutputBytes), Is.EqualTo((4, 2, 7L)));
    }

    [Test]
    public void ACostIsPutIntoTheUsage()
    {
        var (output, _) = Run(Stream, int.MaxValue, new StreamOptions("mine", false, _ => new NanoUsd(1_500_000)));

        Assert.That(output, Does.Contain("""
            "usage":{"cost":0.0015,"input_tokens":90,
            """));
    }

    [Test]
    public void ACutStreamIsNeverComplete()
    {
        var end = Stream.IndexOf("event: response.completed", StringComparison.Ordinal);
        foreach (var cut in Enumerable.Range(0, end + 40))
            Assert.That(Run(Stream[..cut], int.MaxValue).Translator.IsComplete, Is.False, $"cut at {cut}");
    }

    [TestCase("""{"type":"error","code":"rate_limit_exceeded","message":"slow down","param":null,"sequence_number":1}""")]
    [TestCase("""{"type":"error","error":{"type":"x","code":"rate_limit_exceeded","message":"slow down"}}""")]
    [TestCase("""{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"}}}""")]
    public void AFailureIsKeptBackAndWhatFollowsToo(string failure)
    {
        var (output, translator) = Run($"event: x\ndata: {failure}\n\nevent: y\ndata: {{\"type\":\"response.completed\"}}\n\n", int.MaxValue);

        Assert.That(output, Is.Empty);
        Assert.That(Encoding.UTF8.GetString(translator.ErrorEvent!), Does.Contain("slow down"));
        Assert.That(translator.IsComplete, Is.False);
    }

    [Test]
    public void AnErrorEndsAStreamInItsFraming()
    {
        var output = new ArrayBufferWriter<byte>();
        Dialect.WriteErrorEvent(output, ApiError.Unavailable("it is tired"));
        var events = Encoding.UTF8.GetString(output.WrittenSpan).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.That(events.Select(e => e.Split('\n')[0]), Is.EqualTo(["event: error", "event: response.failed"]));
        var failed = JsonNode.Parse(events[1].Split('\n')[1]["data: ".Length..])!;
        Assert.That(failed["response"]!["error"]!["message"]!.GetValue<string>(), Does.Contain("it is tired"));
        Assert.That(failed["response"]!["status"]!.GetValue<string>(), Is.EqualTo("failed"));
    }

    private static ApiError? Read(string body, out ClientRequest request) => Dialect.Read(new(Encoding.UTF8.GetBytes(body)), out request);

    private static string Compose(string body, RequestChanges changes)
    {
        Assert.That(Read(body, out var request), Is.Null);
        return Encoding.UTF8.GetString(Dialect.Compose(request, changes).ToSequence().ToArray());
    }

    private static (string Output, StreamTranslator Translator) Run(string stream, int size, StreamOptions? options = null)
    {
        var translator = Dialect.Translate(options ?? new StreamOptions("mine", false, null));
        var output = new ArrayBufferWriter<byte>();
        var bytes = Encoding.UTF8.GetBytes(stream);
        var (start, end) = (0, 0);
        while (end < bytes.Length)
        {
            end = Math.Min(bytes.Length, size > bytes.Length ? bytes.Length : end + size);
            start += translator.Translate(bytes.AsSpan(start..end), end == bytes.Length, output);
        }
        return (Encoding.UTF8.GetString(output.WrittenSpan), translator);
    }
}
