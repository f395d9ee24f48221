using Gateway.Catalog;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Bedrock;
using Gateway.Dialects.Hub;
using Gateway.Dialects.Responses;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>The body that leaves for a deployment, and how its answer comes back.</summary>
/// <param name="Lost">What the client sent and the provider cannot be sent, by the client's names.</param>
internal readonly record struct UpstreamBody(SplicedBody Body, Wire Wire, IReadOnlyList<string> Lost)
{
    /// <summary>Headers that go with the body.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; private init; } = [];

    /// <summary>Composes the body: the client's bytes with changes where the deployment speaks the client's dialect, else a translation.</summary>
    /// <param name="now">When the answer begins, for dialects whose answers say so.</param>
    /// <returns>Null, or what the provider cannot be sent.</returns>
    public static ApiError? Compose(AttemptRun run, Deployment deployment, in ShapedRequest asked, DateTimeOffset now, out UpstreamBody body)
    {
        body = default;
        var client = run.Endpoint;
        var shaped = asked with { Changes = WatsonxBody.Apply(asked.Changes, deployment) };
        if (shaped.Format == client.Dialect.Format && !GoesOnFromKept(run))
        {
            body = PassThrough(run, deployment, shaped);
            return null;
        }
        if (client.Operation == Operation.Embeddings)
            return Embeddings(run, deployment, shaped, out body);
        if (client.Hub is not { } half)
            return ParamErrors.OperationNotSpoken(deployment.Provider.Name, client.Operation.ToString().ToLowerInvariant());
        if (run.Request.ReadHub(half) is { } malformed)
            return malformed;
        if (run.Responses?.Resume(run.Exchange.Caller!.KeyId, run.Request.Hub!) is { } notFound)
            return notFound;
        var provider = HubDialects.ProviderOf(shaped.Format);
        var rules = ParamRules.Of(run, deployment);
        var (settings, target) = (SettingsOf(rules, shaped), TargetOf(run, deployment, rules, shaped.Model));
        if (HubTranslation.Translate(run.Request.Hub!, run.Request.Json, provider, target, settings, out var written, out var lost) is { } refusal)
            return refusal;
        var shown = new HubShown(run.ShownModel)
        {
            RandomId = run.Exchange.Id,
            Now = now,
            Request = run.Request.Hub!,
            Body = run.Request.Json,
        };
        body = new(written, new HubWire(half, provider, shown, Keeper(run, shown)), lost) { Headers = provider.Headers };
        return null;
    }

    /// <summary>Claude on a cloud: the version stands in the body, and on Bedrock the betas, too; its streams are framed otherwise.</summary>
    private static UpstreamBody Cloud(AttemptRun run, AnthropicEnvelope envelope, RequestChanges changes)
    {
        var isBedrock = envelope == AnthropicEnvelope.Bedrock;
        var dialect = run.Endpoint.Dialect;
        return new(dialect.Compose(run.Request, envelope.Apply(changes, run.Request.Betas)),
            isBedrock ? new BedrockInvokeWire(dialect) : run.Endpoint.Wire, changes.Lost)
        {
            Headers = isBedrock ? [] : [.. run.Request.Headers.Where(static header => header.Key == AnthropicHeaders.BetaName)],
        };
    }

    /// <summary>Keeps the conversation where its client may go on from the answer's id.</summary>
    private static Action<IReadOnlyList<HubPart>>? Keeper(AttemptRun run, HubShown shown)
    {
        if (run.Responses is not { } store || run.Endpoint.Dialect.Format != WireFormat.Responses || run.Request.Hub!.ForgetsAnswer)
            return null;
        var (caller, request) = (run.Exchange.Caller!.KeyId, run.Request.Hub!);
        return parts => store.Keep(caller, ResponsesClient.IdOf(shown), request, parts);
    }

    private static ApiError? Embeddings(AttemptRun run, Deployment deployment, in ShapedRequest shaped, out UpstreamBody body)
    {
        body = default;
        if (HubDialects.EmbeddingsOf(shaped.Format) is not { } provider)
            return ParamErrors.OperationNotSpoken(deployment.Provider.Name, "embeddings");
        if (run.Request.ReadEmbedding() is { } malformed)
            return malformed;
        var rules = ParamRules.Of(run, deployment);
        var (settings, target) = (SettingsOf(rules, shaped), TargetOf(run, deployment, rules, shaped.Model));
        if (EmbeddingTranslation.Translate(run.Request.Embedding!, provider, target, settings, out var request, out var written, out var lost) is { } refusal)
            return refusal;
        body = new(written, new EmbeddingWire(provider, request, target, run.ShownModel), lost);
        return null;
    }

    /// <summary>True when what went before is in the gateway alone: then the provider has to be sent all of it.</summary>
    private static bool GoesOnFromKept(AttemptRun run) =>
        run.Request.PreviousResponseId is { } id && run.Responses?.Has(run.Exchange.Caller!.KeyId, id) == true;

    private static UpstreamBody PassThrough(AttemptRun run, Deployment deployment, in ShapedRequest shaped)
    {
        var (client, changes) = (run.Endpoint, shaped.Changes);
        if (shaped.Format == WireFormat.OpenAi)
            return new(client.Dialect.Compose(run.Request, changes), client.Wire, changes.Lost);
        if (shaped.Format == WireFormat.Anthropic && AnthropicEnvelope.Of(deployment.Provider.Name) is { Version: not null } envelope)
            return Cloud(run, envelope, changes);
        return new(client.Dialect.Compose(run.Request, changes), client.Wire, changes.Lost)
        {
            Headers = ForwardedHeaders.For(HubDialects.ProviderOf(shaped.Format).Headers, run.Request.Headers),
        };
    }

    private static HubSettings SettingsOf(in ParamRules rules, in ShapedRequest shaped) => new()
    {
        Defaults = shaped.Changes.Defaults,
        Overrides = shaped.Changes.Overrides,
        Dropped = rules.Dropped,
        DropsUnsupported = rules.Drops,
        OutputCap = shaped.Changes.OutputCap,
    };

    private static HubTarget TargetOf(AttemptRun run, Deployment deployment, in ParamRules rules, string model)
    {
        var limits = run.Group.LimitsOf(run.Group.Deployments.IndexOf(deployment));
        var general = run.Snapshot.Config.General;
        var cap = OutputCap.Of(deployment.Config.Info, limits, general.DefaultMaxOutputTokens);
        var isKnown = cap.Source is OutputCapSource.Deployment or OutputCapSource.PriceData;
        return new HubTarget(model, deployment.Provider.Name)
        {
            DefaultMaxTokens = isKnown ? cap.Tokens : general.DefaultMaxOutputTokens,
            ModelMaxTokens = isKnown ? cap.Tokens : null,
            ModifiesParams = run.Snapshot.Config.LiteLlm.ModifyParams,
            AllowedParams = rules.Allowed,
            UnsupportedParams = deployment.Provider.UnsupportedParams,
        };
    }
}
