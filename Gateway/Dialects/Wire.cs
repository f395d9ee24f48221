using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects;

/// <summary>How the answer of one call comes back to the client: as it is, or translated.</summary>
public abstract class Wire
{
    /// <summary>What the provider speaks.</summary>
    public abstract WireFormat Format { get; }

    /// <summary>The media types that a stream of the provider's may come with.</summary>
    public abstract IReadOnlyList<string> StreamMediaTypes { get; }

    /// <summary>What an answer of a media type is, as <see cref="Dialect.FormOf"/>.</summary>
    public virtual AnswerForm? FormOf(string? mediaType) => null;

    /// <summary>Reads a whole answer.</summary>
    /// <param name="translated">What the client gets. Empty: the answer as it came.</param>
    /// <returns>False when it is not what the provider's dialect answers with.</returns>
    public abstract bool TryReadAnswer(ReadOnlyMemory<byte> answer, out AnswerFacts facts, out ReadOnlyMemory<byte> translated);

    /// <summary>A translator for one streamed answer.</summary>
    public abstract StreamTranslator Translate(StreamOptions options);
}

/// <summary>Client and provider speak the same: bytes pass.</summary>
public sealed class PassThroughWire(Dialect dialect) : Wire
{
    private static readonly string[] Events = ["text/event-stream"];

    public override WireFormat Format => dialect.Format;
    public override IReadOnlyList<string> StreamMediaTypes => Events;
    public override AnswerForm? FormOf(string? mediaType) => dialect.FormOf(mediaType);

    public override bool TryReadAnswer(ReadOnlyMemory<byte> answer, out AnswerFacts facts, out ReadOnlyMemory<byte> translated)
    {
        translated = default;
        return dialect.TryReadAnswer(answer.Span, out facts);
    }

    public override StreamTranslator Translate(StreamOptions options) => dialect.Translate(options);
}

/// <summary>Client and provider speak differently: all goes through the hub.</summary>
/// <param name="keep">Gets the parts of a complete answer. Null: nobody keeps them.</param>
public sealed class HubWire(HubClient client, HubProvider provider, HubShown shown, Action<IReadOnlyList<HubPart>>? keep = null) : Wire
{
    public override WireFormat Format => provider.Format;
    public override IReadOnlyList<string> StreamMediaTypes => provider.StreamMediaTypes;

    public override bool TryReadAnswer(ReadOnlyMemory<byte> answer, out AnswerFacts facts, out ReadOnlyMemory<byte> translated)
    {
        translated = default;
        if (provider.ReadAnswer(answer) is not { } read)
        {
            var isError = provider.IsError(answer.Span);
            facts = new AnswerFacts(-1, 0, null, default, 0, isError);
            return isError;
        }
        facts = new AnswerFacts(-1, 0, read.Usage, default, OutputBytes(read), false)
        {
            RawUsageText = read.RawUsage,
            Service = read.Service,
            Bill = read.Bill,
        };
        var output = new ArrayBufferWriter<byte>(answer.Length + 512);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            client.WriteAnswer(read, shown, json);
        translated = output.WrittenMemory;
        keep?.Invoke(read.Choices.Count > 0 ? read.Choices[0].Parts : []);
        return true;
    }

    public override StreamTranslator Translate(StreamOptions options) => new HubTranslator(
        provider.OpenStream(),
        client.OpenStream(shown with { IncludesUsage = !options.HidesUsage, CostOf = options.CostOf }),
        options.Choices, keep);

    private static long OutputBytes(HubAnswer answer) => answer.Choices.SelectMany(static choice => choice.Parts).Sum(static part => part switch
    {
        HubText text => System.Text.Encoding.UTF8.GetByteCount(text.Text),
        HubThinking thought => System.Text.Encoding.UTF8.GetByteCount(thought.Text),
        HubRefusal refusal => System.Text.Encoding.UTF8.GetByteCount(refusal.Text),
        HubToolCall call => System.Text.Encoding.UTF8.GetByteCount(call.Arguments) + call.Name.Length,
        _ => 0L,
    });
}

/// <summary>Embeddings of a provider that does not speak OpenAI's wire format.</summary>
public sealed class EmbeddingWire(EmbeddingProvider provider, EmbeddingRequest request, HubTarget target, string shownModel) : Wire
{
    public override WireFormat Format => provider.Format;
    public override IReadOnlyList<string> StreamMediaTypes => [];

    public override bool TryReadAnswer(ReadOnlyMemory<byte> answer, out AnswerFacts facts, out ReadOnlyMemory<byte> translated)
    {
        translated = default;
        if (provider.ReadAnswer(answer, target) is not { } read)
        {
            var isError = HubJson.HasMember(answer.Span, "error"u8);
            facts = new AnswerFacts(-1, 0, null, default, 0, isError);
            return isError;
        }
        facts = new AnswerFacts(-1, 0, read.Usage, default, 0, false) { RawUsageText = read.RawUsage };
        var output = new ArrayBufferWriter<byte>(answer.Length + 256);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            OpenAiEmbeddings.WriteAnswer(read, shownModel, request.IsBase64, json);
        translated = output.WrittenMemory;
        return true;
    }

    public override StreamTranslator Translate(StreamOptions options) => throw new NotSupportedException("Embeddings are not streamed.");
}
