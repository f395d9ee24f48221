using Gateway.Catalog;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>A model at a deployment that a request can come to, with all of its bound that does not depend on the request.</summary>
internal sealed class RequestBoundModel
{
    private const string CacheControl = "cache_control";

    public RequestBoundModel(GatewaySnapshot current, ModelGroup group, int index)
    {
        Deployment = group.Deployments[index];
        Model = group.UpstreamModelOf(Deployment);
        var limits = group.LimitsOf(index);
        ContextWindow = limits.ContextWindow;
        Cap = OutputCap.Of(Deployment.Config.Info, limits, current.Config.General.DefaultMaxOutputTokens);
        WritesCache = !Deployment.Provider.CachesOnlyWhenAsked
            || Deployment.Params.Defaults.Concat(Deployment.Params.ExtraBody)
                .Any(member => member.Key.Contains(CacheControl) || member.Value.Contains(CacheControl));
        Horizon = HorizonOf(current);
        if (!Deployment.Params.Defaults.IsEmpty || !Deployment.Params.ExtraBody.IsEmpty)
            Added = InputBound.OfMembers(Deployment.Params.Defaults.Concat(Deployment.Params.ExtraBody));
        PicturesOf = Deployment.Provider == Providers.Azure ? Deployment.Config.Info.BaseModel ?? "" : Model;
        CountsExactly = current.Config.General.TokenCounting == TokenCounting.Exact && HasKnownTokenizer(Deployment.Provider.Name);
    }

    public Deployment Deployment { get; }

    /// <summary>The model at the provider.</summary>
    public string Model { get; }

    public long? ContextWindow { get; }
    public OutputCap Cap { get; }

    /// <summary>What the config adds to a body: a system prompt, tools.</summary>
    public InputSize Added { get; }

    /// <summary>The model whose pictures count. Empty: nobody knows, as Azure's deployments may be called anything.</summary>
    public string PicturesOf { get; }

    /// <summary>True when text is counted by the model's own tokenizer, as <c>token_counting: exact</c> wants.</summary>
    public bool CountsExactly { get; }

    /// <summary>True when a prompt may be written to the provider's cache though the client does not ask for it.</summary>
    public bool WritesCache { get; }

    /// <summary>How the model is called in a message about its price.</summary>
    public string Name => WildcardPattern.IsPattern(Deployment.UpstreamModel) ? $"{Deployment.Provider.Name}/{Model}" : Deployment.Model;

    /// <summary>
    /// How long after its admission a request can still begin an attempt. The price of that moment counts: prices change by date and hour.
    /// </summary>
    private TimeSpan Horizon { get; }

    /// <summary>The prices that the model can have for requests that are admitted in a minute. Allocates.</summary>
    public PricedModel PricedAt(ModelCatalog catalog, DateTimeOffset minute)
    {
        var prices = new List<ModelPrice>(1);
        var isKnown = true;
        var end = minute + TimeSpan.FromMinutes(1);
        foreach (var at in (ReadOnlySpan<DateTimeOffset>)[minute, end, end + Horizon])
        {
            if (catalog.AnyPriceFor(Deployment, Model, at) is not { } price)
                isKnown = false;
            else if (!prices.Contains(price, ReferenceEqualityComparer.Instance))
                prices.Add(price);
        }
        return new PricedModel(this, [.. prices], isKnown);
    }

    /// <summary>Elsewhere a model of the same name may have another tokenizer.</summary>
    private static bool HasKnownTokenizer(string provider) => provider is "openai" or "text-completion-openai" or "azure";

    /// <summary>The longest limit that a client may set or the config sets, and the longest wait for money before it.</summary>
    private TimeSpan HorizonOf(GatewaySnapshot current)
    {
        var router = current.Config.Router;
        TimeSpan?[] limits =
        [
            RoutingParams.LongestTimeout, router.Timeout, router.StreamTimeout, current.Config.LiteLlm.RequestTimeout,
            Deployment.Params.Timeout, Deployment.Params.StreamTimeout,
        ];
        return limits.Max()!.Value + current.Config.General.BudgetWait;
    }
}

/// <summary>A model with the prices that it can have in a minute and until the requests of that minute have ended.</summary>
/// <param name="IsKnown">False: there is a time for which no price is known.</param>
internal sealed record PricedModel(RequestBoundModel Of, ModelPrice[] Prices, bool IsKnown)
{
    /// <summary>True when what is written to a cache costs more than plain input.</summary>
    public bool ChargesForCacheWrites { get; } = Prices.Any(price => !SameWithoutWrites(price));

    private static bool SameWithoutWrites(ModelPrice price) =>
        price.Services.IsEmpty && price.Tiers.All(tier => IsPlain(tier.Rates)) && IsPlain(price.Rates);

    private static bool IsPlain(PriceRates rates) => Math.Max(rates.CacheWrite, rates.CacheWriteHour) <= rates.Input;
}
