using System.Globalization;
using Gateway.Limits;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>Tells a client in headers how much of its limits is left: requests and tokens as OpenAI does, money as LiteLLM does.</summary>
public static class LimitHeaders
{
    /// <summary>Nothing counts longer than 61 seconds, so each reset that is told has its text here.</summary>
    private static readonly string[] Resets = [.. Enumerable.Range(0, 62).Select(seconds => TextOf(TimeSpan.FromSeconds(seconds)))];

    /// <summary>Sets <c>x-ratelimit-{limit,remaining,reset}-{requests,tokens}</c>; of what has no limit nothing is told.</summary>
    public static void SetRates(IHeaderDictionary headers, in RateFacts rates)
    {
        if (rates.Requests is { } requests)
        {
            headers["x-ratelimit-limit-requests"] = Number(requests.Limit);
            headers["x-ratelimit-remaining-requests"] = Number(requests.Remaining);
            headers["x-ratelimit-reset-requests"] = ResetOf(requests.Reset);
        }
        if (rates.Tokens is { } tokens)
        {
            headers["x-ratelimit-limit-tokens"] = Number(tokens.Limit);
            headers["x-ratelimit-remaining-tokens"] = Number(tokens.Remaining);
            headers["x-ratelimit-reset-tokens"] = ResetOf(tokens.Reset);
        }
    }

    /// <summary>Sets <c>x-gateway-budget-remaining</c>, in USD.</summary>
    /// <param name="left">What the tightest budget had left before the request. Null: there is none, and nothing is told.</param>
    public static void SetBudget(IHeaderDictionary headers, NanoUsd? left)
    {
        if (left is { } amount)
            headers["x-gateway-budget-remaining"] = amount.ToString();
    }

    /// <summary>Sets LiteLLM's headers of the limits that the caller's key has of its own.</summary>
    public static void SetKey(IHeaderDictionary headers, Caller caller)
    {
        foreach (var payer in caller.Payers)
        {
            if (payer.Subject.Kind != SubjectKind.Key)
                continue;
            var limits = payer.Limits;
            if (limits.MaxBudget is { } budget)
                headers["x-litellm-key-max-budget"] = budget.ToString();
            if (limits.Rpm is { } rpm)
                headers["x-litellm-key-rpm-limit"] = Number(rpm);
            if (limits.Tpm is { } tpm)
                headers["x-litellm-key-tpm-limit"] = Number(tpm);
            return;
        }
    }

    /// <summary>Whole seconds, rounded up: who comes back then finds nothing left of what counts now.</summary>
    private static string ResetOf(TimeSpan reset)
    {
        var seconds = (reset.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
        return seconds < Resets.Length ? Resets[seconds] : TextOf(TimeSpan.FromSeconds(seconds));
    }

    /// <summary>As OpenAI's documentation shows it, which is how Go writes a duration: <c>1s</c>, <c>6m0s</c>, <c>1h0m0s</c>.</summary>
    private static string TextOf(TimeSpan time) => time switch
    {
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}h{time.Minutes}m{time.Seconds}s"),
        { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m{time.Seconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.Seconds}s"),
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
