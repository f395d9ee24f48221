using System.Globalization;
using Gateway.Catalog;

namespace Gateway.Routing;

/// <summary>What a client is told when no deployment may be called; pure.</summary>
internal static class RouteRefusal
{
    /// <summary>How long a call of another client is taken to last: nobody knows, and a client that comes back soon loses little.</summary>
    private static readonly TimeSpan ParallelWait = TimeSpan.FromSeconds(1);

    /// <summary>
    /// (1) 401 where the tags allow none of the group's deployments, (2) 400 where the request is too long for all that they allow,
    /// (3) else 429 with the shortest wait.
    /// </summary>
    /// <param name="minuteEnds">How long the current minute of rpm and tpm still lasts.</param>
    /// <param name="otherwise">What to wait for when no deployment says.</param>
    public static ApiError Of(
        RouteRules rules, ModelGroup group, in RouteRequest request, ReadOnlySpan<Candidate> candidates,
        ReadOnlySpan<CandidateVerdict> verdicts, TimeSpan minuteEnds, TimeSpan otherwise)
    {
        bool isAnyAllowed = false, isAnyLargeEnough = false;
        var hasDefault = HasDefault(candidates);
        foreach (ref readonly var candidate in candidates)
        {
            var isAllowed = !rules.FiltersTags || request.IsById || candidate.IsDefault
                || (request.Tags is { Count: > 0 } ? candidate.FitsTags : !hasDefault);
            isAnyAllowed |= isAllowed;
            isAnyLargeEnough |= isAllowed && !(rules.ChecksContext && candidate.IsTooSmall(request));
        }
        if (!isAnyAllowed)
            return WrongTags(group.Name, request.Tags);                                       // 1
        if (!isAnyLargeEnough)
            return TooLong(group.Name, request.InputTokens, candidates);                      // 2
        var wait = TimeSpan.MaxValue;                                                         // 3
        for (var i = 0; i < candidates.Length; i++)
        {
            var until = verdicts[i].Verdict switch
            {
                RouteVerdict.CoolingDown => candidates[i].Cooldown,
                RouteVerdict.OverLimit => minuteEnds,
                RouteVerdict.AtParallelLimit => ParallelWait,
                _ => TimeSpan.MaxValue,
            };
            wait = until < wait ? until : wait;
        }
        return NoneAvailable(rules, group, candidates, verdicts, wait == TimeSpan.MaxValue ? otherwise : wait);
    }

    private static bool HasDefault(ReadOnlySpan<Candidate> candidates)
    {
        foreach (ref readonly var candidate in candidates)
            if (candidate.IsDefault)
                return true;
        return false;
    }

    // LiteLLM's words, which clients match on.
    private static ApiError WrongTags(string model, IReadOnlyList<string>? tags) => new()
    {
        Status = 401,
        Type = "auth_error",
        Message = $"Not allowed to access model due to tags configuration. Passed model={model} and tags=[{Quoted(tags ?? [])}]. "
            + "Send a tag of one of its deployments, or tag one of them 'default'.",
        ExceptionClass = "AuthenticationError",
    };

    private static ApiError TooLong(string model, long inputTokens, ReadOnlySpan<Candidate> candidates)
    {
        var most = 0L;
        foreach (ref readonly var candidate in candidates)
            most = Math.Max(most, candidate.MaxInputTokens ?? 0);
        return new()
        {
            Status = 400,
            Type = "invalid_request_error",
            Message = string.Create(CultureInfo.InvariantCulture,
                $"litellm.ContextWindowExceededError: Context Window exceeded for given call. The request has about {inputTokens} input ")
                + string.Create(CultureInfo.InvariantCulture, $"tokens, and no deployment of model={model} takes more than {most}."),
            ExceptionClass = "ContextWindowExceededError",
        };
    }

    // LiteLLM's text, which clients match on, then our own words.
    private static ApiError NoneAvailable(
        RouteRules rules, ModelGroup group, ReadOnlySpan<Candidate> candidates, ReadOnlySpan<CandidateVerdict> verdicts, TimeSpan wait)
    {
        var cooling = new List<string>();
        for (var i = 0; i < candidates.Length; i++)
            if (candidates[i].Cooldown > TimeSpan.Zero)
                cooling.Add(group.Deployments[i].Id);
        var seconds = Math.Ceiling(wait.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        return new()
        {
            Status = 429,
            Type = "throttling_error",
            Message = $"No deployments available for selected model, Try again in {seconds} seconds. Passed model={group.Name}. "
                + $"pre-call-checks={(rules.ChecksContext ? "True" : "False")}, cooldown_list=[{Quoted(cooling)}]"
                + Why(candidates, verdicts),
            RetryAfter = wait,
            ExceptionClass = "RouterRateLimitError",
        };
    }

    /// <summary>A sentence where the limits of the config alone are the reason.</summary>
    private static string Why(ReadOnlySpan<Candidate> candidates, ReadOnlySpan<CandidateVerdict> verdicts)
    {
        var over = -1;
        for (var i = 0; i < candidates.Length; i++)
        {
            if (verdicts[i].Verdict is not (RouteVerdict.OverLimit or RouteVerdict.AtParallelLimit))
                return "";
            if (verdicts[i].Verdict == RouteVerdict.OverLimit)
                over = i;
        }
        if (over < 0)
            return ". Every deployment has as many calls in flight as its max_parallel_requests allows.";
        var full = candidates[over];
        return full.Requests >= full.Rpm
            ? Exceeded("RPM", full.Rpm, full.Requests)
            : Exceeded("TPM", full.Tpm, full.Tokens);
    }

    private static string Exceeded(string unit, long? limit, long used) => string.Create(
        CultureInfo.InvariantCulture, $". Model rate limit exceeded. {unit} limit={limit}, current usage={used}");

    private static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
