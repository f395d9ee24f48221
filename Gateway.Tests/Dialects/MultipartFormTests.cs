using System.Buffers;
using System.Text;
using CsCheck;
using Gateway.Dialects;

namespace Gateway.Tests.Dialects;

/// <summary>Where the parts of a form are, and the forms that two readers may read in two ways.</summary>
public sealed class MultipartFormTests
{
    private const string Head = "Content-Disposition: form-data; name=\"model\"";

    private static string? Wrong(string body) => MultipartForm.TryRead(Bytes(body), out _);

    private static ReadOnlySequence<byte> Bytes(string body) => new(Encoding.Latin1.GetBytes(body));

    [Test]
    public void PartsAreFoundWithTheirNamesAndContents()
    {
        var body = Bytes($"--b\r\n{Head}\r\n\r\nm\r\n--b\r\nContent-Type: audio/mpeg\r\ncontent-disposition:form-data; filename=\"a\\b.mp3\"; name=file"
            + "\r\n\r\nx\r\n\r\ny\r\n--b--\r\n");

        Assert.That(MultipartForm.TryRead(body, out var form), Is.Null);
        Assert.That(form.Parts.Select(part => (part.Name, part.IsFile, form.TextOf(part))),
            Is.EqualTo(new[] { ("model", false, "m"), ("file", true, "x\r\n\r\ny") }));
    }

    [TestCase("--b\r\nHEAD\r\n\r\nm\r\n--b--")]
    [TestCase("--b\r\nHEAD\r\nContent-Transfer-Encoding: binary\r\n\r\nm\r\n--b--\r\n\r\n")]
    [TestCase("--b\r\nHEAD\r\n\r\n\r\n--b--\r\n")]
    public void AFormThatIsReadInOneWayIsTaken(string body) => Assert.That(Wrong(body.Replace("HEAD", Head)), Is.Null);

    [TestCase("preamble\r\n--b\r\nHEAD\r\n\r\nm\r\n--b--\r\n", "must begin with a boundary")]
    [TestCase("--\r\nHEAD\r\n\r\nm\r\n--\r\n", "must begin with a boundary")]
    [TestCase("--b\nHEAD\n\nm\n--b--\n", "must begin with a boundary")]
    [TestCase("--b\r\nHEAD\r\n\r\nm\n--b\r\nHEAD\r\n\r\nn\r\n--b--\r\n", "boundary stands somewhere else")]
    [TestCase("--b\r\nHEAD\r\n\r\nm\r\n--bc\r\n\r\n--b--\r\n", "boundary stands somewhere else")]
    [TestCase("--b\r\nHEAD\r\n\r\nm", "has no end")]
    [TestCase("--b\r\nHEAD\r\n\r\nm\r\n--b--\r\n--b\r\nHEAD\r\n\r\nn\r\n--b--", "something follows")]
    [TestCase("--b\r\nHEAD\r\nHEAD\r\n\r\nm\r\n--b--", "two content-disposition")]
    [TestCase("--b\r\nHEAD; name=\"other\"\r\n\r\nm\r\n--b--", "more than a name")]
    [TestCase("--b\r\nHEAD; filename=\"a\\\"; x=\"b\"\r\n\r\nm\r\n--b--", "cannot be read")]
    [TestCase("--b\r\nHEAD\r\n folded\r\n\r\nm\r\n--b--", "header line that is none")]
    [TestCase("--b\r\nHEAD\r\nContent-Transfer-Encoding: base64\r\n\r\nm\r\n--b--", "other than binary")]
    [TestCase("--b\r\n\r\n\r\nm\r\n--b--", "header line that is none")]
    [TestCase("--b\r\nContent-Type: text/plain\r\n\r\nm\r\n--b--", "no content-disposition")]
    [TestCase("--b\r\nContent-Disposition: form-data; name=\"mod%65l\"\r\n\r\nm\r\n--b--", "letters, digits")]
    [TestCase("--b\r\nContent-Disposition: attachment; name=\"model\"\r\n\r\nm\r\n--b--", "not form-data")]
    public void AFormThatMayBeReadInTwoWaysIsRefused(string body, string said) =>
        Assert.That(Wrong(body.Replace("HEAD", Head)), Does.Contain(said));

    [Test]
    public void HeaderLinesAndPartsAreBounded()
    {
        Assert.That(Wrong($"--b\r\n{Head}; filename=\"{new string('a', 5000)}\"\r\n\r\nm\r\n--b--"), Does.Contain("more than 4096 bytes"));
        var parts = string.Concat(Enumerable.Range(0, 129).Select(i => $"--b\r\nContent-Disposition: form-data; name=\"f{i}\"\r\n\r\n\r\n"));
        Assert.That(Wrong($"{parts}--b--"), Does.Contain("more than 128 parts"));
    }

    [Test]
    public void NoBytesMakeItThrow() =>
        Gen.OneOf("--b", "\r\n", "\n", "\r", "--", Head, "; filename=\"", "\"", ":", "name=", "\0", "é", "x").Array[0, 30].Sample(
            pieces => Wrong("--b\r\n" + string.Concat(pieces)) is null or { Length: > 0 }, iter: 3000);

    [Test]
    public void ABodyInManySegmentsIsReadAsOneInOne()
    {
        var text = $"--b\r\n{Head}\r\n\r\nm\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n--x\r\n-\r\n--b--\r\n";
        MultipartForm.TryRead(Bytes(text), out var whole);

        var wrong = MultipartForm.TryRead(Segments(Encoding.Latin1.GetBytes(text)), out var form);

        Assert.That(wrong, Is.Null);
        Assert.That(form.Parts, Is.EqualTo(whole.Parts));
    }

    /// <summary>A segment for each byte.</summary>
    private static ReadOnlySequence<byte> Segments(byte[] bytes)
    {
        var first = new Segment(bytes.AsMemory(0, 1), 0);
        var last = first;
        for (var i = 1; i < bytes.Length; i++)
            last = last.Append(bytes.AsMemory(i, 1));
        return new(first, 0, last, 1);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long at) => (Memory, RunningIndex) = (memory, at);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
