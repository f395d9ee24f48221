using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Bedrock;
using Gateway.Dialects.Hub;
using Gateway.Tests.Dialects.Hub;

namespace Gateway.Tests.Dialects.Bedrock;

/// <summary>Claude's own stream within the frames of InvokeModelWithResponseStream.</summary>
public sealed class BedrockInvokeTests
{
    private static readonly string[] Events =
    [
        """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}""",
        """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Zażółć"}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}""",
        """{"type":"message_stop"}""",
    ];

    [Test]
    public void TheEventsComeOutAsAnthropicSendsThem([Values(1, 2, 7, 4096)] int size)
    {
        var (output, translator) = Translate(Frames(Events), size);

        Assert.That(output, Does.StartWith("event: message_start\ndata: {\"type\":\"message_start\"").And.Contain("\"model\":\"shown\""));
        Assert.That(output, Does.EndWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
        Assert.That((translator.Usage, translator.IsComplete), Is.EqualTo((new Usage { Input = 9, Output = 4 }, true)));
    }

    [Test]
    public void TheEventsAreReadForAnyOtherClient()
    {
        var steps = new List<HubEvent>();
        var reader = new BedrockInvokeReader(HubDialects.ProviderOf(WireFormat.Anthropic).OpenStream());

        reader.Read(Frames(Events), true, steps);

        Assert.That(string.Concat(steps.Where(static step => step.Kind == HubEventKind.Text).Select(static step => step.Text)), Is.EqualTo("Zażółć"));
        Assert.That(steps[^1].Kind, Is.EqualTo(HubEventKind.End));
        Assert.That(reader.IsMalformed, Is.False);
    }

    [Test]
    public void ACutStreamIsNotComplete()
    {
        var (output, translator) = Translate(Frames(Events[..3]), int.MaxValue);

        Assert.That(output, Does.Contain("Zażółć").And.Not.Contain("message_stop"));
        Assert.That(translator.IsComplete, Is.False);
    }

    [Test]
    public void AnExceptionIsAnErrorWithItsStatus()
    {
        var broken = """{"exception":"modelStreamErrorException","payload":{"message":"The model failed.","originalStatusCode":529}}""";
        var (output, translator) = Translate([.. Frames(Events[..3]), .. StreamFrames.Of(Encoding.UTF8.GetBytes(broken))], int.MaxValue);

        Assert.That(output, Does.Not.Contain("The model failed."));
        Assert.That(Encoding.UTF8.GetString(translator.ErrorEvent!),
            Is.EqualTo("""{"error":{"message":"The model failed.","type":"modelStreamErrorException","code":"529"}}"""));
    }

    [TestCase("""{"type":"chunk","payload":{"bytes":"!"}}""")]
    [TestCase("""{"type":"chunk","payload":{"bytes":"e30="}}""")]
    [TestCase("""{"type":"chunk","payload":[]}""")]
    public void WhatIsNoChunkIsMalformed(string line)
    {
        var (output, translator) = Translate(StreamFrames.Of(Encoding.UTF8.GetBytes(line)), int.MaxValue);

        Assert.That((output, translator.IsMalformed), Is.EqualTo(("", true)));
    }

    private static byte[] Frames(IEnumerable<string> events) => StreamFrames.Of(Encoding.UTF8.GetBytes(string.Join('\n', events.Select(static json =>
        new JsonObject
        {
            ["type"] = "chunk",
            ["payload"] = new JsonObject { ["bytes"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(json)), ["p"] = "abcdefgh" },
        }.ToJsonString()))));

    private static (string Output, StreamTranslator Translator) Translate(byte[] bytes, int size)
    {
        var translator = new BedrockInvokeTranslator(new AnthropicDialect().Translate(new StreamOptions("shown", HidesUsage: false, CostOf: null)));
        var output = new ArrayBufferWriter<byte>();
        var (start, end) = (0, 0);
        while (end < bytes.Length)
        {
            end = (int)Math.Min((long)end + size, bytes.Length);
            start += translator.Translate(bytes.AsSpan(start, end - start), end == bytes.Length, output);
        }
        return (Encoding.UTF8.GetString(output.WrittenSpan), translator);
    }
}
