using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>One model at one provider, ready to be called.</summary>
public sealed record Deployment
{
    /// <summary><c>model_info.id</c>, else a hash over the group and its parameters: the same after a restart with the same config.</summary>
    public required string Id { get; init; }

    /// <summary>The public model name, possibly a pattern (<c>openai/*</c>).</summary>
    public required string ModelName { get; init; }

    public required Provider Provider { get; init; }

    /// <summary>The model at the provider, without prefix. Contains <c>*</c> in a wildcard deployment.</summary>
    public required string UpstreamModel { get; init; }

    /// <summary>LiteLLM's spelling: <c>openai/gpt-4o</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Base URL without a slash at the end and without query. Empty for a mock and for a provider that is not built.</summary>
    public required string ApiBase { get; init; }

    /// <summary>Azure's api-version. Null: the default.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>The provider's key. Null: none is needed or none is set.</summary>
    public Secret? ApiKey { get; init; }

    /// <summary>
    /// Who the gateway is at the provider's cloud, with the environment under what the config says. Of a provider that takes a key:
    /// nothing.
    /// </summary>
    public CloudSettings Cloud { get; init; } = CloudSettings.None;

    /// <summary>True when the answer comes from the gateway itself (<c>mock/</c> or <c>mock_response</c>).</summary>
    public bool IsMock { get; init; }

    /// <summary>What the deployment cost when the catalog was built. Null: unknown, or (wildcards) known only with the model.</summary>
    public ModelPrice? Price { get; init; }

    public ModelLimits Limits { get; init; } = ModelLimits.None;

    /// <summary>The entry it was made from: timeouts, weights, defaults, extra headers …</summary>
    public required DeploymentConfig Config { get; init; }

    public LiteLlmParams Params => Config.Params;
    public ImmutableArray<string> AccessGroups => Config.Info.AccessGroups;

    /// <summary>What its extra_body says of the answer, which counts before what a client says.</summary>
    internal AnswerTerms Overrides { get; init; }

    /// <summary>What it says of the answer where a client does not.</summary>
    internal AnswerTerms Defaults { get; init; }

    /// <summary>The wire formats that it understands, best first.</summary>
    public ImmutableArray<WireFormat> Speaks { get; init; } = [WireFormat.OpenAi];

    /// <summary>The price that the config gives it. Null: none; then the price book's counts.</summary>
    internal ModelPrice? OwnPrice { get; init; }

    /// <summary>What is taken off its price and put on it.</summary>
    internal CostAdjustments Adjustments { get; init; } = CostAdjustments.None;

    /// <summary>True for one of the deployments that an entry with <c>model: "*"</c> stands for: one per provider.</summary>
    internal bool IsOneOfCatchAll { get; init; }

    /// <summary>The URL of each <see cref="Operation"/>, where no model's name is part of it. Empty: they are made when asked for.</summary>
    internal ImmutableArray<Uri> Urls { get; init; } = [];

    /// <summary>The format to speak to it in, for a client of that format.</summary>
    /// <param name="upstreamModel">The model at the provider: clouds speak several formats, each for its models.</param>
    public WireFormat FormatFor(WireFormat client, Operation operation, string upstreamModel) => SpokenFormats.For(
        WildcardPattern.IsPattern(UpstreamModel) ? SpokenFormats.Of(Provider, IsMock, ApiBase, Config.Info.Mode, upstreamModel) : Speaks,
        client, operation);

    /// <summary>The URL to call; allocates only for formats other than OpenAI's, and for a wildcard deployment of Azure's.</summary>
    /// <param name="format">What is spoken there.</param>
    /// <param name="operation">What is asked for.</param>
    /// <param name="upstreamModel">The model at the provider: <see cref="UpstreamModel"/>, or what a wildcard stands for.</param>
    /// <param name="isStream">Some formats have a URL of its own for streams.</param>
    public Uri UriFor(Operation operation, string upstreamModel, WireFormat format = WireFormat.OpenAi, bool isStream = false) =>
        Urls.IsEmpty || format != WireFormat.OpenAi || isStream && Provider.Auth == AuthScheme.WatsonxIam
            ? UpstreamUrl.Build(Provider, ApiBase, operation, upstreamModel, ApiVersion, format, isStream)
            : Urls[(int)operation];

