using Gateway.Limits;

namespace Gateway;

/// <summary>What a new config makes of the limiter's accounts.</summary>
/// <param name="accept">Takes note of which config counts: true is the new one.</param>
/// <param name="sums">What the accounts have spent that the new config limits anew.</param>
/// <param name="sumsBefore">What those have spent whose limits it changes, as the config before counts it.</param>
internal sealed class LimitChange(
    Limiter limiter, Action<bool> accept, IReadOnlyList<SpentSum> sums, IReadOnlyList<SpentSum> sumsBefore)
{
    /// <summary>
    /// Opens the accounts. To be called before the first request can read the new config, and once more when no more requests read the one
    /// before: each of them counts in the period that it knows, until this says it anew.
    /// </summary>
    public void Apply()
    {
        accept(true);
        limiter.Load(sums);
    }

    /// <summary>Undoes it where the new config does not take effect after all: a shorter period must not open a budget.</summary>
    public void TakeBack()
    {
        accept(false);
        limiter.Load(sumsBefore);
    }
}
