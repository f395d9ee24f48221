using System.Text;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Finds how many tokens an answer took: the provider's figures, else an estimate that is marked as one.</summary>
internal static class AnswerUsage
{
    /// <summary>Bytes of English text per token, as OpenAI's documentation puts it.</summary>
    private const int BytesPerToken = 4;

    public static void Read(AttemptRun run, UpstreamAnswer answer, Attempt attempt)
    {
        if (answer is WholeAnswer whole)
        {
            attempt.RawUsage = whole.Facts.Usage is null ? null : Encoding.UTF8.GetString(whole.Bytes[whole.Facts.RawUsage]);
            Set(run, attempt, whole.Facts.Usage, whole.Facts.OutputBytes);
        }
        else if (answer is StreamedAnswer { Translator: var translator })
        {
            attempt.RawUsage = translator.RawUsage;
            Set(run, attempt, translator.Usage, translator.OutputBytes);
        }
    }

    private static void Set(AttemptRun run, Attempt attempt, Usage? reported, long outputBytes)
    {
        attempt.IsEstimated = reported is null;
        attempt.Usage = reported ?? new Usage { Input = Tokens(run.Request.Body.Length), Output = Tokens(outputBytes) };
    }

    private static long Tokens(long bytes) => (bytes + BytesPerToken - 1) / BytesPerToken;
}
