using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>The body that makes a file (a form) or a batch (JSON): what the gateway must know of it, and what leaves.</summary>
public sealed class FileRequest
{
    private const string ProviderField = "custom_llm_provider";
    private const string InputField = "input_file_id";

    /// <summary>A name or an id is no longer.</summary>
    private const int MaxFieldBytes = 256;

    private static readonly byte[] Open = [(byte)'{'], Comma = [(byte)','], Close = [(byte)'}'];

    private FileRequest(SplicedBody body) => Body = body;

    /// <summary>A body of nothing.</summary>
    public static FileRequest Empty { get; } = new(new SplicedBody());

    /// <summary>The provider that the body names. Null: none.</summary>
    public string? Provider { get; private set; }

    /// <summary>The file that a batch is made of. Null: none is named.</summary>
    public string? InputFile { get; private set; }

    /// <summary>The client's bytes without what is the gateway's alone.</summary>
    public SplicedBody Body { get; }

    /// <summary>Reads a form.</summary>
    /// <returns>Null, or why it is refused.</returns>
    public static ApiError? ReadForm(ReadOnlySequence<byte> body, out FileRequest request)
    {
        request = Empty;
        if (!MultipartForm.LooksLikeOne(body))
            return ApiError.InvalidForm("send the fields as multipart/form-data");
        if (MultipartForm.TryRead(body, out var form) is { } wrong)
            return ApiError.InvalidForm(wrong);
        request = new FileRequest(FormComposer.WithoutOwn(form));
        foreach (var part in form.Parts)
        {
            if (part.Name != ProviderField)
            {
                if (IsRefused(MemberNames.KindOf(Encoding.UTF8.GetBytes(part.Name))))
                    return ApiError.ParameterNotAllowed(part.Name);
                continue;
            }
            if (request.Provider is not null || part.IsFile || part.ContentLength is < 1 or > MaxFieldBytes)
                return ApiError.InvalidParameter(ProviderField, "must be there once, as the name of a provider");
            request.Provider = form.TextOf(part);
        }
        return null;
    }

    /// <summary>Reads a JSON object.</summary>
    /// <returns>Null, or why it is refused.</returns>
    public static ApiError? ReadJson(ReadOnlySequence<byte> body, out FileRequest request)
    {
        request = new FileRequest(new SplicedBody());
        var members = new List<JsonMember>();
        if (BodyScanner.TryScan(body, members) is { } malformed)
            return ApiError.InvalidJson(malformed);
        request.Body.Add(Open);
        var isFirst = true;
        foreach (var member in members)
        {
            if (BodyScanner.NameIs(body, member, ProviderField))
            {
                if (request.Provider is not null || TextOf(body, member) is not { } provider)
                    return ApiError.InvalidParameter(ProviderField, "must be there once, as the name of a provider");
                request.Provider = provider;
                continue;
            }
            if (IsRefused(member.Kind))
                return ApiError.ParameterNotAllowed(NameOf(body, member));
            if (BodyScanner.NameIs(body, member, InputField))
            {
                if (request.InputFile is not null || TextOf(body, member) is not { } file)
                    return ApiError.InvalidParameter(InputField, "must be there once, as the id of a file");
                request.InputFile = file;
            }
            if (!BodyComposer.Leaves(member.Kind))
                continue;
            if (!isFirst)
                request.Body.Add(Comma);
            isFirst = false;
            request.Body.Add(body.Slice(member.Start, member.End - member.Start));
        }
        request.Body.Add(Close);
        return null;
    }

    private static bool IsRefused(MemberKind kind) =>
        kind is MemberKind.ApiKey or MemberKind.ApiBase or MemberKind.Forbidden or MemberKind.ExtraBody or MemberKind.WrongCase;

    private static string? TextOf(ReadOnlySequence<byte> body, in JsonMember member)
    {
        var reader = BodyScanner.Reader(body.Slice(member.ValueStart, member.ValueLength));
        try
        {
            return member.ValueLength is > 2 and <= MaxFieldBytes && reader.Read() && reader.TokenType == JsonTokenType.String
                ? reader.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // not Unicode
        }
    }

    /// <summary>Of a member whose name is known.</summary>
    private static string NameOf(ReadOnlySequence<byte> body, in JsonMember member)
    {
        var reader = BodyScanner.Reader(body.Slice(member.Start, member.NameLength + 2));
        reader.Read();
        return reader.GetString()!;
    }
}
