using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>OpenAI's wire format for chat completions, legacy completions and embeddings, on either side.</summary>
public sealed class OpenAiDialect : Dialect
{
    /// <summary>Quotes and letters as they are: the content type says that it is JSON, not a page.</summary>
    private static readonly JsonWriterOptions ReadableText = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override string Name => "openai";
    public override WireFormat Format => WireFormat.OpenAi;

    public override ApiError? Read(ReadOnlySequence<byte> body, out ClientRequest request) => Read(body, null, out request);

    /// <summary>Reads a body of a dialect that has most of its members in common with this one.</summary>
    /// <param name="meaning">What members mean there. Null: what they mean here.</param>
    internal static ApiError? Read(ReadOnlySequence<byte> body, Func<MemberKind, MemberKind>? meaning, out ClientRequest request)
    {
        var members = new List<JsonMember>(16);
        request = new ClientRequest(body, members);
        if (BodyScanner.TryScan(body, members) is { } malformed)
            return ApiError.InvalidJson(malformed);
        try
        {
            foreach (ref var member in CollectionsMarshal.AsSpan(members))
            {
                if (meaning is not null)
                    member = member with { Kind = meaning(member.Kind) };
                if (member.Kind > MemberKind.Other && ReadMember(request, member) is { } error)
                    return error;
            }
        }
        catch (InvalidOperationException)
        {
            // What .NET's reader throws for half of a surrogate pair, and for bytes that are not UTF-8.
            return ApiError.InvalidJson("a text that the gateway reads is not valid Unicode");
        }
        request.MaxTokens = request.Terms.RealLimit;
        return null;
    }

    private static ApiError? ReadMember(ClientRequest request, in JsonMember member)
    {
        if (CommonMembers.TryRead(request, member, out var error))
            return error;
        var reader = BodyScanner.Reader(request.ValueOf(member));
        reader.Read();
        var type = reader.TokenType;
        switch (member.Kind)
        {
            case MemberKind.StreamOptions:
                if (type != JsonTokenType.StartObject)
                    return ApiError.InvalidParameter("stream_options", "must be an object");
                return ReadStreamOptions(request, ref reader);
            case MemberKind.User:
                request.User = type == JsonTokenType.String ? RecordedText.Shorten(reader.GetString()!) : null;
                return null;
            case MemberKind.ExtraBody:
                return type == JsonTokenType.StartObject
                    ? ReadExtraBody(request, member)
                    : ApiError.InvalidParameter("extra_body", "must be an object");
            case MemberKind.Metadata:
                return RoutingParamReader.Read(request, member);
            default:
                return null;
        }
    }

    private static ApiError? ReadStreamOptions(ClientRequest request, ref Utf8JsonReader reader)
    {
        var seen = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var asks = reader.ValueTextEquals("include_usage"u8);
            if (asks && seen)
                return ApiError.InvalidParameter("stream_options", "gives include_usage more than once");
            seen |= asks;
            reader.Read();
            if (asks)
                request.IncludesUsage = reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }
        return null;
    }

    /// <summary>What is merged into the body must not be able to say again what was checked.</summary>
    private static ApiError? ReadExtraBody(ClientRequest request, in JsonMember member)
    {
        var inner = new List<JsonMember>();
        var json = request.ValueOf(member);
        if (BodyScanner.TryScan(json, inner) is { } malformed)
            return ApiError.InvalidJson(malformed);
        var taken = request.Members.Select(top => CommonMembers.NameOf(request.Body, top)).ToHashSet();
        foreach (var extra in inner)
        {
            var name = CommonMembers.NameOf(json, extra);
            var isTerm = AnswerTerms.IsTerm(extra.Kind);
            if ((extra.Kind is not (MemberKind.Other or MemberKind.Metadata) && !isTerm) || !taken.Add(name))
                return ApiError.InvalidParameter(
                    "extra_body", $"must not hold '{RecordedText.Shorten(name)}': send it at the top level, once");
            if (isTerm && CommonMembers.ReadTerm(request, json, extra) is { } wrong)
                return wrong;
        }
        return null;
    }

    public override SplicedBody Compose(ClientRequest request, RequestChanges changes) => new BodyComposer(request).Compose(changes);

    public override bool TryReadAnswer(ReadOnlySpan<byte> answer, out AnswerFacts facts) => OpenAiAnswer.TryRead(answer, out facts);

    public override StreamTranslator Translate(StreamOptions options) => new OpenAiStream(options);

    public override void WriteError(IBufferWriter<byte> output, ApiError error)
    {
        using var writer = new Utf8JsonWriter(output, ReadableText);
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("message", error.Message);
        writer.WriteString("type", error.Type);
        writer.WriteString("param", error.Param);
        writer.WriteString("code", error.Code ?? error.Status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public override void WriteErrorEvent(IBufferWriter<byte> output, ApiError error)
    {
        output.Write("data: "u8);
        WriteError(output, error);
        output.Write("\n\n"u8);
    }
}
