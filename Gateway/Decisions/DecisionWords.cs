using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.Decisions;

/// <summary>Puts a decision's document into sentences, in the order in which things happened.</summary>
public static class DecisionWords
{
    /// <summary>Enough to find a key in the ledger.</summary>
    private const int ShortHashLength = 12;

    /// <param name="document">As <see cref="DecisionDocument"/> writes it; what an older version did not write is left out.</param>
    public static IReadOnlyList<string> Of(JsonElement document)
    {
        var words = new List<string>();
        var isHypothetical = document.TryGetProperty("hypothetical", out _);
        AddHead(words, document, isHypothetical);
        AddChecks(words, document);
        RouteWords.Add(words, document, isHypothetical);
        if (isHypothetical)
            AddPrices(words, document);
        AddEnd(words, document, isHypothetical);
        return [.. words.Select(Printable)];
    }

    /// <summary>Clients choose some of the names; control characters in them must not reach a terminal.</summary>
    private static string Printable(string sentence) =>
        sentence.Any(char.IsControl) ? string.Concat(sentence.Select(c => char.IsControl(c) ? '?' : c)) : sentence;

    private static void AddHead(List<string> words, JsonElement document, bool isHypothetical)
    {
        var who = document.Child("caller") is { ValueKind: JsonValueKind.Object } caller ? Caller(caller) : "Somebody unknown";
        var what = document.Text("route");
        words.Add(isHypothetical
            ? $"{who} would call {what}. Nothing was called; this is how it would go now."
            : $"{who} called {what} on {document.Text("time")} (call id {document.Text("call_id")}).");
    }

    private static string Caller(JsonElement caller)
    {
        var text = new StringBuilder($"User '{caller.Text("user_id")}'");
        if (caller.Text("team_id") is { } team)
            text.Append(CultureInfo.InvariantCulture, $" of team '{team}'");
        if (caller.Text("key_alias") is { } alias)
            text.Append(CultureInfo.InvariantCulture, $" with the key '{alias}'");
        else if (caller.Text("key_id") is { } key)
            text.Append(CultureInfo.InvariantCulture, $" with the key of hash {key[..Math.Min(ShortHashLength, key.Length)]}…");
        if (caller.TryGetProperty("admin", out _))
            text.Append(" (admin)");
        if (caller.Text("end_user") is { } endUser)
            text.Append(CultureInfo.InvariantCulture, $", for the end user '{endUser}',");
        return text.ToString();
    }

    private static void AddChecks(List<string> words, JsonElement document)
    {
        var request = document.Child("request") ?? default;
        foreach (var check in document.Items("checks"))
        {
            var stage = check.Text("stage");
            if (check.Child("passed") is { ValueKind: JsonValueKind.False })
                words.Add($"Check {stage}: refused. {Budget(check)}{document.Child("error")?.Text("message")}".TrimEnd());
            else
                words.Add(Passed(stage, check, request));
        }
    }

    private static string Passed(string? stage, JsonElement check, JsonElement request) => stage switch
    {
        "parse" => "Check parse: passed; "
            + (request.Child("stream") is { ValueKind: JsonValueKind.True } ? "a stream" : "a whole answer") + " is asked for, "
            + (request.Number("max_tokens") is { } most ? $"of at most {most} tokens" : "without a limit of its tokens")
            + $", and the input has about {request.Number("input_tokens_estimated")} tokens.",
        "authorize" => $"Check authorize: passed; the model '{request.Text("model")}' "
            + (request.Text("model") == request.Text("model_group") ? "" : $"leads to '{request.Text("model_group")}' and ")
            + (check.Text("allowed_by") == "all-proxy-models"
                ? "is allowed, as all models are."
                : $"is allowed by '{check.Text("allowed_by")}'."),
        "admit" => $"Check admit: passed. {Budget(check)}".TrimEnd(),
        _ => $"Check {stage}: passed.",
    };

    private static string Budget(JsonElement check) =>
        check.Number("spent_usd") is not { } spent ? ""
        : (check.Number("budget_usd") is { } budget
            ? $"The user had spent {spent} USD of {budget} USD. " : $"The user had spent {spent} USD and has no budget. ") + SetAside(check);

    private static string SetAside(JsonElement check) =>
        check.Number("reserved_usd") is { } most and not "0"
            ? $"At most {most} USD were set aside, for {check.Number("output_cap")} tokens of output. "
            : "";

    private static void AddPrices(List<string> words, JsonElement document)
    {
        foreach (var price in document.Items("prices"))
        {
            var where = RouteWords.Deployment(price);
            words.Add(price.Text("price") is { } id
                ? $"At {where} the estimated input and the most output that is asked for cost {price.Number("cost_usd")} USD (price {id}): "
                    + $"{RouteWords.Sum(price)}."
                : $"At {where} the price is unknown, so nothing is booked.");
        }
    }

    private static void AddEnd(List<string> words, JsonElement document, bool isHypothetical)
    {
        var error = document.Child("error");
        if (error is { } refused)
        {
            var by = refused.Text("refused_by");
            var told = $"{refused.Number("status")} {refused.Text("class")}";
            var wasChecked = by is "authenticate" or "parse" or "authorize" or "admit";
            words.Add((isHypothetical ? $"The client would be told {told}" : $"The client was told {told}")
                + (by is null ? "." : $": the stage '{by}' {(by is "call" or "relay" ? "failed" : "refused it")}.")
                + (wasChecked || refused.Text("message") is not { } message ? "" : $" {message}"));
        }
        else if (!isHypothetical)
        {
            words.Add(document.Number("status") == "499"
                ? "The client hung up before the end."
                : $"The client got an answer with status {document.Number("status")}.");
        }
        if (document.Number("duration_ms") is { } duration)
            words.Add($"It took {duration} ms in all.");
    }
}
