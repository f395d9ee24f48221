namespace Gateway.Tests.Telemetry;

/// <summary>Exchanges as the telemetry tests need them.</summary>
internal static class Given
{
    public static Exchange Exchange(params Attempt[] attempts)
    {
        var exchange = new Exchange
        {
            Id = "call-1",
            StartedAt = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero),
            Route = "/v1/chat/completions",
            Caller = new() { KeyId = "abc123", KeyAlias = "alpha-key", UserId = "team-alpha" },
            RequestedModel = "gpt-4o",
            ModelGroup = "gpt-4o",
            Status = 200,
            Duration = TimeSpan.FromMilliseconds(1250),
        };
        exchange.Attempts.AddRange(attempts);
        return exchange;
    }

    public static Attempt Attempt(int number = 1, AttemptKind kind = AttemptKind.First, string group = "gpt-4o", string id = "d1") => new()
    {
        Number = number,
        Kind = kind,
        ModelGroup = group,
        DeploymentId = id,
        Provider = "openai",
        Model = "openai/" + group,
        ApiBase = "https://api.example/v1",
        StartedAt = DateTimeOffset.UnixEpoch,
        Status = 200,
        Latency = TimeSpan.FromSeconds(1),
        Usage = new() { Input = 90, CachedRead = 10, Output = 15, Reasoning = 5 },
        Cost = new(12_500),
        PriceId = "gpt-4o",
    };
}
