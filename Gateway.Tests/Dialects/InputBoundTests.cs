using System.Text;
using CsCheck;
using Gateway.Dialects;
using static Gateway.Tests.Dialects.RealTokenizers;

namespace Gateway.Tests.Dialects;

/// <summary>What a request's input can count at most.</summary>
public sealed class InputBoundTests
{
    private static readonly Gen<string[]> Texts = TextGen.Text.Array[1, 4];

    [Test]
    public void NoTokenizerCountsMoreThanTheBoundOfAConversation() => Gen.Select(Texts, Gen.Bool).Sample((texts, isAscii) =>
    {
        var body = TextGen.Json(new { model = "m", messages = texts.Select(text => new { role = "user", content = text }) }, isAscii);
        var bound = Of(body).AtMost("m", null) - InputBound.ConversationAtMost;
        return Array.TrueForAll(All, tokenizer => CountChat(tokenizer, [.. texts.Select(text => ("user", text))]) - 3 <= bound);
    }, iter: 2_000);

    [Test]
    public void NoTokenizerCountsMoreThanTheBoundOfTextsToEmbedOrComplete() =>
        Gen.Select(Texts, Gen.Bool, Gen.Bool).Sample((texts, isAscii, isPrompt) =>
        {
            var bound = Of($$"""{"{{(isPrompt ? "prompt" : "input")}}":{{TextGen.Json(texts, isAscii)}}}""").AtMost("m", null);
            return Array.TrueForAll(All, tokenizer => texts.Sum(text => tokenizer.Count(text)) + texts.Length <= bound);
        }, iter: 500);

    [TestCase("\u0000\u0001\u0002\u0003\u001f")]
    [TestCase("\u0007\u0007\u0007\u0007")]
    [TestCase("你好世界。")]
    [TestCase("ﷺﷻ")]
    [TestCase("𝔘𝔫𝔦𝔠")]
    [TestCase("🤦🏽‍♂️")]
    [TestCase("\u0301\u0327")]
    public void APromptOfNothingElseIsBoundedRight(string piece)
    {
        var text = new StringBuilder().Insert(0, piece, 200).ToString();
        foreach (var isAscii in new[] { true, false })
        {
            var bound = Of($$"""{"messages":[{"role":"user","content":{{TextGen.Json(text, isAscii)}}}]}""").TextAtMost;
            foreach (var tokenizer in All)
                Assert.That(CountChat(tokenizer, ("user", text)), Is.LessThanOrEqualTo(bound - InputBound.ConversationAtMost));
        }
    }

    [Test]
    public void ToolsAreBoundedHoweverTheProviderWritesThem() => TextGen.Tool.Sample(tool =>
    {
        var bound = Of($$"""{"tools":{{TextGen.Json(tool.Json, isAscii: false)}}}""").TextAtMost - InputBound.ToolsAtMost;
        return Array.TrueForAll(All, tokenizer => CountTool(tokenizer, tool) <= bound
            && tokenizer.Count(TextGen.Json(tool.Json, isAscii: false, isIndented: true)) <= bound);
    }, iter: 200);

    [Test]
    public void ASchemaThatIsMostlyIndentWhenWrittenAnewIsBounded()
    {
        object nested = Enumerable.Range(0, 10).ToArray();
        for (var depth = 0; depth < 50; depth++)
            nested = new[] { nested, Array.Empty<int>() };
        var bound = Of($$"""{"response_format":{{TextGen.Json(nested, isAscii: false)}}}""").TextAtMost;
        foreach (var tokenizer in All)
            Assert.That(tokenizer.Count(TextGen.Json(nested, isAscii: false, isIndented: true)), Is.LessThanOrEqualTo(bound));
    }

    [Test]
    public void AHugeToolCountsByItsSize()
    {
        var description = new string('x', 3_000_000);
        var body = """{"messages":[],"tools":[{"type":"function","function":{"name":"f","description":"TEXT"}}]}""";
        var size = Of(body.Replace("TEXT", description));
        Assert.That(size.TextAtMost, Is.GreaterThan(3_000_000 + InputBound.ToolsAtMost));
        Assert.That(size.AtMost("m", 128_000), Is.EqualTo(128_000), "providers refuse more");
    }

