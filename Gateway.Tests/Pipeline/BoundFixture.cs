using System.Collections.Immutable;
using System.Text;
using Gateway.Catalog;
using Gateway.Dialects.OpenAi;
using Gateway.Pipeline;
using Gateway.Pricing;
using Gateway.Tests.Catalog;
using Gateway.Tests.Config;

namespace Gateway.Tests.Pipeline;

/// <summary>Requests to a config's models as they are when their bounds are asked for.</summary>
internal sealed class BoundFixture
{
    public static readonly DateTimeOffset Now = CatalogFixture.Now;

    public BoundFixture(string yaml, PriceBook? prices = null)
    {
        var config = ConfigText.Read(yaml).Config;
        Snapshot = new(config, ModelCatalog.Build(config, ConfigText.NoVariables, prices ?? PriceBook.Embedded, Now, []));
    }

    public GatewaySnapshot Snapshot { get; }

    /// <summary>A deployment at 1 USD per million tokens in and <paramref name="output"/> out, which writes up to 1,000 tokens.</summary>
    public static string Model(string name, int output = 2, string more = "", string info = "max_output_tokens: 1000", string model = "openai/x") => $$"""
          - model_name: {{name}}
            litellm_params: {model: {{model}}, api_base: "http://server:1/v1", api_key: k, input_cost_per_token: 0.000001, output_cost_per_token: {{output}}e-6{{(more == "" ? "" : ", ")}}{{more}}}
            model_info: { {{info}} }

        """;

    public static string Models(params string[] models) => "model_list:\n" + string.Concat(models);

    public AttemptRun Run(string body, Operation operation = Operation.Chat, ImmutableArray<string> allowed = default)
    {
        Assert.That(new OpenAiDialect().Read(new(Encoding.UTF8.GetBytes(body)), out var request)?.Message, Is.Null);
        var caller = new Caller { KeyId = "", UserId = "u", Models = allowed.IsDefault ? [] : allowed };
        return new AttemptRun
        {
            Snapshot = Snapshot,
            Endpoint = new("/", new OpenAiDialect(), operation),
            Exchange = new Exchange { Id = "1", StartedAt = Now, Route = "/", Caller = caller, RequestedModel = request.Model },
            Request = request,
            Group = Snapshot.Catalog.Resolve(request.Model!)!,
            ShownModel = request.Model!,
        };
    }

    /// <summary>The bound of a request with 100 tokens of text.</summary>
    public RequestBound Bound(string body, Operation operation = Operation.Chat, ImmutableArray<string> allowed = default) =>
        Bound(Run(body, operation, allowed));

    public static RequestBound Bound(AttemptRun run, DateTimeOffset? now = null) => RequestBound.Of(run, new() { TextAtMost = 100 }, now ?? Now);
}
