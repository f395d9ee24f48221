using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>Says about how many tokens a request has: its bytes, less those of images, audio and files, which count by the piece.</summary>
public static class InputEstimate
{
    /// <summary>Bytes of English text per token, as OpenAI's documentation puts it.</summary>
    private const int BytesPerToken = 4;

    /// <summary>
    /// What a picture, a recording or a file counts. By the providers' guides to vision a picture in full detail is 765 to 1,105 tokens
    /// at OpenAI, up to about 1,600 at Anthropic, 258 a tile at Gemini; other kinds are too different for one number to be better.
    /// </summary>
    public const int TokensPerMedium = 1_000;

    /// <summary>In a smaller body not even a picture of this size counts for more than four; it is not worth a look.</summary>
    internal const int LeastBody = 16 * 1024;

    /// <summary>Shorter strings count as text: they weigh less than <see cref="TokensPerMedium"/> does.</summary>
    private const int LeastMedium = 1024;

    /// <summary>No media type with its parameters is longer: <c>data:image/png;base64,</c>.</summary>
    private const int MostMediaType = 128;

    /// <summary>So many bytes tell base64 from text, which has a space or a line's end among them.</summary>
    private const int Sample = 64;

    /// <summary>The backslash is no part of base64: there are encoders of JSON that write <c>\/</c>.</summary>
    private static readonly SearchValues<byte> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\\"u8);

    /// <summary>The estimate for some bytes of text.</summary>
    public static long TokensOf(long bytes) => (bytes + BytesPerToken - 1) / BytesPerToken;

    /// <summary>The estimate for a body, which is valid JSON.</summary>
    public static long Of(ReadOnlySequence<byte> body) => body.Length < LeastBody ? TokensOf(body.Length) : InputBound.Of(body).Estimate;

    /// <summary>Members that hold base64 without a <c>data:</c> before it: of audio, of files, of pictures.</summary>
    internal static bool HoldsBareBase64(ref Utf8JsonReader reader) =>
        !reader.ValueIsEscaped // nobody escapes these names, and half a surrogate pair would throw
        && (reader.ValueTextEquals("data"u8) || reader.ValueTextEquals("file_data"u8) || reader.ValueTextEquals("b64_json"u8));

    /// <summary>True for a string that counts by the piece.</summary>
    internal static bool IsMedium(ref Utf8JsonReader reader, bool isBare, out long length)
    {
        length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (length <= LeastMedium)
            return false;
        Span<byte> copy = stackalloc byte[MostMediaType];
        var start = reader.HasValueSequence ? copy : reader.ValueSpan[..MostMediaType];
        if (reader.HasValueSequence)
            reader.ValueSequence.Slice(0, MostMediaType).CopyTo(copy);
        return IsDataUrl(start) || (isBare && !start[..Sample].ContainsAnyExcept(Base64));
    }

    /// <summary>True for a long enough string that begins as base64 does.</summary>
    internal static bool IsBase64(ref Utf8JsonReader reader)
    {
        Span<byte> copy = stackalloc byte[Sample];
        if (!reader.HasValueSequence)
            return reader.ValueSpan.Length >= Sample && !reader.ValueSpan[..Sample].ContainsAnyExcept(Base64);
        if (reader.ValueSequence.Length < Sample)
            return false;
        reader.ValueSequence.Slice(0, Sample).CopyTo(copy);
        return !copy.ContainsAnyExcept(Base64);
    }

    /// <summary>A text may begin with the same letters: a stream's events do.</summary>
    private static bool IsDataUrl(ReadOnlySpan<byte> start) =>
        Ascii.EqualsIgnoreCase(start[..5], "data:"u8) && start.IndexOf(";base64,"u8) >= 0;
}