    [Test]
    public void TokenNumbersCountOneEach()
    {
        var size = Of("""{"input":[123456,  7, 100257]}""");
        Assert.That(size.TextAtMost - InputBound.PlainAtMost, Is.EqualTo("""{"input":[,  , ]}""".Length));
        Assert.That(Of("""{"prompt":[[1234],[5678]]}""").TextAtMost - InputBound.PlainAtMost, Is.EqualTo("""{"prompt":[[],[]]}""".Length));
        Assert.That(Of("""{"prompt":[1,2,3,4,5,6,7,8,9]}""").TextAtMost, Is.GreaterThanOrEqualTo(9));
        Assert.That(Of("""{"tools":[1234567]}""").TextAtMost, Is.GreaterThan(19), "only where tokens are given");
    }

    [Test]
    public void APredictedOutputCanBeBilledAsOutput()
    {
        Assert.That(ExtraOf("""{"prediction":{"type":"content","content":"TEXT"},"messages":[]}"""), Is.InRange(500, 560));
        Assert.That(ExtraOf("""{"prediction":{"content":[{"type":"text","text":"TEXT"}]}}"""), Is.InRange(500, 560));
        Assert.That(ExtraOf("""{"prediction":null,"x":{"prediction":{"content":"TEXT"}}}"""), Is.Zero);

        static long ExtraOf(string body) => Of(body.Replace("TEXT", new string('x', 500))).ExtraOutputAtMost;
    }

    [Test]
    public void WhatConfigAddsToABodyCountsToo()
    {
        var added = InputBound.OfMembers([new("tools", """[{"type":"function"}]"""), new("web_search_options", "{}")]);
        var body = Of("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":"a"}]}]}""");
        var both = body + added;
        Assert.That((both.Files, both.Images), Is.EqualTo((1, 1)));
        Assert.That(both.TextAtMost, Is.EqualTo(body.TextAtMost + added.TextAtMost)
            .And.GreaterThan(InputBound.ConversationAtMost + InputBound.ToolsAtMost));
    }

    [Test]
    public void WhereTheBodyIsCutDoesNotMatter()
    {
        var text = """
            {"messages":[{"role":"user","content":[{"type":"text","text":"h\u00e9llo"},
            {"t\u0079pe":"image_url","image\u005furl":{"url":"data:image/png;base64,AAAA"}},
            {"type":"input_audio","input_audio":{"data":"DATA","format":"wav"}}]}],"tools":[{"type":"web_search"}],"input":[12,34]}
            """.Replace("DATA", new string('A', 300));
        var bytes = Encoding.UTF8.GetBytes(text);
        var whole = InputBound.Of(new(bytes));
        Assert.That((whole.Images, whole.Files, whole.AudioAtMost), Is.EqualTo((1, 1, 11)));
        for (var cut = 1; cut < bytes.Length - 1; cut++)
            Assert.That(InputBound.Of(Segments.Of(bytes, cut, cut + 1)), Is.EqualTo(whole), $"cut at {cut}");
    }

    [Test]
    public void AnyRequestIsMeasuredWhereverItIsCut() => Gen.Select(JsonGen.Request, Gen.Int[0, 100_000])
        .Sample((json, cut) =>
        {
            var bytes = Encoding.UTF8.GetBytes(json);
            var whole = InputBound.Of(new(bytes));
            return whole == InputBound.Of(Segments.Of(bytes, cut % bytes.Length)) && whole.Estimate == InputEstimate.Of(new(bytes));
        }, iter: 2_000);

    [Test]
    public void NoJsonIsTooOddToBeMeasured()
    {
        var deep = string.Concat(Enumerable.Repeat("""{"content":[""", 60)) + string.Concat(Enumerable.Repeat("]}", 60));
        string[] odd =
        [
            """{"messages":[{"\ud800":1,"role":"\ud800","content":[{"type":"\udfff","\ud83d":{"url":"\ud800"}}]}],"\udc00":[]}""",
            """{"messages":[{"content":[{"image_url":{"url":"\ud800"},"input_audio":"\ud800","type":"\u0000"}]}]}""",
            $$"""{"messages":[{{deep}}]}""", """{"messages":{"content":{"type":"text"}}}""",
            """{"messages":1,"input":null,"tools":"x","prompt":true}""",
            """{"messages":[[[{"content":[[[{"image_url":[[{"url":[]}]]}]]]}]]]}""", "{}", """{"\u006D":"\n","":{"":""}}""",
        ];
        foreach (var body in odd)
            Assert.That(Of(body).TextAtMost, Is.GreaterThanOrEqualTo(body.Length), body);
    }

    private static InputSize Of(string body) => InputBound.Of(new(Encoding.UTF8.GetBytes(body)));
}
