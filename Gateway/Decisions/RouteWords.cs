using System.Text.Json;

namespace Gateway.Decisions;

/// <summary>Puts the choices and attempts of a decision into sentences.</summary>
internal static class RouteWords
{
    public static void Add(List<string> words, JsonElement document, bool isHypothetical)
    {
        if (!isHypothetical)
            AddNotes(words, document, 0);
        var told = new HashSet<string>();
        foreach (var (index, route) in document.Items("routes").Index())
        {
            if (isHypothetical && index > 0)
                words.Add($"So the fallback '{route.Text("model_group")}' would be asked.");
            AddRoute(words, route, isHypothetical ? "would take" : "took");
            if (route.Number("attempt") is { } number && told.Add(number))
                AddAttempt(words, document, number);
        }
        // What was attempted without a choice that is recorded.
        foreach (var attempt in document.Items("attempts"))
            if (attempt.Number("number") is { } number && told.Add(number))
                AddAttempt(words, document, number);
        foreach (var fallback in document.Items("fallbacks"))
        {
            words.Add($"If that fails, the fallback '{fallback.Text("model_group")}' is next.");
            AddRoute(words, fallback, "would take");
        }
        if (isHypothetical) // which are about the fallbacks
            AddNotes(words, document, 0);
    }

    /// <summary>How a deployment is called: its model, where it is known, and its id.</summary>
    public static string Deployment(JsonElement of) =>
        of.Text("model") is { } model ? $"{model} ({of.Text("deployment")})" : of.Text("deployment") ?? "?";

    /// <summary>The price arithmetic: <c>10 input × 1 USD / 1M = 0.00001 USD; …</c></summary>
    public static string Sum(JsonElement priced) => string.Join("; ", priced.Items("cost_lines").Select(
        line => line.Text("name") == "request"
            ? $"1 request = {line.Number("usd")} USD"
            : $"{line.Number("count")} {line.Text("name")} × {line.Number("usd_per_million")} USD / 1M = {line.Number("usd")} USD"));

    private static void AddRoute(List<string> words, JsonElement route, string took)
    {
        var candidates = route.Items("candidates").ToList();
        var of = $"of {candidates.Count} deployment{(candidates.Count == 1 ? "" : "s")} of '{route.Text("model_group")}'";
        var chosen = candidates.Find(candidate => candidate.Text("verdict") == "chosen");
        words.Add(chosen.ValueKind == JsonValueKind.Undefined
            ? $"Choice: {route.Text("strategy")} {took} none {of}."
            : $"Choice: {route.Text("strategy")} {took} {Deployment(chosen)}{Score(chosen)}, {of}.");
        foreach (var candidate in candidates)
            if (candidate.Text("verdict") is { } verdict and not "chosen")
                words.Add($"  Not {Deployment(candidate)}: {Reason(verdict, candidate)}.");
    }

    private static string Score(JsonElement candidate) => candidate.Number("score") is { } score ? $" with the score {score}" : "";

    private static string Reason(string verdict, JsonElement candidate) => verdict switch
    {
        "lost_on_score" => $"the strategy preferred another{(candidate.Number("score") is { } score ? $"; its score was {score}" : "")}",
        "cooling_down" => $"it was cooling down for another {candidate.Number("cooldown_seconds")} s",
        "already_tried" => "an earlier attempt of this request went there",
        "over_limit" => "one more request would pass its rpm or tpm",
        "at_parallel_limit" => "it had as many calls running as max_parallel_requests allows",
        "context_too_small" => "the request is longer than its context window",
        "wrong_tag" => "its tags are not those of the request",
        "later_order" => "one with a lower order could be called",
        "unhealthy" => "the last health check found it broken",
        _ => verdict,
    };

    private static void AddAttempt(List<string> words, JsonElement document, string number)
    {
        foreach (var attempt in document.Items("attempts").Where(attempt => attempt.Number("number") == number))
        {
            var started = attempt.Number("started_after_ms");
            var what = $"Attempt {number} ({attempt.Text("kind")}) at {Deployment(attempt)}, {started} ms after the start:";
            var first = attempt.Number("time_to_first_token_ms") is { } ttft ? $", the first token after {ttft} ms" : "";
            words.Add(attempt.Text("exception_class") is { } failure
                ? $"{what} failed with {failure} (status {attempt.Number("status")}) after {attempt.Number("latency_ms")} ms{first}."
                : $"{what} answered {attempt.Number("status")} in {attempt.Number("latency_ms")} ms{first}.");
            if (attempt.Child("usage") is { } usage)
                words.Add($"  It took {Tokens(usage)}.");
            if (attempt.Text("price") is { } price)
                words.Add($"  It cost {attempt.Number("cost_usd")} USD by the price {price}: {Sum(attempt)}.");
            else if (attempt.Child("usage") is not null)
                words.Add("  Its price is unknown, so nothing was booked.");
        }
        AddNotes(words, document, int.Parse(number, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static string Tokens(JsonElement usage) =>
        string.Join(" + ", usage.EnumerateObject().Where(bucket => bucket.Value.ValueKind == JsonValueKind.Number)
            .Select(bucket => $"{bucket.Value.GetRawText()} {bucket.Name.Replace('_', ' ')}"))
        + (usage.Child("estimated") is null ? " tokens" : " tokens (estimated: the provider reported none)");

    private static void AddNotes(List<string> words, JsonElement document, int afterAttempt)
    {
        foreach (var note in document.Items("notes"))
            if (note.Number("after_attempt") is { } after && int.TryParse(after, out var number) && number == afterAttempt)
                words.Add($"Note: {note.Text("text")}");
    }
}

/// <summary>Reads a document that may lack anything.</summary>
internal static class DocumentReading
{
    public static JsonElement? Child(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;

    public static string? Text(this JsonElement json, string name) =>
        json.Child(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>A number as it is written.</summary>
    public static string? Number(this JsonElement json, string name) =>
        json.Child(name) is { ValueKind: JsonValueKind.Number } value ? value.GetRawText() : null;

    public static IEnumerable<JsonElement> Items(this JsonElement json, string name) =>
        json.Child(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];
}
