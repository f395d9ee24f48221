using System.Text;
using Gateway.Dialects;

namespace Gateway.Tests.Dialects;

/// <summary>Pictures, recordings and files in a request, and what only looks like them.</summary>
public sealed class InputMediaTests
{
    private static readonly string Base64 = Convert.ToBase64String(new byte[30_000]);

    [TestCase("""{"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"high"}}""")]
    [TestCase("""{"type":"image_url","image_url":"https://example.com/a.png"}""")]
    [TestCase("""{"type":"image_url","image_url":{"url":"data:image/png;base64,MEDIA"}}""")]
    [TestCase("""{"type":"image_url","image_url":"DATA:Image\/PNG;base64,\/MEDIA"}""")]
    [TestCase("""{"type":"image_url","image_url":{"url":"d\u0061ta:im\u0061ge/png;base64,MEDIA"}}""")]
    [TestCase("""{"image\u005furl":{"url":"data:image/png;base64,MEDIA"},"type":"image\u005furl"}""")]
    [TestCase("""{"Type":"IMAGE_URL","Image_Url":{"url":"data:image/png;base64,MEDIA"}}""")]
    [TestCase("""{"type":"input_image","image_url":"data:image/png;base64,MEDIA"}""")]
    [TestCase("""{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"MEDIA"}}""")]
    [TestCase("""{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}""")]
    [TestCase("""{"type":"image","image":"MEDIA"}""")]
    [TestCase("""{"type":"tool_result","content":[{"type":"image","source":{"data":"MEDIA","media_type":"image/jpeg"}}]}""")]
    public void APictureCountsByThePiece(string part)
    {
        var size = InContent(part);
        Assert.That((size.Images, size.AudioAtMost, size.Files), Is.EqualTo((1, 0, 0)));
        Assert.That(size.TextAtMost, Is.LessThan(2_000), "its bytes are no text");
        Assert.That(size.AtMost("gpt-4o", null), Is.EqualTo(size.TextAtMost + 1_445));
        Assert.That(InContent($"{part},{part}").Images, Is.EqualTo(2));
    }

    [TestCase("""{"messages":[{"role":"user","content":[PART]}]}""")]
    [TestCase("""{"messages":[{"role":"user","content":PART}]}""")]
    [TestCase("""{"extra_body":{"messages":[{"role":"user","content":[PART]}]}}""")]
    [TestCase("""{"input":[{"role":"user","content":[PART]}]}""")]
    [TestCase("""{"input":[PART]}""")]
    [TestCase("""{"input":[{"type":"function_call_output","output":[PART]}]}""")]
    [TestCase("""{"system":[PART]}""")]
    [TestCase("""{"Messages":[{"\u0063ontent":[PART]}]}""")]
    public void APictureCountsWhereverAPartMayStand(string body)
    {
        var size = Of(body.Replace("PART", """{"type":"input_image","image_url":"https://example.com/a.png"}"""));
        Assert.That((size.Images, size.Files), Is.EqualTo((1, 0)));
    }

    [Test]
    public void GooglesPartsSayTheirKindInTheMediaType()
    {
        var image = Of(Google("image/png"));
        Assert.That((image.Images, image.AudioAtMost, image.Files), Is.EqualTo((1, 0, 0)));
        var audio = Of(Google("audio/mp3"));
        Assert.That((audio.Images, audio.AudioAtMost, audio.Files), Is.EqualTo((0, 1_281, 0)));
        Assert.That((Of(Google("application/pdf")).Files, Of(Google("video/mp4")).Files), Is.EqualTo((1, 1)));

        static string Google(string type) =>
            """{"contents":[{"parts":[{"inlineData":{"data":"MEDIA","mimeType":"TYPE"}}]}]}""".Replace("TYPE", type);
    }

    [TestCase("""{"type":"input_audio","input_audio":{"data":"MEDIA","format":"mp3"}}""")]
    [TestCase("""{"input_audio":{"format":"wav","data":"\/MEDIA"},"type":"input_audio"}""")]
    public void ARecordingCountsByTheTimeThatItCanLast(string part)
    {
        var size = InContent(part);
        Assert.That(size.AudioAtMost, Is.InRange(1_281, 1_282), "30,000 bytes: 40 s at 6 kbit/s");
        Assert.That((size.Images, size.Files), Is.EqualTo((0, 0)));
        Assert.That(size.TextAtMost, Is.LessThan(2_000));
        Assert.That(size.AtMost("gpt-4o", null), Is.EqualTo(size.TextAtMost + size.AudioAtMost));
    }

