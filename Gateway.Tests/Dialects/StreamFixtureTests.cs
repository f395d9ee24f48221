using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects;

/// <summary>Streams: what passes on to the client and what is learned on the way, however the bytes arrive.</summary>
public sealed class StreamFixtureTests
{
    private static IEnumerable<string> Cases() => Fixture.Names("stream-");

    [TestCaseSource(nameof(Cases))]
    public void AStreamPassesWithTheChangesMade(string name)
    {
        var fixture = new Fixture(name);
        var (output, facts) = Run(fixture, fixture.Read("stream.in.sse"), int.MaxValue);

        fixture.Expect("stream.out.sse", output);
        fixture.ExpectFacts(facts);
    }

    [Test]
    public void AStreamPassesTheSameInChunksOfAnySize(
        [ValueSource(nameof(Cases))] string name, [Values(1, 2, 3, 7, 4096)] int size)
    {
        var fixture = new Fixture(name);
        var stream = fixture.Read("stream.in.sse");
        var whole = Run(fixture, stream, int.MaxValue);
        var pieces = Run(fixture, stream, size);

        Assert.That(Encoding.UTF8.GetString(pieces.Output), Is.EqualTo(Encoding.UTF8.GetString(whole.Output)));
        Assert.That(pieces.Facts.ToJsonString(), Is.EqualTo(whole.Facts.ToJsonString()));
    }

    [TestCaseSource(nameof(Cases))]
    public void ACutStreamIsCompleteOnlyIfItHadFinished(string name)
    {
        var fixture = new Fixture(name);
        var stream = fixture.Read("stream.in.sse");
        for (var cut = 0; cut <= stream.Length; cut++)
        {
            var (_, facts) = Run(fixture, stream[..cut], int.MaxValue);
            if (facts["complete"]!.GetValue<bool>())
                Assert.That(HasFinished(Encoding.UTF8.GetString(stream[..cut])), Is.True, $"cut at {cut}");
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void WhatFollowsACutStreamBeginsAnEventOfItsOwn(string name)
    {
        var fixture = new Fixture(name);
        var stream = fixture.Read("stream.in.sse");
        for (var cut = 0; cut <= stream.Length; cut++)
        {
            var (output, _) = Run(fixture, stream[..cut], int.MaxValue);
            var text = Encoding.UTF8.GetString(output).ReplaceLineEndings("\n");
            Assert.That(text.Length == 0 || text == "\n" || text.EndsWith("\n\n", StringComparison.Ordinal), Is.True, $"cut at {cut}: {text}");
        }
    }

    /// <summary>The sign of an end, whole: the marker, or a reason to finish within a chunk that is whole.</summary>
    private static bool HasFinished(string text) => text.Contains("[DONE]") || text.ReplaceLineEndings("\n").Split("\n\n").Any(part =>
    {
        var data = string.Concat(part.Split('\n').Where(line => line.StartsWith("data:", StringComparison.Ordinal)).Select(line => line[5..]));
        return IsFinished(data);
    });

    private static bool IsFinished(string data)
    {
        try
        {
            using var json = JsonDocument.Parse(data);
            return Regex.IsMatch(data, "\"finish_reason\"\\s*:\\s*\"");
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static (byte[] Output, JsonObject Facts) Run(Fixture fixture, byte[] stream, int size)
    {
        var options = fixture.ReadJson("options.json");
        var translator = new OpenAiDialect().Translate(new StreamOptions(
            options["model"]!.GetValue<string>(),
            options["hidesUsage"]!.GetValue<bool>(),
            options["cost"]!.GetValue<bool>() ? reported => new NanoUsd(reported.Usage.Prompt * 1_000 + reported.Usage.Completion * 2_000) : null));
        var output = new ArrayBufferWriter<byte>();
        var waiting = new List<byte>();
        foreach (var chunk in stream.Chunk(Math.Max(1, Math.Min(size, stream.Length))))
        {
            waiting.AddRange(chunk);
            waiting.RemoveRange(0, translator.Translate(waiting.ToArray(), atEnd: false, output));
        }
        Assert.That(translator.Translate(waiting.ToArray(), atEnd: true, output), Is.EqualTo(waiting.Count));
        return (output.WrittenSpan.ToArray(), new JsonObject
        {
            ["events"] = translator.MeaningfulEvents,
            ["complete"] = translator.IsComplete,
            ["error"] = translator.ErrorEvent is { } error ? Encoding.UTF8.GetString(error) : null,
            ["usage"] = Fixture.Describe(translator.Usage),
            ["rawUsage"] = translator.RawUsage,
            ["outputBytes"] = translator.OutputBytes,
        });
    }
}
