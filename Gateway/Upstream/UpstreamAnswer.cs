using System.Buffers;
using Gateway.Dialects;

namespace Gateway.Upstream;

/// <summary>What an attempt gave: a whole answer, a stream that has begun, or a failure.</summary>
public abstract class UpstreamAnswer : IDisposable
{
    /// <summary>What the provider said is left of its rate limits.</summary>
    public RemainingQuota Remaining { get; internal set; }

    public abstract void Dispose();
}

/// <summary>An attempt that gave nothing to pass on.</summary>
public sealed class FailedAnswer(UpstreamFailure failure) : UpstreamAnswer
{
    public UpstreamFailure Failure => failure;

    public override void Dispose()
    {
    }
}

/// <summary>A whole answer in a pooled buffer.</summary>
public sealed class WholeAnswer : UpstreamAnswer
{
    private readonly BufferBudget _budget;
    private readonly long _taken;
    private byte[]? _buffer;

    /// <summary>What the client gets in place of the provider's bytes. Empty: those.</summary>
    private readonly ReadOnlyMemory<byte> _translated;

    /// <param name="translated">The answer in the client's dialect. Empty: it is the provider's.</param>
    internal WholeAnswer(byte[] buffer, int length, BufferBudget budget, long taken, AnswerFacts facts, ReadOnlyMemory<byte> translated = default)
    {
        _buffer = buffer;
        Length = length;
        _budget = budget;
        _taken = taken;
        Facts = facts;
        _translated = translated;
    }

    public AnswerFacts Facts { get; }

    /// <summary>Length as the provider sent it.</summary>
    public int Length { get; }

    /// <summary>The provider's bytes; valid until disposal.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, Length);

    /// <summary>The usage object as the provider sent it. Null: none, or too large to keep.</summary>
    public string? RawUsage =>
        Facts.Usage is null ? null : Facts.RawUsageText ?? (_translated.IsEmpty ? StreamTranslator.KeepRawUsage(Bytes[Facts.RawUsage]) : null);

    /// <summary>Writes the answer under the name by which the client knows the model.</summary>
    /// <param name="model">The name as a JSON string, with quotes.</param>
    public void WriteTo(IBufferWriter<byte> output, ReadOnlySpan<byte> model)
    {
        if (!_translated.IsEmpty)
        {
            output.Write(_translated.Span);
            return;
        }
        if (Facts.ModelStart < 0)
        {
            output.Write(Bytes);
            return;
        }
        output.Write(Bytes[..Facts.ModelStart]);
        output.Write(model);
        output.Write(Bytes[(Facts.ModelStart + Facts.ModelLength)..]);
    }

    /// <summary>Bytes that <see cref="WriteTo"/> writes.</summary>
    public int LengthWith(int modelLength) =>
        !_translated.IsEmpty ? _translated.Length : Facts.ModelStart < 0 ? Length : Length - Facts.ModelLength + modelLength;

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is not { } buffer)
            return;
        ArrayPool<byte>.Shared.Return(buffer);
        _budget.GiveBack(_taken);
    }
}
