namespace Gateway.Routing;

/// <summary>Draws by lot, in proportion to the configured weights.</summary>
/// <remarks>
/// The weights are <c>weight</c>, else <c>rpm</c>, else <c>tpm</c>: the first that <em>any</em> candidate has, with 0 for those that
/// have none. (LiteLLM looks at the first candidate only, so the order of the file decides whether weights count.) All 0, or none
/// configured: every candidate alike. The score is the candidate's share.
/// </remarks>
public sealed class SimpleShuffle : IRoutingStrategy
{
    public bool KeepsLimits => false;

    public int Choose(ReadOnlySpan<Candidate> candidates, in RouteRequest request, double random, Span<double> scores)
    {
        var total = Weigh(candidates, scores);
        if (total <= 0)
        {
            scores.Fill(1.0 / candidates.Length);
            return Math.Min((int)(random * candidates.Length), candidates.Length - 1);
        }
        var chosen = -1;
        var left = random;
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] /= total;
            if (left >= 0 && scores[i] > 0)
                chosen = i;   // kept by the last one with a share when rounding leaves a rest
            left -= scores[i];
        }
        return chosen;
    }

    private static double Weigh(ReadOnlySpan<Candidate> candidates, Span<double> weights)
    {
        bool hasWeight = false, hasRpm = false;
        foreach (ref readonly var candidate in candidates)
        {
            hasWeight |= candidate.Weight is not null;
            hasRpm |= candidate.Rpm is not null;
        }
        var total = 0.0;
        for (var i = 0; i < candidates.Length; i++)
        {
            ref readonly var candidate = ref candidates[i];
            var weight = hasWeight ? candidate.Weight : hasRpm ? candidate.Rpm : candidate.Tpm;
            weights[i] = weight is { } value && double.IsFinite(value) ? Math.Clamp(value, 0, MaxWeight) : 0;
            total += weights[i];
        }
        return total;
    }

    /// <summary>Keeps the sum of weights finite whatever a config says.</summary>
    private const double MaxWeight = 1e300;
}
