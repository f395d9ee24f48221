using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.Dialects.OpenAi;

/// <summary>Reads what the gateway must know of a form: its model, and what bounds the bill.</summary>
internal static class FormReader
{
    /// <summary>A field that the gateway reads is no longer than this.</summary>
    private const int MaxFieldBytes = 1024;

    /// <summary>As <see cref="InputScan"/>: no codec that is taken has fewer bytes in a second, none of the models more tokens.</summary>
    private const double LeastBytesPerSecond = 750, TokensPerSecond = 32;

    /// <summary>Reads a form.</summary>
    /// <returns>Null, or why it is refused.</returns>
    public static ApiError? Read(ReadOnlySequence<byte> body, Operation operation, out ClientRequest request)
    {
        request = new ClientRequest(body, []);
        if (!MultipartForm.LooksLikeOne(body))
            return ApiError.InvalidForm("send the fields as multipart/form-data");
        if (MultipartForm.TryRead(body, out var form) is { } wrong)
            return ApiError.InvalidForm(wrong);
        request = new ClientRequest(body, []) { Form = form };
        var (text, files, media) = (0L, 0, 0L);
        var seen = 0UL;
        foreach (var part in form.Parts)
        {
            if (ReadField(request, form, part, ref seen) is { } refused)
                return refused;
            files += part.IsFile ? 1 : 0;
            if (part.IsFile)
                media += part.ContentLength;
            else
                text += part.ContentLength;
        }
        var size = new InputSize { TextAtMost = text + InputBound.PlainAtMost };
        if (operation.TakesAudio())
        {
            // A recording that is sent as a plain field counts too.
            var seconds = (media + text) / LeastBytesPerSecond;
            request.Units = new BilledUnits { AudioMs = (long)Math.Ceiling(seconds * 1000) };
            size = size with { AudioAtMost = (long)Math.Ceiling(seconds * TokensPerSecond) + 1 };
        }
        else
        {
            size = size with { Images = files };
        }
        request.Size = size with { Estimate = InputEstimate.TokensOf(text) + files * InputEstimate.TokensPerMedium };
        return null;
    }

    private static ApiError? ReadField(ClientRequest request, MultipartForm form, in FormPart part, ref ulong seen)
    {
        var bracket = part.Name.IndexOf('[');
        var kind = MemberNames.KindOf(Encoding.UTF8.GetBytes(bracket < 0 ? part.Name : part.Name[..bracket]));
        if (kind is MemberKind.Other or MemberKind.Metadata or MemberKind.GatewayOnly or MemberKind.Prompt)
            return null;
        if (bracket >= 0 || kind == MemberKind.WrongCase)
        {
            return ApiError.InvalidForm(
                "the fields that the gateway reads (model, user, n …) must be written in lower case, without brackets");
        }
        if (kind is MemberKind.ApiKey or MemberKind.ApiBase or MemberKind.Forbidden or MemberKind.ExtraBody)
            return ApiError.ParameterNotAllowed(part.Name);
        if ((seen & (1UL << (int)kind)) != 0 || part.IsFile || part.ContentLength > MaxFieldBytes)
            return ApiError.InvalidForm($"the field '{part.Name}' must be there once, as a text of at most {MaxFieldBytes} bytes");
        seen |= 1UL << (int)kind;
        var text = form.TextOf(part);
        switch (kind)
        {
            case MemberKind.Model:
                request.Model = text;
                return null;
            case MemberKind.User:
                request.User = text.Length == 0 ? null : RecordedText.Shorten(text);
                return null;
            case MemberKind.Choices:
                if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1)
                    return ApiError.InvalidParameter("n", "must be a whole number of at least 1");
                request.Terms = request.Terms with { Choices = count };
                return null;
            case >= MemberKind.Timeout:
                return ApiError.InvalidParameter(part.Name, "cannot be a field of a form; send it as a header x-litellm-…");
            default:
                return null;
        }
    }
}