    /// <summary>A deployment is itself and no other: two with equal parts are still two.</summary>
    public bool Equals(Deployment? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
    public override string ToString() => $"{ModelName} → {Model}";

    /// <summary>What is taken off and put on what an answer costs, whoever says what that is.</summary>
    internal PriceAdjustment Adjustment => Adjustments.Of(Provider);

    /// <summary>What a model's tokens cost here at a time. Null: unknown.</summary>
    internal ModelPrice? FindPrice(PriceBook prices, string upstreamModel, DateTimeOffset at) =>
        FindAnyPrice(prices, upstreamModel, at) is { PricesTokens: true } price ? price : null;

    /// <summary>As <see cref="FindPrice"/>, where pieces alone may have a price too (<see cref="ModelPrice.PricesTokens"/>).</summary>
    internal ModelPrice? FindAnyPrice(PriceBook prices, string upstreamModel, DateTimeOffset at)
    {
        if (OwnPrice is not null)
            return Adjustments.Apply(Provider, OwnPrice);
        var (provider, model) = Priced(upstreamModel);
        return Adjustments.Apply(Provider, prices.FindAny(provider, model, at));
    }

    /// <summary>What the price book knows of a model's size.</summary>
    internal ModelLimits FindLimits(PriceBook prices, string upstreamModel)
    {
        var (provider, model) = Priced(upstreamModel);
        return prices.FindLimits(provider, model);
    }

    /// <summary>All URLs, or none where they depend on the model.</summary>
    internal ImmutableArray<Uri> BuildUrls() =>
        WildcardPattern.IsPattern(UpstreamModel) && UpstreamUrl.HoldsModel(Provider, ApiBase) || !Speaks.Contains(WireFormat.OpenAi)
            ? []
            : [.. Enum.GetValues<Operation>().Select(o => UpstreamUrl.Build(Provider, ApiBase, o, UpstreamModel, ApiVersion))];

    /// <summary>Under which name the price is looked up: <c>base_model</c>, because Azure's deployments may be called anything.</summary>
    private (string Provider, string Model) Priced(string upstreamModel)
    {
        if (Config.Info.BaseModel is not { Length: > 0 } name)
            return (Provider.Name, upstreamModel);
        var slash = name.IndexOf('/');
        return slash > 0 && Providers.Find(name[..slash]) is { } provider ? (provider.Name, name[(slash + 1)..]) : (Provider.Name, name);
    }
}

/// <summary>A public model name and the deployments that serve it.</summary>
public sealed class ModelGroup
{
    /// <summary>The public name; for a wildcard match the name that the client used.</summary>
    public required string Name { get; init; }

    public required ImmutableArray<Deployment> Deployments { get; init; }

    /// <summary>True when the client named the one deployment by its id.</summary>
    public bool IsById { get; init; }

    /// <summary>For a wildcard match: what the model is called at the provider, deployment by deployment. Empty: each one's own <see cref="Deployment.UpstreamModel"/>.</summary>
    public ImmutableArray<string> UpstreamModels { get; init; } = [];

    /// <summary>What the model is called at one of the group's deployments.</summary>
    public string UpstreamModelOf(Deployment deployment) =>
        UpstreamModels.IsEmpty ? deployment.UpstreamModel : UpstreamModels[Deployments.IndexOf(deployment)];

    /// <summary>The group with one of its deployments alone.</summary>
    public ModelGroup Only(Deployment deployment) => new()
    {
        Name = Name,
        Deployments = [deployment],
        IsById = IsById,
        UpstreamModels = UpstreamModels.IsEmpty ? [] : [UpstreamModelOf(deployment)],
        Prices = Prices,
        AccessGroups = AccessGroups,
    };

    /// <summary>The input tokens that the model takes at the deployment of that index. Null: not known.</summary>
    public long? ContextWindowOf(int index) => LimitsOf(index).ContextWindow;

    /// <summary>What is known of the model's size at the deployment of that index.</summary>
    public ModelLimits LimitsOf(int index)
    {
        var deployment = Deployments[index];
        return UpstreamModels.IsEmpty || Prices is null
            ? deployment.Limits
            : DeploymentPrice.LimitsOf(deployment.Config.Info, deployment.FindLimits(Prices, UpstreamModels[index]));
    }

    /// <summary>For a wildcard match: what knows the models' sizes.</summary>
    internal PriceBook? Prices { get; init; }

    /// <summary>All access groups of the deployments.</summary>
    public ImmutableArray<string> AccessGroups { get; init; } = [];
}
