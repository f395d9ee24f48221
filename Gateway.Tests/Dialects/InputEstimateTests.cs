using System.Text;
using Gateway.Dialects;

namespace Gateway.Tests.Dialects;

/// <summary>About how many tokens a request has.</summary>
public sealed class InputEstimateTests
{
    private static readonly string Text = string.Concat(Enumerable.Repeat("some words. ", 3_000));
    private static readonly string Media = Convert.ToBase64String(new byte[30_000]);

    private static string Body(string part) => """{"model":"m","messages":[{"role":"user","content":["TEXT",PART]}]}"""
        .Replace("PART", part).Replace("TEXT", Text);

    [Test]
    public void TextCountsByItsBytes()
    {
        Assert.That(Of("""{"model":"a"}"""), Is.EqualTo(4));
        Assert.That(Of(Body("1")), Is.EqualTo((Body("1").Length + 3) / 4));
    }

    [TestCase("""{"type":"image_url","image_url":{"url":"data:image/png;base64,MEDIA"}}""")]
    [TestCase("""{"type":"image_url","image_url":"DATA:image\/png;base64,\/MEDIA"}""")]
    [TestCase("""{"type":"input_audio","input_audio":{"data":"MEDIA","format":"wav"}}""")]
    [TestCase("""{"type":"input_audio","input_audio":{"data":"\/MEDIA","format":"wav"}}""")]
    [TestCase("""{"type":"file","file":{"file_data":"MEDIA"}}""")]
    [TestCase("""{"b64_json":"MEDIA"}""")]
    public void AMediumCountsAsOneWhateverItsSize(string part)
    {
        var without = Body(part.Replace("MEDIA", ""));
        Assert.That(Of(Body(part.Replace("MEDIA", Media))), Is.EqualTo(Of(without) + InputEstimate.TokensPerMedium).Within(16));
        Assert.That(
            Of(Body($"{part},{part}".Replace("MEDIA", Media))), Is.EqualTo(Of(without) + 2 * InputEstimate.TokensPerMedium).Within(64));
    }

    [TestCase("\"data: WORDS\"")]
    [TestCase("\"data:text/plain,WORDS\"")]
    [TestCase("\"MEDIA\"")]
    [TestCase("""{"data":"WORDS"}""")]
    [TestCase("""{"data":["MEDIA"]}""")]
    [TestCase("""{"data":1,"text":"MEDIA"}""")]
    [TestCase("""{"text":"MEDIA"}""")]
    public void AnythingElseIsText(string part)
    {
        var body = Body(part.Replace("WORDS", Text).Replace("MEDIA", Media));
        Assert.That(Of(body), Is.EqualTo((body.Length + 3) / 4));
    }

    [Test]
    public void AShortMediumAndASmallBodyAreCountedAsTheyAre()
    {
        var small = """{"data":"MEDIA"}""".Replace("MEDIA", new string('A', 10_000));
        var icon = Body("""{"data":"MEDIA"}""".Replace("MEDIA", new string('A', 1_000)));
        Assert.That((Of(small), Of(icon)), Is.EqualTo(((small.Length + 3) / 4, (icon.Length + 3) / 4)));
    }

    [Test]
    public void WhereTheBodyIsCutDoesNotMatter()
    {
        var bytes = Encoding.UTF8.GetBytes(Body("""{"url":"data:image/png;base64,MEDIA"},{"data":"MEDIA"}""".Replace("MEDIA", Media)));
        var whole = InputEstimate.Of(new(bytes));
        var start = Encoding.UTF8.GetString(bytes).IndexOf("{\"url", StringComparison.Ordinal);
        for (var cut = start; cut < start + 200; cut++)
            Assert.That(InputEstimate.Of(Segments.Of(bytes, cut, cut + 1, bytes.Length - 70)), Is.EqualTo(whole));
    }

    private static long Of(string body) => InputEstimate.Of(new(Encoding.UTF8.GetBytes(body)));
}
