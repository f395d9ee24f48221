using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>Reads the members of a body that mean the same in every dialect that writes them.</summary>
internal static class CommonMembers
{
    /// <summary>Reads a member if it is one of these.</summary>
    /// <param name="error">Why the request is refused (400). Null: it is not.</param>
    /// <returns>False: what it means is for the dialect to say.</returns>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode.</exception>
    public static bool TryRead(ClientRequest request, in JsonMember member, out ApiError? error)
    {
        error = null;
        if (member.Kind is MemberKind.MaxTokens or MemberKind.MaxCompletionTokens || AnswerTerms.IsTerm(member.Kind))
        {
            error = ReadTerm(request, request.Body, member);
            return true;
        }
        var reader = BodyScanner.Reader(request.ValueOf(member));
        reader.Read();
        var type = reader.TokenType;
        if (type == JsonTokenType.Null)
            return true;
        switch (member.Kind)
        {
            case MemberKind.Model:
                request.Model = TextOf(ref reader, "model", out error);
                return true;
            case MemberKind.Stream:
                if (type is not (JsonTokenType.True or JsonTokenType.False))
                    error = ApiError.InvalidParameter("stream", "must be true or false");
                request.IsStream = type == JsonTokenType.True;
                return true;
            case MemberKind.ApiKey:
                request.ApiKey = TextOf(ref reader, "api_key", out error);
                return true;
            case MemberKind.ApiBase:
                request.ApiBase = TextOf(ref reader, "api_base", out error);
                return true;
            case MemberKind.Forbidden:
                error = ApiError.ParameterNotAllowed(NameOf(request.Body, member));
                return true;
            case >= MemberKind.Timeout and not MemberKind.Metadata:
                error = RoutingParamReader.Read(request, member);
                return true;
            default:
                return false;
        }
    }

    /// <summary>What the cost of the answer depends on; a null counts too, as it keeps a default away.</summary>
    /// <param name="json">The object that the member is in: the body, or its extra_body.</param>
    public static ApiError? ReadTerm(ClientRequest request, ReadOnlySequence<byte> json, in JsonMember member)
    {
        var reader = BodyScanner.Reader(json.Slice(member.ValueStart, member.ValueLength));
        reader.Read();
        var wrong = request.Terms.With(member.Kind, ref reader, out var terms);
        request.Terms = terms;
        return wrong is null ? null : ApiError.InvalidParameter(NameOf(json, member), wrong);
    }

    /// <summary>A member's unescaped name.</summary>
    public static string NameOf(ReadOnlySequence<byte> json, in JsonMember member)
    {
        var reader = BodyScanner.Reader(json.Slice(member.Start, member.NameLength + 2));
        reader.Read();
        return reader.GetString()!;
    }

    private static string? TextOf(ref Utf8JsonReader reader, string name, out ApiError? error)
    {
        error = reader.TokenType == JsonTokenType.String ? null : ApiError.InvalidParameter(name, "must be a string");
        return error is null ? reader.GetString() : null;
    }
}
