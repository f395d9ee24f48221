using Gateway.Catalog;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Dialects.Hub;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>The body that leaves for a deployment, and how its answer comes back.</summary>
/// <param name="Lost">What the client sent and the provider cannot be sent, by the client's names.</param>
internal readonly record struct UpstreamBody(SplicedBody Body, Wire Wire, IReadOnlyList<string> Lost)
{
    /// <summary>Composes the body: the client's bytes with changes where the deployment speaks the client's dialect, else a translation.</summary>
    /// <param name="now">When the answer begins, for dialects whose answers say so.</param>
    /// <returns>Null, or what the provider cannot be sent.</returns>
    public static ApiError? Compose(AttemptRun run, Deployment deployment, in ShapedRequest shaped, DateTimeOffset now, out UpstreamBody body)
    {
        body = default;
        var client = run.Endpoint;
        if (shaped.Format == client.Dialect.Format)
        {
            body = new(client.Dialect.Compose(run.Request, shaped.Changes), client.Wire, shaped.Changes.Lost);
            return null;
        }
        if (client.Hub is not { } half)
            return ParamErrors.OperationNotSpoken(deployment.Provider.Name, client.Operation.ToString().ToLowerInvariant());
        if (run.Request.ReadHub(half) is { } malformed)
            return malformed;
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
        body = new(written, new HubWire(half, provider, shown), lost);
        return null;
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
