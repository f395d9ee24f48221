using System.Buffers;
using System.Text;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;
using Gateway.Upstream;

namespace Gateway.Tests.Upstream;

public sealed class SplicedContentTests
{
    [TestCase(10)]
    [TestCase(8 * 1024)]
    [TestCase(300_000)]
    public async Task ABodyIsSentWithItsLengthAsOftenAsItIsAskedFor(int size)
    {
        new OpenAiDialect().Read(new(Encoding.UTF8.GetBytes($$"""{"x":"{{new string('a', size)}}","model":"m"}""")), out var request);
        var body = new OpenAiDialect().Compose(request, new RequestChanges { Model = "other" });
        using var content = new SplicedContent(body);
        var expected = body.ToSequence().ToArray();

        Assert.That(content.Headers.ContentType!.ToString(), Is.EqualTo("application/json"));
        Assert.That(content.Headers.ContentLength, Is.EqualTo(expected.Length));
        for (var time = 0; time < 2; time++)
        {
            using var sent = new MemoryStream();
            await content.CopyToAsync(sent);
            Assert.That(sent.ToArray(), Is.EqualTo(expected));
        }
    }
}
