using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>
/// The paths of OpenAI's API that need no understanding: JSON and forms go through as bytes, the model put in its place; of the answers
/// only the bill is read.
/// </summary>
public sealed class PassThroughDialect(Operation operation) : Dialect
{
    private static readonly OpenAiDialect Json = new();

    public override string Name => "openai";
    public override WireFormat Format => WireFormat.OpenAi;

    /// <summary>True where an answer is passed on as it comes, whatever it is: what a file holds.</summary>
    public bool IsContent { get; init; }

    public override ApiError? Read(ReadOnlySequence<byte> body, out ClientRequest request)
    {
        if (operation.TakesForm())
            return FormReader.Read(body, operation, out request);
        if (Json.Read(body, out request) is { } wrong)
            return wrong;
        request.IsStream = false; // how the answer comes is seen when it comes
        foreach (var member in request.Members)
        {
            if (member.Kind == MemberKind.ExtraBody)
                return ApiError.InvalidParameter("extra_body", "is not taken here: send its members at the top level");
        }
        return operation switch
        {
            Operation.Speech => ReadSpeech(request),
            Operation.Rerank => ReadRerank(request),
            _ => null,
        };
    }

    private static ApiError? ReadSpeech(ClientRequest request)
    {
        if (FindOnce(request, "input", out var input) is { } wrong)
            return wrong;
        var reader = BodyScanner.Reader(input);
        try
        {
            if (!input.IsEmpty && reader.Read() && reader.TokenType == JsonTokenType.String)
                request.Units = new BilledUnits { Characters = reader.GetString()!.Length };
            return null;
        }
        catch (InvalidOperationException)
        {
            return ApiError.InvalidJson("a text that the gateway reads is not valid Unicode");
        }
    }

    private static ApiError? ReadRerank(ClientRequest request)
    {
        if ((FindOnce(request, "documents", out var documents) ?? FindOnce(request, "query", out _)) is { } wrong)
            return wrong;
        FindOnce(request, "query", out var query);
        (request.Units, request.Size) = RerankSize.Of(documents, query, request.Body.Length);
        return null;
    }

    /// <summary>A member that is billed must not be there twice: one party reads the first, the other the last.</summary>
    private static ApiError? FindOnce(ClientRequest request, string name, out ReadOnlySequence<byte> value)
    {
        value = default;
        var isFound = false;
        foreach (var member in request.Members)
        {
            if (!request.NameIs(member, name))
                continue;
            if (isFound)
                return ApiError.InvalidParameter(name, "is given more than once");
            isFound = true;
            value = request.ValueOf(member);
        }
        return null;
    }

    public override SplicedBody Compose(ClientRequest request, RequestChanges changes) =>
        request.Form is { } form ? FormComposer.Compose(form, changes) : Json.Compose(request, changes);

    public override AnswerForm? FormOf(string? mediaType) => mediaType switch
    {
        _ when IsContent => AnswerForm.Bytes,
        null => AnswerForm.Bytes,
        _ when mediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase) => AnswerForm.Events,
        _ when mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) => AnswerForm.Json,
        _ => AnswerForm.Bytes,
    };

    public override bool TryReadAnswer(ReadOnlySpan<byte> answer, out AnswerFacts facts) =>
        PassThroughAnswer.TryRead(answer, operation, out facts, out _);

    public override StreamTranslator Translate(StreamOptions options) => new PassThroughStream(operation);

    public override void WriteError(IBufferWriter<byte> output, ApiError error) => Json.WriteError(output, error);

    public override void WriteErrorEvent(IBufferWriter<byte> output, ApiError error) => Json.WriteErrorEvent(output, error);
}
