using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects.Anthropic;

/// <summary>Anthropic's wire format for messages where both sides speak it: the bytes pass.</summary>
public sealed class AnthropicDialect : Dialect
{
    public override string Name => "anthropic";
    public override WireFormat Format => WireFormat.Anthropic;
    public override IReadOnlyList<string> ForwardedHeaders => AnthropicHeaders.Forwarded;

    public override ApiError? Read(ReadOnlySequence<byte> body, out ClientRequest request)
    {
        var members = new List<JsonMember>(16);
        request = new ClientRequest(body, members);
        if (BodyScanner.TryScan(body, members) is { } malformed)
            return ApiError.InvalidJson(malformed);
        try
        {
            foreach (var member in members)
            {
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
        switch (member.Kind)
        {
            case MemberKind.Metadata:
                // LiteLLM's tags may be in it beside Anthropic's user_id.
                request.User = ReadUser(ref reader) ?? request.User;
                return RoutingParamReader.Read(request, member);
            case MemberKind.ExtraBody:
                return ApiError.InvalidParameter("extra_body", "is no parameter of this API: send what it holds at the top level");
            default:
                return null;
        }
    }

    private static string? ReadUser(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUser = reader.ValueTextEquals("user_id"u8);
            reader.Read();
            if (isUser && reader.TokenType == JsonTokenType.String)
                return RecordedText.Shorten(reader.GetString()!);
            reader.Skip();
        }
        return null;
    }

    public override SplicedBody Compose(ClientRequest request, RequestChanges changes) => new BodyComposer(request).Compose(changes);

    public override bool TryReadAnswer(ReadOnlySpan<byte> answer, out AnswerFacts facts)
    {
        facts = default;
        var mark = OpenAi.OpenAiAnswer.ByteOrderMark;
        var skipped = answer.StartsWith(mark) ? mark.Length : 0;
        var usage = new AnthropicUsage();
        if (!AnthropicChunk.TryRead(answer[skipped..], ref usage, out var chunk))
            return false;
        var isCounted = chunk.HasUsage && usage.IsAny;
        facts = new(
            chunk.ModelStart < 0 ? -1 : chunk.ModelStart + skipped,
            chunk.ModelLength,
            isCounted ? usage.ToUsage() : null,
            isCounted ? (chunk.RawUsage.Start.Value + skipped)..(chunk.RawUsage.End.Value + skipped) : default,
            chunk.TextBytes,
            chunk.HasError && !chunk.HasContent && !isCounted)
        {
            Service = usage.Service,
            Bill = usage.Bill,
        };
        return true;
    }

    public override StreamTranslator Translate(StreamOptions options) => new AnthropicStream(options);

    public override void WriteError(IBufferWriter<byte> output, ApiError error) => AnthropicErrors.Write(output, error);

    public override void WriteErrorEvent(IBufferWriter<byte> output, ApiError error) => AnthropicErrors.WriteEvent(output, error);
}
