using System.Text;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;
using Gateway.Upstream;

namespace Gateway.Tests.Upstream.Auth;

/// <summary>Calls to deployments of made-up providers, one for each scheme of authentication.</summary>
internal static class AuthFixture
{
    private static readonly OpenAiDialect Dialect = new();

    public static UpstreamCall Call(
        AuthScheme scheme, string? key = null, string url = "https://provider.test/v1/chat/completions", string body = """{"model":"m"}""",
        CloudSettings? cloud = null)
    {
        Dialect.Read(new(Encoding.UTF8.GetBytes(body)), out var request);
        var secret = key is null ? null : Secret.Of(key);
        return new UpstreamCall
        {
            Deployment = new Deployment
            {
                Id = "id-1",
                ModelName = "m",
                Provider = new Provider { Name = "p", DisplayName = "P", Auth = scheme },
                UpstreamModel = "m",
                Model = "p/m",
                ApiBase = "https://provider.test/v1",
                ApiKey = secret,
                Cloud = cloud ?? CloudSettings.None,
                Config = new DeploymentConfig { ModelName = "m", Params = new LiteLlmParams { Model = "p/m" }, File = "test.yaml", Line = 1 },
            },
            Operation = Operation.Chat,
            Wire = new PassThroughWire(Dialect),
            Model = "m",
            Uri = new Uri(url),
            Key = secret,
            Body = Dialect.Compose(request, new RequestChanges { Model = "m" }),
            Timeout = TimeSpan.FromMinutes(1),
        };
    }

    /// <summary>The headers of the request that a call becomes.</summary>
    public static async Task<Dictionary<string, string>> HeadersAsync(this ProviderAuth auth, UpstreamCall call, CancellationToken ct = default)
    {
        using var request = UpstreamClient.NewRequest(call);
        await auth.ApplyAsync(request, call, ct).AsTask().WaitAsync(GatewayHost.Patience, ct);
        return request.Headers.ToDictionary(h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase);
    }
}
