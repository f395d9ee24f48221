using System.Buffers;

namespace Gateway.Dialects;

/// <summary>A wire format that clients or providers speak: bytes in, bytes out; it knows nothing of HTTP or of the config.</summary>
public abstract class Dialect
{
    /// <summary>The format's short name, for the ledger.</summary>
    public abstract string Name { get; }

    /// <summary>Which wire format it is.</summary>
    public abstract WireFormat Format { get; }

    /// <summary>
    /// Names of the client's headers that go on to a provider of the same dialect, because the body that passes was written for them.
    /// </summary>
    public virtual IReadOnlyList<string> ForwardedHeaders => [];

    /// <summary>The content type of streams that clients get.</summary>
    public virtual string StreamMediaType => "text/event-stream";

    /// <summary>Reads what the gateway must know of a request body.</summary>
    /// <param name="body">The client's bytes, which stay where they are.</param>
    /// <returns>Null, or why the request is refused (400).</returns>
    public abstract ApiError? Read(ReadOnlySequence<byte> body, out ClientRequest request);

    /// <summary>Composes the body that leaves: the client's bytes with <paramref name="changes"/> made.</summary>
    public abstract SplicedBody Compose(ClientRequest request, RequestChanges changes);

    /// <summary>Finds the model name and the usage in a whole answer.</summary>
    /// <returns>False when the answer is not what this dialect answers with.</returns>
    public abstract bool TryReadAnswer(ReadOnlySpan<byte> answer, out AnswerFacts facts);

    /// <summary>What an answer of a media type is. Null: what was asked for says it, a stream or one JSON object.</summary>
    /// <param name="mediaType">As the provider names it, without parameters. Null: it does not.</param>
    public virtual AnswerForm? FormOf(string? mediaType) => null;

    /// <summary>A translator for one streamed answer.</summary>
    public abstract StreamTranslator Translate(StreamOptions options);

    /// <summary>Writes an error body.</summary>
    public abstract void WriteError(IBufferWriter<byte> output, ApiError error);

    /// <summary>Writes an error as the last event of a stream that has begun.</summary>
    public abstract void WriteErrorEvent(IBufferWriter<byte> output, ApiError error);
}

/// <summary>What changes between the client's body and the one that leaves.</summary>
public sealed record RequestChanges
{
    /// <summary>The model's name at the provider.</summary>
    public required string Model { get; init; }

    /// <summary>True where the URL names the model, and the body must not.</summary>
    public bool OmitsModel { get; init; }

    /// <summary>True to have the provider report the usage of a stream.</summary>
    public bool AskForStreamUsage { get; init; }

    /// <summary>
    /// The most output tokens of one choice that the body that leaves may ask for: a larger limit is lowered to it, and where there is none
    /// it is set. Null: the limit is left as it is.
    /// </summary>
    public long? OutputCap { get; init; }

    /// <summary>
    /// The name under which a limit of output tokens is set where the body has none. Null: none may leave, so none is set.
    /// </summary>
    public string? LimitName { get; init; } = AnswerTerms.MaxTokensName;

    /// <summary>True: a client's limit under the other name leaves under <see cref="LimitName"/>, as the provider passes over the other.</summary>
    public bool RenamesLimit { get; init; }

    /// <summary>Members that do not leave, neither the client's nor a default; the model always does.</summary>
    public IReadOnlyCollection<string> Dropped { get; init; } = [];

    /// <summary>Those of them that the client sent and the provider does not take: the client is told.</summary>
    public IReadOnlyList<string> Lost { get; init; } = [];

    /// <summary>Members sent when the client left them out: name and JSON value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Defaults { get; init; } = [];

    /// <summary>Members sent in place of the client's: name and JSON value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Overrides { get; init; } = [];
}

/// <summary>What the gateway must know of a whole answer.</summary>
/// <param name="ModelStart">Offset of the model's JSON string, with its quotes; -1: the answer names none.</param>
/// <param name="ModelLength">Its length in bytes.</param>
/// <param name="Usage">Null: the provider reported none.</param>
/// <param name="RawUsage">The usage object as it was sent: offset and length.</param>
/// <param name="OutputBytes">Bytes of text in the answer, to estimate by where no usage is reported.</param>
/// <param name="IsError">True when the answer is an error in disguise: a member <c>error</c> and no choices or data.</param>
public readonly record struct AnswerFacts(int ModelStart, int ModelLength, Usage? Usage, Range RawUsage, long OutputBytes, bool IsError)
{
    /// <summary>The usage object as it was sent, where it does not stand in the bytes that the client gets. Null: see <see cref="RawUsage"/>.</summary>
    public string? RawUsageText { get; init; }

    /// <summary>The urgency that the answer says was billed. Null: it says none.</summary>
    public ServiceTier? Service { get; init; }

    /// <summary>What the answer says of its bill beside the tokens. Null: nothing.</summary>
    public ReportedBill? Bill { get; init; }

    /// <summary>The answer's id, where the dialect lets a later request refer to it. Null: it does not, or there is none.</summary>
    public string? Id { get; init; }
}

/// <summary>What an answer says of what is to be paid for it.</summary>
public readonly record struct ReportedUsage(Usage Usage, ServiceTier? Service, ReportedBill? Bill);

/// <summary>How a stream is to be changed on its way.</summary>
/// <param name="Model">The name that the client knows the model by.</param>
/// <param name="HidesUsage">True when the usage chunk was asked for by the gateway alone.</param>
/// <param name="CostOf">When given, the usage chunk carries what this returns as <c>cost</c>.</param>
public sealed record StreamOptions(string Model, bool HidesUsage, Func<ReportedUsage, NanoUsd?>? CostOf)
{
    /// <summary>How many choices were asked for (<c>n</c>): before all of them have finished a stream is not whole.</summary>
    public int Choices { get; init; } = 1;
}
