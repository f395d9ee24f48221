namespace Gateway.Limits;

/// <summary>
/// The most that a request can cost, as a function of how many output tokens it may have: what is fixed, and what each token adds at
/// the dearest deployment that it can reach. All arithmetic is in 128 bits; costs are rounded up, tokens that money buys down.
/// </summary>
public readonly record struct CostBound
{
    /// <summary>One million: rates are per million tokens.</summary>
    private const long PerMillion = 1_000_000;

    /// <summary>What is paid whatever the answer is: the bound of the input, fees per request or image.</summary>
    public NanoUsd FixedCost { get; init; }

    /// <summary>Nano-USD per million output tokens, the dearest of all buckets that the request can trigger.</summary>
    public long OutputRate { get; init; }

    /// <summary>An upper bound of the input's tokens.</summary>
    public long InputTokens { get; init; }

    /// <summary>Output tokens of each choice. 0: the request has no output, or none that can be counted.</summary>
    public long OutputCap { get; init; }

    /// <summary><c>n</c> or <c>best_of</c>: how many answers are paid for. 0 counts as 1.</summary>
    public long Choices { get; init; }

    private long Answers => Math.Max(1, Choices);

    /// <summary>What it costs at most with this output cap. More than <see cref="NanoUsd"/> holds is the most that it holds.</summary>
    public NanoUsd CostOf(long cap)
    {
        if (OutputRate <= 0 || cap <= 0)
            return FixedCost;
        var perToken = (UInt128)OutputRate * (UInt128)Answers;
        if (perToken > UInt128.MaxValue / 2 / (UInt128)cap)
            return new NanoUsd(long.MaxValue);
        var output = (perToken * (UInt128)cap + (PerMillion - 1)) / PerMillion;
        return new NanoUsd((long)UInt128.Min(output + (UInt128)FixedCost.Value, long.MaxValue));
    }

    /// <summary>Input and output tokens with this output cap.</summary>
    public long TokensOf(long cap) => (long)Int128.Min((Int128)InputTokens + (Int128)cap * Answers, long.MaxValue);

    /// <summary>The greatest output cap, up to <see cref="OutputCap"/>, whose cost fits. -1: not even without output.</summary>
    public long CapWithin(Int128 money)
    {
        var left = money - FixedCost.Value;
        if (left < 0)
            return -1;
        if (OutputRate <= 0)
            return OutputCap;
        // ⌈tokens × price⌉ fits into whole nano-dollars exactly when tokens × price does.
        return (long)Int128.Min(left * PerMillion / ((Int128)OutputRate * Answers), OutputCap);
    }

    /// <summary>The greatest output cap, up to <see cref="OutputCap"/>, whose tokens fit. -1: not even the input.</summary>
    public long CapWithinTokens(Int128 tokens)
    {
        var left = tokens - InputTokens;
        return left < 0 ? -1 : (long)Int128.Min(left / Answers, OutputCap);
    }
}
