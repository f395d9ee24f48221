using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Gateway.Dialects;

/// <summary>Finds the members of a JSON object in one pass, without building a model of it.</summary>
internal static class BodyScanner
{
    /// <summary>Deeper JSON is refused. Real requests (tool schemas within messages) stay under 40.</summary>
    public const int MaxDepth = 128;

    /// <summary>More top-level members are refused: no API has a tenth of this.</summary>
    public const int MaxMembers = 512;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>A reader over a whole JSON text, with the gateway's bounds.</summary>
    public static Utf8JsonReader Reader(ReadOnlySequence<byte> json) =>
        json.IsSingleSegment ? new(json.FirstSpan, Options) : new(json, Options);

    /// <summary>Lists the members of the object that <paramref name="json"/> is.</summary>
    /// <returns>Null, or what is wrong, for people.</returns>
    public static string? TryScan(ReadOnlySequence<byte> json, List<JsonMember> members)
    {
        try
        {
            return Scan(json, members);
        }
        catch (InvalidOperationException)
        {
            // What .NET's reader throws for half of a surrogate pair, and for bytes that are not UTF-8.
            return "a member's name is not valid Unicode";
        }
        catch (JsonException e)
        {
            // Its own message, not the exception's: that one quotes the body.
            return $"the body is not valid JSON near line {e.LineNumber + 1}, byte {e.BytePositionInLine}, "
                + $"or nests deeper than {MaxDepth} levels";
        }
    }

    private static string? Scan(ReadOnlySequence<byte> json, List<JsonMember> members)
    {
        var reader = Reader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return "the body must be a JSON object";
        Span<byte> unescaped = stackalloc byte[MemberNames.MaxLength * 6]; // \uXXXX: six bytes for one
        var seen = 0UL;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (members.Count == MaxMembers)
                return $"the body has more than {MaxMembers} members";
            var start = (int)reader.TokenStartIndex;
            var nameLength = (int)(reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length);
            var escaped = reader.ValueIsEscaped;
            var kind = KindOf(ref reader, nameLength, unescaped);
            if (kind == MemberKind.WrongCase)
                return "the members that the gateway reads (model, stream, max_tokens …) must be written in lower case";
            if (IsRead(kind) && (seen & (1UL << (int)kind)) != 0)
                return $"the member '{NameOf(kind)}' is given more than once (base_url and api_base count as one)";
            seen |= 1UL << (int)kind;
            reader.Read();
            var valueStart = (int)reader.TokenStartIndex;
            reader.Skip();
            members.Add(new(kind, start, nameLength, escaped, valueStart, (int)reader.BytesConsumed));
        }
        reader.Read(); // throws where anything but white space follows
        return null;
    }

    private static MemberKind KindOf(ref Utf8JsonReader reader, int nameLength, scoped Span<byte> unescaped)
    {
        if (nameLength > unescaped.Length)
        {
            reader.GetString(); // throws where it is not Unicode
            return MemberKind.Other;
        }
        if (!reader.ValueIsEscaped && !reader.HasValueSequence)
            return Utf8.IsValid(reader.ValueSpan) ? MemberNames.KindOf(reader.ValueSpan) : throw new InvalidOperationException();
        return MemberNames.KindOf(unescaped[..reader.CopyString(unescaped)]);
    }

    /// <summary>True when the member's unescaped name is <paramref name="name"/>.</summary>
    public static bool NameIs(ReadOnlySequence<byte> json, in JsonMember member, ReadOnlySpan<byte> name)
    {
        if (!member.NameIsEscaped && member.NameLength != name.Length)
            return false;
        var reader = Reader(json.Slice(member.Start, member.NameLength + 2));
        return reader.Read() && reader.ValueTextEquals(name);
    }

    /// <summary>True when the member's unescaped name is <paramref name="name"/>.</summary>
    public static bool NameIs(ReadOnlySequence<byte> json, in JsonMember member, string name)
    {
        if (!member.NameIsEscaped && member.NameLength != Encoding.UTF8.GetByteCount(name))
            return false;
        return NameIs(json, member, Encoding.UTF8.GetBytes(name));
    }

    /// <summary>Kinds whose meaning would depend on who reads a repeated member: the first or the last.</summary>
    private static bool IsRead(MemberKind kind) => kind is not (MemberKind.Other or MemberKind.GatewayOnly or MemberKind.Forbidden);

    private static string NameOf(MemberKind kind) => kind switch
    {
        MemberKind.Model => "model",
        MemberKind.Stream => "stream",
        MemberKind.StreamOptions => "stream_options",
        MemberKind.MaxTokens => "max_tokens",
        MemberKind.MaxCompletionTokens => "max_completion_tokens",
        MemberKind.MaxOutputTokens => "max_output_tokens",
        MemberKind.User => "user",
        MemberKind.Choices => "n",
        MemberKind.BestOf => "best_of",
        MemberKind.ServiceTier => "service_tier",
        MemberKind.Modalities => "modalities",
        MemberKind.Prompt => "prompt",
        MemberKind.ExtraBody => "extra_body",
        MemberKind.ApiKey => "api_key",
        MemberKind.ApiBase => "api_base",
        _ => RoutingParamReader.NameOf(kind),
    };
}
