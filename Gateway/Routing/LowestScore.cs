namespace Gateway.Routing;

/// <summary>The choice that most strategies end with: the lowest score, ties at random.</summary>
internal static class LowestScore
{
    /// <param name="scores">At least one; never NaN. Infinity: taken only when there is nothing better.</param>
    /// <param name="tolerance">How much worse than the best still counts as a tie, as a fraction of the best: 0.1 is 10 %.</param>
    /// <returns>An index.</returns>
    public static int Pick(ReadOnlySpan<double> scores, double random, double tolerance = 0)
    {
        var lowest = scores[0];
        foreach (var score in scores)
            lowest = Math.Min(lowest, score);

        var bound = Math.Max(lowest, lowest * (1 + tolerance));
        if (double.IsNaN(bound))   // an endless tolerance
            bound = lowest;
        var ties = 0;
        foreach (var score in scores)
            if (score <= bound)
                ties++;

        var nth = Math.Min((int)(random * ties), ties - 1);
        for (var i = 0; ; i++)
            if (scores[i] <= bound && nth-- == 0)
                return i;
    }
}
