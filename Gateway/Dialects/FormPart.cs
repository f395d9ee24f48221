namespace Gateway.Dialects;

/// <summary>One part of a multipart form: where it stands in the bytes.</summary>
/// <param name="Name">The field's name.</param>
/// <param name="IsFile">True when it has a file name.</param>
/// <param name="Start">Offset of the delimiter before it.</param>
/// <param name="ContentStart">Offset of the content's first byte.</param>
/// <param name="End">Offset of the delimiter behind it; the line break before that is no content.</param>
internal readonly record struct FormPart(string Name, bool IsFile, long Start, long ContentStart, long End)
{
    /// <summary>Bytes of the content.</summary>
    public long ContentLength => End - 2 - ContentStart;
}
