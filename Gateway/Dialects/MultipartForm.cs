using System.Buffers;
using System.Text;

namespace Gateway.Dialects;

/// <summary>
/// Finds the parts of a multipart/form-data body in one pass; their bytes stay where they are. The boundary is taken from the body's first
/// line, and the body leaves under that boundary, so that nobody can read it with another one. It must occur as a delimiter only.
/// </summary>
internal sealed class MultipartForm
{
    /// <summary>The longest boundary that RFC 2046 allows.</summary>
    private const int MaxBoundary = 70;

    /// <summary>Of a part's header lines no more is read; a file name has 255 bytes at most on any file system.</summary>
    private const int MaxHeadBytes = 4096;

    /// <summary>OpenAI takes 16 pictures at most; all fields of a call are fewer than thirty.</summary>
    private const int MaxParts = 128;

    /// <summary>What may follow the last delimiter: a line break, and for some clients another.</summary>
    private const int MaxEndBytes = 16;

    private readonly List<FormPart> _parts = new(8);

    private MultipartForm(ReadOnlySequence<byte> body, string boundary) => (Body, Boundary) = (body, boundary);

    public ReadOnlySequence<byte> Body { get; }

    /// <summary>Without the dashes before it.</summary>
    public string Boundary { get; }

    /// <summary>The parts in their order.</summary>
    public IReadOnlyList<FormPart> Parts => _parts;

    /// <summary>Offset of the last delimiter.</summary>
    public long End { get; private set; }

    /// <summary>True when a body can be no JSON but a form.</summary>
    public static bool LooksLikeOne(ReadOnlySequence<byte> body) => !body.IsEmpty && body.FirstSpan is [(byte)'-', ..];

    /// <summary>Reads a body.</summary>
    /// <returns>Null, or what is wrong, for people; never quotes the body.</returns>
    public static string? TryRead(ReadOnlySequence<byte> body, out MultipartForm form)
    {
        form = null!;
        if (BoundaryOf(body) is not { } boundary)
            return "the body must begin with a boundary of 1 to 70 letters, digits or '()+_,-./:=?";
        form = new MultipartForm(body, boundary);
        return form.ReadParts();
    }

    /// <summary>The text of a field.</summary>
    public string TextOf(in FormPart part) => Encoding.UTF8.GetString(Body.Slice(part.ContentStart, part.ContentLength));

    private static string? BoundaryOf(ReadOnlySequence<byte> body)
    {
        Span<byte> start = stackalloc byte[(int)Math.Min(body.Length, MaxBoundary + 4)];
        body.Slice(0, start.Length).CopyTo(start);
        var end = start.IndexOf("\r\n"u8);
        if (!start.StartsWith("--"u8) || end is < 3 or > MaxBoundary + 2)
            return null;
        var boundary = Encoding.Latin1.GetString(start[2..end]);
        return boundary.All(static c => char.IsAsciiLetterOrDigit(c) || "'()+_,-./:=?".Contains(c)) ? boundary : null;
    }

    private string? ReadParts()
    {
        var delimiter = Encoding.ASCII.GetBytes("--" + Boundary);
        var reader = new SequenceReader<byte>(Body);
        reader.Advance(delimiter.Length);
        while (true)
        {
            var start = reader.Consumed - delimiter.Length;
            if (reader.IsNext("--"u8, advancePast: true))
            {
                End = start;
                return IsBlank(reader.UnreadSequence) ? null : "something follows the last delimiter";
            }
            if (_parts.Count == MaxParts)
                return $"it has more than {MaxParts} parts";
            if (ReadPart(ref reader, start, delimiter) is { } wrong)
                return wrong;
        }
    }

    private string? ReadPart(ref SequenceReader<byte> reader, long start, ReadOnlySpan<byte> delimiter)
    {
        if (!reader.IsNext("\r\n"u8))
            return "the boundary stands somewhere else than on a line of its own";
        Span<byte> head = stackalloc byte[(int)Math.Min(reader.Remaining, MaxHeadBytes)];
        reader.UnreadSequence.Slice(0, head.Length).CopyTo(head);
        var length = head.IndexOf("\r\n\r\n"u8);
        if (length < 0)
            return $"the header lines of a part have no end, or more than {MaxHeadBytes} bytes";
        var lines = new FormPartHead();
        if (lines.Read(length < 2 ? default : head[2..length]) is { } wrong)
            return wrong;
        reader.Advance(length + 4);
        var content = reader.Consumed;
        if (!reader.TryReadTo(out ReadOnlySequence<byte> _, delimiter))
            return "the last part has no end";
        var end = reader.Consumed - delimiter.Length;
        if (end - 2 < content || !IsLineBreak(Body.Slice(end - 2, 2)))
            return "the boundary stands somewhere else than on a line of its own";
        _parts.Add(new(lines.Name!, lines.IsFile, start, content, end));
        return null;
    }

    private static bool IsLineBreak(ReadOnlySequence<byte> bytes)
    {
        Span<byte> two = stackalloc byte[2];
        bytes.CopyTo(two);
        return two.SequenceEqual("\r\n"u8);
    }

    private static bool IsBlank(ReadOnlySequence<byte> rest)
    {
        if (rest.Length > MaxEndBytes)
            return false;
        Span<byte> bytes = stackalloc byte[(int)rest.Length];
        rest.CopyTo(bytes);
        return !bytes.ContainsAnyExcept("\r\n"u8);
    }
}
