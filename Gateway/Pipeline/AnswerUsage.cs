using Gateway.Dialects;
using Gateway.Pricing;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Finds how many tokens an answer took: the provider's figures, else an estimate that is marked as one.</summary>
internal static class AnswerUsage
{
    public static void Read(AttemptRun run, UpstreamAnswer answer, Attempt attempt, UpstreamCall call)
    {
        if (call.Operation.IsPassedThrough())
        {
            PassThroughUsage.Read(run, answer, attempt, call);
            return;
        }
        attempt.Remaining = answer.Remaining;
        if (answer is WholeAnswer { Facts: var facts } whole)
        {
            attempt.RawUsage = whole.RawUsage;
            (attempt.Service, attempt.Bill) = (facts.Service, facts.Bill);
            Set(run, attempt, facts.Usage, facts.OutputBytes);
        }
        else if (answer is StreamedAnswer { Translator: var translator })
        {
            attempt.RawUsage = translator.RawUsage;
            (attempt.Service, attempt.Bill) = (translator.Service, translator.Bill);
            Set(run, attempt, translator.Usage, translator.OutputBytes);
        }
    }

    /// <summary>
    /// For a request that was sent and whose answer nobody waited for: a whole answer can have written all that it was allowed, of a stream
    /// nothing was seen, and counts.
    /// </summary>
    public static void EstimateUnseen(AttemptRun run, Attempt attempt)
    {
        attempt.IsEstimated = true;
        attempt.Usage = new Usage { Input = run.Exchange.InputTokens, Output = run.Request.IsStream ? 0 : attempt.OutputAtMost };
    }

    /// <summary>
    /// Books what the attempt costs; an estimate is never more than the bound. Where nobody knows the price, nothing is booked.
    /// </summary>
    public static void Charge(Attempt attempt, UpstreamCall call)
    {
        var price = call.AnswerPrice ?? new AnswerPrice { Model = attempt.Model, Price = call.Price };
        // Where a recording is sent, seconds are the recording's.
        var (service, bill, duration) = (attempt.Service, attempt.Bill, call.Operation.TakesAudio() ? TimeSpan.Zero : attempt.Latency);
        if (price.CostOf(attempt.Usage, service, bill, duration) is not { } cost)
            return;
        attempt.PriceId = price.IdOf(bill);
        attempt.Rates = usage => price.RatesOf(usage, service, bill, duration);
        attempt.CostLines = usage => Shown(price.LinesOf(usage, service, bill, duration));
        attempt.Cost = cost;
        if (attempt.IsEstimated && attempt.Cost > attempt.Bound && price.ReportedCost(bill) is null)
            attempt.Cost = attempt.Bound;
    }

    /// <summary>Lines as decisions show them.</summary>
    public static IEnumerable<CostLine> Shown(IEnumerable<PriceLine>? lines) =>
        (lines ?? []).Select(line => new CostLine(line.Name, line.Count, (decimal)line.Rate / NanoUsd.PerUsd, line.Usd));

    /// <summary>
    /// Takes the provider's figures; where there are none, or they say that a prompt or a text that passed took no token at all, what is
    /// missing is estimated: nothing is billed as zero in silence.
    /// </summary>
    private static void Set(AttemptRun run, Attempt attempt, Usage? reported, long outputBytes)
    {
        var usage = reported ?? default;
        var hasPrompt = usage.Prompt > 0;
        var hasOutput = usage.Completion > 0 || outputBytes == 0;
        attempt.IsEstimated = !hasPrompt || !hasOutput;
        attempt.Usage = usage;
        if (!attempt.IsEstimated)
            return;
        run.Exchange.Note(reported is null
            ? "The provider reported no usage: the tokens are estimated from the bytes that passed."
            : "The provider reported no tokens for what passed: they are estimated from the bytes.");
        attempt.Usage = usage with
        {
            Input = hasPrompt ? usage.Input : run.Exchange.InputTokens,
            Output = hasOutput ? usage.Output : InputEstimate.TokensOf(outputBytes),
        };
    }
}
