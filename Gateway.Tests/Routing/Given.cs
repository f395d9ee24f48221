using Gateway.Catalog;
using Gateway.Config;

namespace Gateway.Tests.Routing;

/// <summary>Deployments, groups and attempts as the routing tests need them.</summary>
internal static class Given
{
    private static readonly Provider OpenAi = new() { Name = "openai", DisplayName = "OpenAI" };

    public static Deployment Deployment(
        string id, double? weight = null, long? rpm = null, long? tpm = null, int? order = null, int? parallel = null,
        ModelInfo? info = null, params string[] tags) => new()
        {
            Id = id,
            ModelName = "gpt-4o",
            Provider = OpenAi,
            UpstreamModel = "gpt-4o",
            Model = "openai/gpt-4o",
            ApiBase = "https://api.example",
            Limits = new(info?.MaxInputTokens, null),
            Config = new()
            {
                ModelName = "gpt-4o",
                File = "config.yaml",
                Line = 1,
                Params = new()
                {
                    Model = "openai/gpt-4o",
                    Weight = weight,
                    Rpm = rpm,
                    Tpm = tpm,
                    Order = order,
                    MaxParallelRequests = parallel,
                    Tags = [.. tags],
                },
                Info = info ?? new(),
            },
        };

    public static ModelGroup Group(params Deployment[] deployments) => new() { Name = "gpt-4o", Deployments = [.. deployments] };

    public static Attempt Attempt(
        Deployment deployment, int status = 200, double seconds = 1, double? toFirstToken = null, long output = 0,
        string failure = "APIError") => new()
        {
            Number = 1,
            Kind = AttemptKind.First,
            ModelGroup = "gpt-4o",
            DeploymentId = deployment.Id,
            Provider = "openai",
            Model = "openai/gpt-4o",
            ApiBase = "https://api.example",
            StartedAt = DateTimeOffset.UnixEpoch,
            Status = status,
            ExceptionClass = status is >= 200 and < 400 ? null : failure,
            Latency = TimeSpan.FromSeconds(seconds),
            TimeToFirstToken = toFirstToken is { } first ? TimeSpan.FromSeconds(first) : null,
            Usage = new() { Output = output },
        };
}
