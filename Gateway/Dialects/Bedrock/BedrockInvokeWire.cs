namespace Gateway.Dialects.Bedrock;

/// <summary>Claude by Bedrock's InvokeModel for a client of Anthropic's: bytes pass, but streams come in AWS's frames.</summary>
public sealed class BedrockInvokeWire(Dialect dialect) : Wire
{
    private static readonly string[] Frames = ["application/vnd.amazon.eventstream"];

    public override WireFormat Format => dialect.Format;
    public override IReadOnlyList<string> StreamMediaTypes => Frames;

    public override bool TryReadAnswer(ReadOnlyMemory<byte> answer, out AnswerFacts facts, out ReadOnlyMemory<byte> translated)
    {
        translated = default;
        return dialect.TryReadAnswer(answer.Span, out facts);
    }

    public override StreamTranslator Translate(StreamOptions options) => new BedrockInvokeTranslator(dialect.Translate(options));
}
