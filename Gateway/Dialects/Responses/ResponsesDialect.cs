using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Responses;

/// <summary>OpenAI's wire format for responses, where client and provider both speak it.</summary>
public sealed class ResponsesDialect : Dialect
{
    private const string Reasoning = "reasoning";

    /// <summary>Errors before an answer begins have the form that chats have.</summary>
    private static readonly OpenAiDialect Chat = new();

    public override string Name => "responses";

    public override WireFormat Format => WireFormat.Responses;

    public override ApiError? Read(ReadOnlySequence<byte> body, out ClientRequest request)
    {
        if (OpenAiDialect.Read(body, MeaningOf, out request) is { } refusal)
            return refusal;
        request.PreviousResponseId = request.Find("previous_response_id") is { } previous ? TextOf(request.ValueOf(previous)) : null;
        if (request.Find("conversation") is { } conversation && !IsNull(request.ValueOf(conversation)))
            return NoConversation;
        return request.Find("background") is { } background && IsTrue(request.ValueOf(background)) ? NoBackground : null;
    }

    /// <summary>
    /// An answer in the background has no usage when it begins, and would have to be asked for later: what it costs would not be known.
    /// </summary>
    internal static ApiError NoBackground => ApiError.InvalidParameter(
        "background", "must be false: the gateway gives answers while the client waits for them; use stream for long ones");

    /// <summary>No conversation is made through the gateway, so none that a client names is its own.</summary>
    private static ApiError NoConversation => ApiError.InvalidParameter(
        "conversation", "is not kept by the gateway: send previous_response_id, or the conversation itself as input");

    /// <summary>A limit has one name here, and what chats call n, prompt and so on is nothing, or something else.</summary>
    private static MemberKind MeaningOf(MemberKind kind) => kind switch
    {
        MemberKind.MaxOutputTokens => MemberKind.MaxTokens,
        MemberKind.MaxTokens or MemberKind.MaxCompletionTokens or MemberKind.Choices or MemberKind.BestOf or MemberKind.Prompt
            or MemberKind.Modalities => MemberKind.Other,
        _ => kind,
    };

    private static bool IsNull(in ReadOnlySequence<byte> json) => json.Length == 4 && json.FirstSpan[0] == (byte)'n';

    private static bool IsTrue(in ReadOnlySequence<byte> json) => json.Length == 4 && json.ToArray().AsSpan().SequenceEqual("true"u8);

    private static string? TextOf(in ReadOnlySequence<byte> json)
    {
        var reader = BodyScanner.Reader(json);
        return reader.Read() && reader.TokenType == JsonTokenType.String ? RecordedText.Shorten(reader.GetString()!) : null;
    }

    public override SplicedBody Compose(ClientRequest request, RequestChanges changes)
    {
        string[] limits = [AnswerTerms.MaxTokensName, AnswerTerms.MaxCompletionTokensName];
        return new BodyComposer(request).Compose(changes with
        {
            AskForStreamUsage = false, // every stream tells its usage
            RenamesLimit = false,
            LimitName = changes.LimitName is null ? null : AnswerTerms.MaxOutputTokensName,
            Dropped = changes.Dropped.Any(limits.Contains) ? [.. changes.Dropped, AnswerTerms.MaxOutputTokensName] : changes.Dropped,
            Defaults = [.. Renamed(changes.Defaults)],
            Overrides = [.. Renamed(changes.Overrides)],
        });
    }

    /// <summary>A config speaks of chats: the same settings have other names here. The first of two that mean the same counts.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Renamed(IReadOnlyList<KeyValuePair<string, string>> settings) => settings
        .Select(static setting => setting.Key switch
        {
            AnswerTerms.MaxTokensName or AnswerTerms.MaxCompletionTokensName => new(AnswerTerms.MaxOutputTokensName, setting.Value),
            "reasoning_effort" => new(Reasoning, $$"""{"effort":{{setting.Value}}}"""),
            _ => setting,
        })
        .DistinctBy(static setting => setting.Key);

    public override bool TryReadAnswer(ReadOnlySpan<byte> answer, out AnswerFacts facts) => ResponsesAnswer.TryRead(answer, out facts);

    public override StreamTranslator Translate(StreamOptions options) => new ResponsesStream(options);

    public override void WriteError(IBufferWriter<byte> output, ApiError error) => Chat.WriteError(output, error);

    /// <summary>
    /// Two events: SDKs look for <c>error</c>, codex for <c>response.failed</c>. Neither can have a number: who writes them does not know
    /// how many events went before.
    /// </summary>
    public override void WriteErrorEvent(IBufferWriter<byte> output, ApiError error)
    {
        var code = CodeOf(error);
        WriteEvent(output, "error"u8, json =>
        {
            json.WriteString("type"u8, "error"u8);
            json.WriteString("code"u8, code);
            json.WriteString("message"u8, error.Message);
            json.WriteString("param"u8, error.Param);
        });
        WriteEvent(output, "response.failed"u8, json =>
        {
            json.WriteString("type"u8, "response.failed"u8);
            json.WriteStartObject("response"u8);
            json.WriteString("object"u8, "response"u8);
            json.WriteString("status"u8, "failed"u8);
            json.WriteStartObject("error"u8);
            json.WriteString("code"u8, code);
            json.WriteString("message"u8, error.Message);
            json.WriteEndObject();
            json.WriteStartArray("output"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary>OpenAI's codes of failed answers (<c>ResponseError.code</c> in its SDKs).</summary>
    private static string CodeOf(ApiError error) => error.Code ?? error.Status switch
    {
        429 => "rate_limit_exceeded",
        < 500 => "invalid_prompt",
        _ => "server_error",
    };

    private static void WriteEvent(IBufferWriter<byte> output, ReadOnlySpan<byte> name, Action<Utf8JsonWriter> write)
    {
        output.Write("event: "u8);
        output.Write(name);
        output.Write("\ndata: "u8);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        output.Write("\n\n"u8);
    }
}