    [TestCase("""{"type":"file","file":{"file_data":"data:application/pdf;base64,MEDIA"}}""")]
    [TestCase("""{"type":"file","file":{"file_id":"file-123"}}""")]
    [TestCase("""{"type":"input_file","file_url":"https://example.com/a.pdf"}""")]
    [TestCase("""{"type":"image_url","image_url":{"url":"data:application/pdf;base64,MEDIA"}}""")]
    [TestCase("""{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"MEDIA"}}""")]
    [TestCase("""{"type":"document","source":{"type":"text","media_type":"text/plain","data":"MEDIA"}}""")]
    [TestCase("""{"type":"video_url","video_url":{"url":"https://example.com/a.mp4"}}""")]
    [TestCase("""{"type":"audio_url","audio_url":{"url":"https://example.com/a.mp3"}}""")]
    [TestCase("""{"type":"input_audio","input_audio":{"url":"https://example.com/a.mp3"}}""")]
    [TestCase("""{"type":"image_url","image_url":["https://example.com/1.png","https://example.com/2.png"]}""")]
    [TestCase("""{"type":"input_audio","input_audio":{"data":"MEDIA","format":"mp3","mime_type":"image/png"}}""")]
    [TestCase("""{"type":"image_url","image_url":{"url":"data:image/png;base64,MEDIA","mime_type":"audio/mp3"}}""")]
    [TestCase("""{"inline_data":{"data":"MEDIA","mime_type":"image/png","mimeType":"audio/mp3"}}""")]
    [TestCase("""{"inline_data":{"data":"MEDIA"}}""")]
    [TestCase("""{"type":"some_new_medium","some_new_medium":{"id":"1"}}""")]
    [TestCase("""{"fileData":{"fileUri":"https://youtube.example/watch"}}""")]
    public void WhoseSizeIsNotKnownCountsAsTheContextWindow(string part)
    {
        var size = InContent(part);
        Assert.That(size.Files, Is.GreaterThan(0));
        Assert.That(size.AtMost("gpt-4o", 128_000), Is.EqualTo(128_000));
        Assert.That(size.AtMost("gpt-4o", null), Is.GreaterThan(InputSize.UnknownAtMost));
    }

    [TestCase("\"web_search_options\":{}")]
    [TestCase("\"enable_search\":true")]
    [TestCase("\"chat_template\":\"{% for i in range(100000) %}x{% endfor %}\"")]
    [TestCase("\"mm_processor_kwargs\":{\"max_pixels\":100000000}")]
    [TestCase("\"previous_response_id\":\"resp_1\"")]
    [TestCase("\"conversation\":\"conv_1\"")]
    [TestCase("\"prompt\":{\"id\":\"pmpt_1\"}")]
    [TestCase("\"tools\":[{\"type\":\"web_search_preview\"}]")]
    [TestCase("\"tools\":[{\"t\\u0079pe\":\"file_search\",\"vector_store_ids\":[\"a\"]}]")]
    [TestCase("\"tools\":[{\"google_search\":{}}]")]
    [TestCase("\"extra_body\":{\"google\":{\"cached_content\":\"cachedContents/1\"}}")]
    [TestCase("\"extra_body\":{\"plugins\":[{\"id\":\"web\"}]}")]
    [TestCase("\"messages\":[{\"role\":\"assistant\",\"audio\":{\"id\":\"audio_1\"}}]")]
    public void WhatTheProviderAddsCountsAsTheContextWindow(string member) =>
        Assert.That(Of("{" + member + "}").AtMost("gpt-4o", 128_000), Is.EqualTo(128_000));

    [TestCase("\"web_search_options\":null")]
    [TestCase("\"plugins\":false")]
    [TestCase("\"enable_search\":false")]
    [TestCase("\"prompt\":\"hello\"")]
    [TestCase("\"metadata\":{\"conversation\":\"conv_1\"}")]
    [TestCase("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"google_search\"}},{\"type\":\"custom\",\"name\":\"x\"}]")]
    [TestCase("\"messages\":[{\"role\":\"assistant\",\"audio\":null,\"content\":[{\"type\":\"refusal\",\"refusal\":\"no\"}]}]")]
    public void WhatIsWhollyInTheBodyDoesNot(string member) => Assert.That(Of("{" + member + "}").Files, Is.Zero);

    /// <summary>Who writes text as if it were a picture would pay for a picture only.</summary>
    [TestCase("""{"messages":[{"role":"user","content":"data:image/png;base64,MEDIA"}]}""")]
    [TestCase("""{"messages":[{"role":"user","content":[{"type":"text","text":"data:image/png;base64,MEDIA"}]}]}""")]
    [TestCase("""{"messages":[{"role":"assistant","tool_calls":[{"image_url":{"url":"data:image/png;base64,MEDIA"}}]}]}""")]
    [TestCase("""{"messages":[{"content":[{"type":"tool_use","input":{"image_url":{"url":"data:image/png;base64,MEDIA"}}}]}]}""")]
    [TestCase("""{"tools":[{"type":"function","function":{"image_url":{"url":"data:image/png;base64,MEDIA"}}}]}""")]
    [TestCase("""{"response_format":{"messages":[{"content":[{"image_url":"data:image/png;base64,MEDIA"}]}]}}""")]
    [TestCase("""{"prompt":"data:image/png;base64,MEDIA"}""")]
    [TestCase("""{"input":["data:image/png;base64,MEDIA"]}""")]
    [TestCase("""{"metadata":{"messages":[{"content":[{"image_url":"data:image/png;base64,MEDIA"}]}]}}""")]
    public void WhatOnlyLooksLikeAPictureIsText(string body)
    {
        var size = Of(body);
        Assert.That((size.Images, size.Files), Is.EqualTo((0, 0)));
        Assert.That(size.TextAtMost, Is.GreaterThan(Base64.Length));
    }

    [Test]
    public void WordsInAMediumAreText()
    {
        var words = string.Concat(Enumerable.Repeat("some words, ", 1_000));
        var part = """{"type":"image","source":{"type":"content","content":[{"type":"text","text":"WORDS"}]}}""";
        var size = InContent(part.Replace("WORDS", words));
        Assert.That(size.TextAtMost, Is.GreaterThan(words.Length));
    }

    private static InputSize InContent(string part) => Of($$"""{"messages":[{"role":"user","content":[{{part}}]}]}""");

    private static InputSize Of(string body) => InputBound.Of(new(Encoding.UTF8.GetBytes(body.Replace("MEDIA", Base64))));
}
