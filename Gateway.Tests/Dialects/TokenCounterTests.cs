using System.Text;
using CsCheck;
using Gateway.Dialects;
using static Gateway.Tests.Dialects.RealTokenizers;

namespace Gateway.Tests.Dialects;

/// <summary>The input counted with a tokenizer.</summary>
public sealed class TokenCounterTests
{
    [OneTimeSetUp]
    public static async Task LoadAsync() =>
        Assert.That((await TokenCounter.LoadAsync("gpt-4o"), await TokenCounter.LoadAsync("gpt-4")), Is.EqualTo((true, true)));

    [Test]
    public void ItIsNeverLessThanWhatOpenAiCountsAndNeverMoreThanTheBytes() =>
        Gen.Select(TextGen.Text.Array[1, 4], Gen.Bool, Gen.Bool).Sample((texts, isAscii, isParts) =>
        {
            var body = TextGen.Json(new
            {
                model = "m",
                messages = texts.Select(text => new { role = "user", content = isParts ? (object)new[] { new { type = "text", text } } : text }),
            }, isAscii);
            (string, string)[] messages = [.. texts.Select(text => ("user", text))];
            return IsWithin(body, "gpt-4o", CountChat(O200k, messages)) && IsWithin(body, "gpt-4", CountChat(Cl100k, messages));
        }, iter: 1_000);

    [Test]
    public void ToolsAreCountedInFull() => TextGen.Tool.Sample(tool =>
    {
        var body = TextGen.Json(new { tools = tool.Json }, isAscii: false);
        var indented = TextGen.Json(tool.Json, isAscii: false, isIndented: true);
        return IsWithin(body, "gpt-4o", CountTool(O200k, tool) + InputBound.ToolsAtMost)
            && IsWithin(body, "gpt-4o", O200k.Count(indented) + InputBound.ToolsAtMost);
    }, iter: 100);

    [Test]
    public void OrdinaryTextIsCountedClosely()
    {
        var text = string.Concat(Enumerable.Repeat("The gateway answers, and says what it cost. ", 500));
        var body = $$"""{"messages":[{"role":"user","content":"{{text}}"}]}""";
        var real = CountChat(O200k, ("user", text));
        Assert.That(Measure(body, "gpt-4o").TextAtMost, Is.InRange(real, real + 40));
        Assert.That(Of(body).TextAtMost, Is.GreaterThan(4 * real));
    }

    [Test]
    public void TokenNumbersCountOneEach() =>
        Assert.That(Measure("""{"input":[[1,22,333],[4444]]}""", "text-embedding-3-small").TextAtMost, Is.InRange(4, 40));

    /// <summary>The tokenizer alone would take most of a minute.</summary>
    [TestCase("你")]
    [TestCase("a")]
    [TestCase(" ")]
    [TestCase("!")]
    [TestCase("\n")]
    [TestCase("\u0301")]
    public void ALongWordCountsByItsBytes(string piece)
    {
        var text = new StringBuilder().Insert(0, piece, 100_000).ToString();
        var body = $$"""{"messages":[{"role":"user","content":{{TextGen.Json($"some words {text} and more", isAscii: false)}}}]}""";
        var bytes = Encoding.UTF8.GetByteCount(text);
        Assert.That(Measure(body, "gpt-4o").TextAtMost, Is.InRange(bytes, bytes + 60));
    }

    [TestCase("<|endoftext|>", 600)]
    [TestCase("<|endofprompt|>", 600)]
    public void AControlTokenInATextCountsAsTheTextThatItIs(string control, int least)
    {
        var text = new StringBuilder().Insert(0, control, 100).ToString();
        Assert.That(O200k.Count(text), Is.GreaterThanOrEqualTo(least), "what OpenAI counts");
        Assert.That(IsWithin($$"""{"messages":[{"role":"user","content":"{{text}}"}]}""", "gpt-4o", CountChat(O200k, ("user", text))));
    }

    [Test]
    public void WordsBesideALongOneAreStillCounted()
    {
        var words = string.Concat(Enumerable.Repeat("some words, and more. ", 1_000));
        var text = $"{words}{new string('x', 1_000)} {words}";
        var body = $$"""{"messages":[{"role":"user","content":"{{text}}"}]}""";
        var real = CountChat(O200k, ("user", text));
        Assert.That(Measure(body, "gpt-4o").TextAtMost, Is.InRange(real, real + 1_100));
    }

    [Test]
    public void PicturesStayWhatTheyAre()
    {
        var media = Convert.ToBase64String(new byte[30_000]);
        var body = """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,MEDIA"}}]}]}""";
        var size = Measure(body.Replace("MEDIA", media), "gpt-4o");
        Assert.That((size.Images, size.Files), Is.EqualTo((1, 0)));
        Assert.That(size.TextAtMost, Is.LessThan(200));
    }

    [TestCase("claude-sonnet-4-5", """{"messages":[{"role":"user","content":"hello world, hello world"}]}""")]
    [TestCase("gpt-oss-120b", """{"messages":[{"role":"user","content":"hello world, hello world"}]}""")]
    [TestCase("gpt-5.4", """{"messages":[{"role":"user","content":"hello world, hello world"}]}""")]
    [TestCase("gpt-4o", """{"messages":[{"role":"user","content":"hello \ud800 world"}]}""")]
    public void WhatCannotBeCountedCountsByItsBytes(string model, string body) => Assert.That(Measure(body, model), Is.EqualTo(Of(body)));

    [Test]
    public void ALargeBodyCountsByItsBytes()
    {
        var text = string.Concat(Enumerable.Repeat("word ", TokenCounter.MostBytes / 5));
        var body = $$"""{"messages":[{"role":"user","content":"{{text}}"}]}""";
        Assert.That(Measure(body, "gpt-4o"), Is.EqualTo(Of(body)));
    }

    [Test]
    public async Task OnlyKnownTokenizersAreLoaded() =>
        Assert.That((await TokenCounter.LoadAsync("claude-opus-4-7"), await TokenCounter.LoadAsync("openai/gpt-4.1-mini")),
            Is.EqualTo((false, true)));

    private static bool IsWithin(string body, string model, long real)
    {
        var counted = Measure(body, model).TextAtMost;
        return real <= counted && counted <= Of(body).TextAtMost;
    }

    private static InputSize Measure(string body, string model) =>
        TokenCounter.Measure(new(Encoding.UTF8.GetBytes(body)), model, InputBound.Of(new(Encoding.UTF8.GetBytes(body))));

    private static InputSize Of(string body) => InputBound.Of(new(Encoding.UTF8.GetBytes(body)));
}
