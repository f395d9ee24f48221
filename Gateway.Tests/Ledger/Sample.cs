namespace Gateway.Tests.Ledger;

/// <summary>Exchanges as the pipeline hands them over.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>An exchange with one attempt that succeeded.</summary>
    public static Exchange Exchange(Caller caller, NanoUsd cost, string model = "gpt-4o", DateTimeOffset? at = null, string decisionId = "")
    {
        var exchange = new Exchange
        {
            Id = Guid.NewGuid().ToString(),
            DecisionId = decisionId,
            StartedAt = at ?? Start,
            Route = "/v1/chat/completions",
            Caller = caller,
        };
        exchange.Attempts.Add(Attempt(1, AttemptKind.First, cost, model, at));
        return exchange;
    }

    public static Attempt Attempt(int number, AttemptKind kind, NanoUsd cost, string model = "gpt-4o", DateTimeOffset? at = null) => new()
    {
        Number = number,
        Kind = kind,
        ModelGroup = model,
        DeploymentId = "d1",
        Provider = "openai",
        Model = "openai/" + model,
        ApiBase = "https://api.example",
        StartedAt = at ?? Start,
        Status = 200,
        Usage = new Usage { Input = 10, CachedRead = 5, Output = 7, Reasoning = 3 },
        Cost = cost,
    };
}
