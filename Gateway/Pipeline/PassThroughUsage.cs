using Gateway.Dialects;
using Gateway.Pricing;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>
/// Finds what an answer that was passed through is billed at: the provider's figures, else what the request says itself, else, marked as an
/// estimate, the most that it can be.
/// </summary>
internal static class PassThroughUsage
{
    /// <summary>
    /// An estimate where a speech comes as sound alone: 1,250 tokens a minute (<see cref="PassThroughBound"/>), ten characters a second.
    /// </summary>
    private const long TokensPerCharacter = 2;

    private const long AudioTokensPerSecond = 32;

    public static void Read(AttemptRun run, UpstreamAnswer answer, Attempt attempt, UpstreamCall call)
    {
        attempt.Remaining = answer.Remaining;
        var (usage, bill, outputBytes) = Reported(answer, attempt);
        var said = bill?.Units ?? default;
        var most = UnitsAtMost(run, call);
        var units = new BilledUnits
        {
            Images = said.Images > 0 ? said.Images : most.Images,
            Characters = most.Characters,
            AudioMs = said.AudioMs > 0 ? said.AudioMs : most.AudioMs,
            SearchUnits = said.SearchUnits > 0 ? said.SearchUnits : most.SearchUnits,
        };
        attempt.Bill = new ReportedBill { Units = units };
        var rates = call.Price?.Units ?? default;
        var countsTokens = call.Price is { } price && !PassThroughBound.IsByPiece([price]);
        attempt.Usage = usage is { Total: > 0 } reported ? reported : Estimate(run, call, units, outputBytes, countsTokens);
        attempt.IsEstimated = (usage is not { Total: > 0 } && countsTokens)
            || (rates.AudioSecond > 0 && said.AudioMs == 0 && most.AudioMs > 0)
            || (rates.SearchUnit > 0 && said.SearchUnits == 0 && most.SearchUnits > 0);
        if (attempt.IsEstimated)
            run.Exchange.Note("The provider did not say all that it bills: what is missing is estimated.");
    }

    /// <summary>For a request that was sent and whose answer nobody waited for: all that it can have been.</summary>
    public static void SetUnseen(AttemptRun run, Attempt attempt, UpstreamCall call) =>
        attempt.Bill = new ReportedBill { Units = UnitsAtMost(run, call) };

    private static BilledUnits UnitsAtMost(AttemptRun run, UpstreamCall call) => PassThroughBound.UnitsOf(
        run.Request, call.Operation, AnswerChoices.TermsOf(run.Request, call.Operation, call.Deployment));

    private static (Usage? Usage, ReportedBill? Bill, long OutputBytes) Reported(UpstreamAnswer answer, Attempt attempt)
    {
        switch (answer)
        {
            case WholeAnswer { Facts: var facts } whole:
                attempt.RawUsage = facts.Usage is null ? null : StreamTranslator.KeepRawUsage(whole.Bytes[facts.RawUsage]);
                return (facts.Usage, facts.Bill, facts.OutputBytes);
            case StreamedAnswer { Translator: var translator }:
                attempt.RawUsage = translator.RawUsage;
                return (translator.Usage, translator.Bill, translator.OutputBytes);
            case RelayedAnswer relayed:
                return (null, null, relayed.Relayed);
            default:
                return default;
        }
    }

    private static Usage Estimate(AttemptRun run, UpstreamCall call, in BilledUnits units, long outputBytes, bool countsTokens)
    {
        var usage = new Usage { Input = run.Exchange.InputTokens };
        return !countsTokens ? usage : call.Operation switch
        {
            _ when call.Operation.DrawsImages() => usage with { OutputImage = units.Images * ImageOutput.AtMost(call.Model) },
            Operation.Speech => usage with { OutputAudio = units.Characters * TokensPerCharacter },
            _ when call.Operation.TakesAudio() => usage with
            {
                Input = InputEstimate.TokensOf(run.Request.Size.TextAtMost),
                InputAudio = units.AudioMs / 1000 * AudioTokensPerSecond,
                Output = InputEstimate.TokensOf(outputBytes),
            },
            _ => usage,
        };
    }
}
