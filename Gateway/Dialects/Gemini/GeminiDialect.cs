using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Google's wire format where client and provider both speak it: bytes pass. The model and whether the answer streams stand in the path,
/// which whoever reads it must put into the request.
/// </summary>
/// <param name="isJsonArray">True where a stream is one JSON array instead of server-sent events (a client without <c>alt=sse</c>).</param>
public sealed class GeminiDialect(bool isJsonArray = false) : Dialect
{
    public override string StreamMediaType => isJsonArray ? "application/json" : "text/event-stream";

    public override string Name => "gemini";

    public override WireFormat Format => WireFormat.Gemini;

    public override ApiError? Read(ReadOnlySequence<byte> body, out ClientRequest request)
    {
        var members = new List<JsonMember>(8);
        request = new ClientRequest(body, members);
        if (BodyScanner.TryScan(body, members) is { } malformed)
            return ApiError.InvalidJson(malformed);
        try
        {
            var terms = new GeminiTerms();
            foreach (var member in members)
            {
                if (terms.Read(body, member) is { } wrong)
                    return wrong;
            }
            request.Terms = terms.Terms;
        }
        catch (InvalidOperationException)
        {
            // What .NET's reader throws for half of a surrogate pair, and for bytes that are not UTF-8.
            return ApiError.InvalidJson("a text that the gateway reads is not valid Unicode");
        }
        request.MaxTokens = request.Terms.RealLimit;
        return null;
    }

    public override SplicedBody Compose(ClientRequest request, RequestChanges changes) => new GeminiComposer(request, changes).Compose();

    public override bool TryReadAnswer(ReadOnlySpan<byte> answer, out AnswerFacts facts)
    {
        facts = default;
        var skipped = answer.StartsWith(OpenAi.OpenAiAnswer.ByteOrderMark) ? OpenAi.OpenAiAnswer.ByteOrderMark.Length : 0;
        if (!GeminiChunk.TryRead(answer[skipped..], out var chunk))
            return false;
        facts = new(
            -1, // the model's version stays what Google says: its clients know the model by the path
            0,
            chunk.Usage,
            chunk.Usage is null ? default : (chunk.RawUsage.Start.Value + skipped)..(chunk.RawUsage.End.Value + skipped),
            chunk.TextBytes,
            chunk.HasError && !chunk.HasCandidates)
        {
            Service = chunk.Service,
            Bill = chunk.Searches > 0 ? new ReportedBill { Searches = chunk.Searches } : null,
        };
        return true;
    }

    public override StreamTranslator Translate(StreamOptions options) => new GeminiStream(options, isJsonArray);

    public override void WriteError(IBufferWriter<byte> output, ApiError error) => GeminiError.Write(output, error);

    /// <summary>An array has begun with what came before: the error is its last item.</summary>
    public override void WriteErrorEvent(IBufferWriter<byte> output, ApiError error)
    {
        output.Write(isJsonArray ? ",\r\n"u8 : "data: "u8);
        WriteError(output, error);
        output.Write(isJsonArray ? "]"u8 : "\r\n\r\n"u8);
    }

    /// <summary>Writes the answer of <c>countTokens</c> for a body: an estimate, as no model is asked.</summary>
    public static void WriteCount(IBufferWriter<byte> output, ReadOnlySequence<byte> body)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber("totalTokens"u8, InputEstimate.Of(body));
        json.WriteEndObject();
    }
}
