using Gateway.Dialects;
using Gateway.Pricing;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Finds how many tokens an answer took: the provider's figures, else an estimate that is marked as one.</summary>
internal static class AnswerUsage
{
    public static void Read(AttemptRun run, UpstreamAnswer answer, Attempt attempt)
    {
        attempt.Remaining = answer.Remaining;
        if (answer is WholeAnswer whole)
        {
            attempt.RawUsage = whole.Facts.Usage is null ? null : StreamTranslator.KeepRawUsage(whole.Bytes[whole.Facts.RawUsage]);
            Set(run, attempt, whole.Facts.Usage, whole.Facts.OutputBytes);
        }
        else if (answer is StreamedAnswer { Translator: var translator })
        {
            attempt.RawUsage = translator.RawUsage;
            Set(run, attempt, translator.Usage, translator.OutputBytes);
        }
    }

    /// <summary>For a request that was sent and whose answer nobody waited for.</summary>
    /// <param name="outputAtMost">What a whole answer can have written; of a stream nothing was seen, and counts.</param>
    public static void EstimateUnseen(AttemptRun run, Attempt attempt, long outputAtMost)
    {
        attempt.IsEstimated = true;
        attempt.Usage = new Usage { Input = run.Exchange.InputTokens, Output = run.Request.IsStream ? 0 : outputAtMost };
    }

    /// <summary>Books what the attempt's tokens cost; an estimate is never more than the bound.</summary>
    /// <param name="price">Null: unknown, and nothing is booked.</param>
    public static void Charge(Attempt attempt, ModelPrice? price)
    {
        if (price is null)
            return;
        var duration = attempt.Latency;
        attempt.PriceId = price.Id;
        attempt.CostLines = usage => LinesOf(price, usage, duration);
        attempt.Cost = price.CostOf(attempt.Usage, attempt.Latency);
        if (attempt.IsEstimated && attempt.Cost > attempt.Bound)
            attempt.Cost = attempt.Bound;
    }

    /// <summary>The lines that a cost adds up from.</summary>
    public static IEnumerable<CostLine> LinesOf(ModelPrice price, Usage usage, TimeSpan duration) =>
        price.LinesOf(usage, duration).Select(line => new CostLine(line.Name, line.Count, (decimal)line.Rate / NanoUsd.PerUsd, line.Usd));

    private static void Set(AttemptRun run, Attempt attempt, Usage? reported, long outputBytes)
    {
        attempt.IsEstimated = reported is null;
        if (reported is null)
            run.Exchange.Note("The provider reported no usage: the tokens are estimated from the bytes that passed.");
        attempt.Usage = reported ?? new Usage { Input = run.Exchange.InputTokens, Output = InputEstimate.TokensOf(outputBytes) };
    }
}
