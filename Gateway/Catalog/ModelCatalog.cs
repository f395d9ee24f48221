using System.Collections.Frozen;
using System.Collections.Immutable;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>A name of <c>/v1/models</c> and what it leads to.</summary>
public readonly record struct ListedModel(string Name, ModelGroup Group);

/// <summary>What can be called: an immutable snapshot of a config's models, aliases and fallbacks.</summary>
public sealed class ModelCatalog
{
    /// <summary>Longer than any model's name; a longer one leads nowhere.</summary>
    private const int MaxNameLength = 256;

    private const string CatchAll = "*";

    /// <summary>Deployments whose public name is a pattern.</summary>
    private sealed record WildcardGroup(WildcardPattern Pattern, ImmutableArray<Deployment> Deployments);

    private readonly PriceBook _prices;
    private readonly FrozenDictionary<string, ModelGroup> _names;   // groups and aliases
    private readonly ImmutableArray<WildcardGroup> _wildcards;      // in the order in which they are tried, the catch-all left out
    private readonly WildcardGroup? _catchAll;
    private readonly FrozenDictionary<string, Deployment> _byId;
    private readonly FallbackTable[] _fallbacks;                    // by FallbackKind
    private readonly Lazy<ImmutableArray<ListedModel>> _listed;

    private ModelCatalog(GatewayConfig config, ImmutableArray<Deployment> deployments, PriceBook prices)
    {
        _prices = prices;
        Deployments = deployments;
        Groups = [.. deployments.Where(d => !WildcardPattern.IsPattern(d.ModelName))
            .GroupBy(d => d.ModelName).Select(g => NewGroup(g.Key, [.. g]))];
        var wildcards = deployments.Where(d => WildcardPattern.IsPattern(d.ModelName))
            .GroupBy(d => d.ModelName).Select(g => new WildcardGroup(new WildcardPattern(g.Key), [.. g])).ToList();
        // OrderBy keeps the file's order among equals.
        _wildcards = [.. wildcards.Where(w => w.Pattern.Text != CatchAll)
            .OrderBy(w => w.Pattern, Comparer<WildcardPattern>.Create(WildcardPattern.Compare))];
        _catchAll = wildcards.Find(w => w.Pattern.Text == CatchAll);
        _byId = deployments.ToFrozenDictionary(d => d.Id);
        _fallbacks = [.. ((ImmutableArray<FallbackRule>[])
            [config.Router.Fallbacks, config.Router.ContextWindowFallbacks, config.Router.ContentPolicyFallbacks])
            .Select(rules => new FallbackTable(rules.Select(rule => KeyValuePair.Create(rule.Group, rule.Targets))))];

        var names = Groups.ToDictionary(g => g.Name);
        _names = names.ToFrozenDictionary();
        foreach (var alias in config.Router.ModelGroupAlias)
        {
            if (Resolve(alias.Model) is { } target)
                names.TryAdd(alias.Alias, target);
        }
        _names = names.ToFrozenDictionary();
        _listed = new(() => [.. List(config)]);
        ModelOf = id => _byId.GetValueOrDefault(id)?.Model;
    }

    /// <summary>All deployments in file order.</summary>
    public ImmutableArray<Deployment> Deployments { get; }

    /// <summary>The accounts of <c>files_settings</c>, whose files and batches are served.</summary>
    public ImmutableArray<Deployment> FileAccounts { get; private init; } = [];

    /// <summary>The groups with a name of their own, in file order; no aliases, no wildcards.</summary>
    public ImmutableArray<ModelGroup> Groups { get; }

    /// <summary>The model of a deployment by its id: <c>openai/gpt-4o</c>. Null: there is no such deployment.</summary>
    public Func<string, string?> ModelOf { get; }

    /// <summary>
    /// The names that <c>/v1/models</c> shows: groups, aliases that are not hidden, and the models that a wildcard stands for, as
    /// far as the price book knows them.
    /// </summary>
    public IEnumerable<ListedModel> Listed => _listed.Value;

    /// <summary>Makes a catalog; what is wrong with the config is added to <paramref name="findings"/>.</summary>
    /// <param name="config">The config.</param>
    /// <param name="environment">Where providers' keys and base URLs are looked up.</param>
    /// <param name="prices">The price book; the config's price map counts before it.</param>
    /// <param name="now">The time for which prices are looked up.</param>
    /// <param name="findings">Grows by what there is to say.</param>
    public static ModelCatalog Build(GatewayConfig config, IReadOnlyDictionary<string, string> environment, PriceBook prices,
        DateTimeOffset now, List<ConfigFinding> findings)
    {
        prices = ConfiguredPrices.Over(config.LiteLlm.PriceMap, prices, findings);
        var adjustments = CostAdjustments.Read(config.LiteLlm, findings);
        var builder = new CatalogBuilder(environment, prices, adjustments, now, findings);
        var catalog = new ModelCatalog(config, [.. config.ModelList.SelectMany(builder.Build)], prices)
        {
            FileAccounts = [.. config.FilesSettings.SelectMany(builder.Build)],
        };
        builder.LeftOut.UnionWith(config.ModelsOfMissingVariables);
        CatalogChecks.Run(config, catalog, builder.LeftOut, findings);
        return catalog;
    }

    /// <summary>
    /// What a model name leads to: 1. a group or an alias, 2. a wildcard, 3. the same with the provider whose model a bare name
    /// is, 4. the catch-all <c>*</c>, 5. the deployment with that id. Allocates nothing for 1.
    /// </summary>
    /// <returns>Null: the name is unknown.</returns>
    public ModelGroup? Resolve(string model)
    {
        if (_names.TryGetValue(model, out var group))                                   // 1
            return group;
        if (model.Length is 0 or > MaxNameLength || WildcardPattern.IsPattern(model))
            return null;
        return FromWildcards(model)                                                     // 2
            ?? FromInferredProvider(model)                                              // 3
            ?? (_catchAll is null ? null : Match(_catchAll, model, model))              // 4
            ?? FromId(model);                                                           // 5
    }

    /// <summary>True when a caller may use all models, those that nobody has named too.</summary>
    public static bool AllowsEverything(Caller caller) =>
        ModelAccess.AllowsEverything(caller.Models) && ModelAccess.AllowsEverything(caller.TeamModels);

    /// <summary>True when the name can be called.</summary>
    public bool Knows(string model) => Resolve(model) is not null;

    /// <summary>What a model costs at a deployment, at a time: prices change on dates and by the hour. Null: unknown.</summary>
    /// <param name="deployment">The deployment.</param>
    /// <param name="upstreamModel">The model at the provider: the deployment's own, or what a wildcard stands for.</param>
    /// <param name="at">When the request was made.</param>
    public ModelPrice? PriceFor(Deployment deployment, string upstreamModel, DateTimeOffset at) =>
        deployment.FindPrice(_prices, upstreamModel, at);

    /// <summary>As <see cref="PriceFor"/>, where pieces alone may have a price too (<see cref="ModelPrice.PricesTokens"/>).</summary>
    public ModelPrice? AnyPriceFor(Deployment deployment, string upstreamModel, DateTimeOffset at) =>
        deployment.FindAnyPrice(_prices, upstreamModel, at);

    /// <summary>
    /// The name under which a limit of output tokens is set in a body without one. Any server may stand behind <c>openai/</c> with a base
    /// URL of its own; unless the model is one of OpenAI's, it is sent the name that every server knows.
    /// </summary>
    public string LimitNameFor(Deployment deployment, Operation operation, string upstreamModel)
    {
        var (provider, name) = (deployment.Provider, deployment.Provider.ChatLimitName);
        if (operation != Operation.Chat || name == AnswerTerms.MaxTokensName)
            return AnswerTerms.MaxTokensName;
        if (provider != Providers.OpenAI || deployment.ApiBase == provider.ApiBase)
            return name;
        var model = deployment.Config.Info.BaseModel ?? upstreamModel;
        return _prices.MakerOf(model[(model.LastIndexOf('/') + 1)..]) == provider.Name ? name : AnswerTerms.MaxTokensName;
    }

    /// <summary>The configured fallbacks of one kind.</summary>
    public FallbackTable Fallbacks(FallbackKind kind) => _fallbacks[(int)kind];

    /// <summary>True when a caller may use a group under the name that was asked for (an alias counts as itself and as its target).</summary>
    public bool IsAllowed(Caller caller, string requestedName, ModelGroup group) =>
        AllowedBy(caller, requestedName, group) is not null;

    /// <summary>Which of the caller's models allows the group; <c>all-proxy-models</c> where there are none. Null: none does.</summary>
    public string? AllowedBy(Caller caller, string requestedName, ModelGroup group) =>
        IsAllowedByTeam(caller, requestedName, group) ? ModelAccess.AllowedBy(caller.Models, requestedName, group, _prices) : null;

    /// <summary>False when the caller's team may not use the group, whatever the caller may.</summary>
    public bool IsAllowedByTeam(Caller caller, string requestedName, ModelGroup group) =>
        caller.TeamModels.IsEmpty || ModelAccess.IsAllowed(caller.TeamModels, requestedName, group, _prices);

    private ModelGroup? FromWildcards(string model, string? asked = null)
    {
        foreach (var wildcard in _wildcards)
        {
            if (Match(wildcard, model, asked ?? model) is { } group)
                return group;
        }
        return null;
    }

    /// <summary><c>gpt-4o</c> is served by <c>openai/gpt-4o</c> and by <c>openai/*</c> too.</summary>
    private ModelGroup? FromInferredProvider(string model)
    {
        if (model.Contains('/') || _prices.MakerOf(model) is not { } maker)
            return null;
        var full = $"{maker}/{model}";
        return _names.GetValueOrDefault(full) ?? FromWildcards(full, model);
    }

    private ModelGroup? FromId(string id) =>
        _byId.TryGetValue(id, out var deployment) && !WildcardPattern.IsPattern(deployment.UpstreamModel)
            ? NewGroup(deployment.ModelName, [deployment], isById: true)
            : null;

    /// <summary>The group of a wildcard match, under the name that the client used. Null: the name does not fit.</summary>
    private ModelGroup? Match(WildcardGroup wildcard, string model, string asked)
    {
        if (wildcard.Pattern.Capture(model) is not { } captured)
            return null;
        var deployments = ImmutableArray.CreateBuilder<Deployment>();
        var upstream = ImmutableArray.CreateBuilder<string>();
        foreach (var deployment in wildcard.Deployments)
        {
            if (UpstreamNameOf(deployment, captured, model) is not { } name)
                continue;
            deployments.Add(deployment);
            upstream.Add(name);
        }
        return deployments.Count == 0 ? null : NewGroup(asked, deployments.ToImmutable(), upstream.ToImmutable(), prices: _prices);
    }

    /// <summary>What a wildcard's model is called at the provider. Null: the deployment does not serve it.</summary>
    private string? UpstreamNameOf(Deployment deployment, ImmutableArray<string> captured, string model)
    {
        if (!WildcardPattern.IsPattern(deployment.UpstreamModel))
            return deployment.UpstreamModel;
        var target = new WildcardPattern(deployment.UpstreamModel);
        // With fewer stars than texts there is no telling which one is meant: the client's whole name, as in LiteLLM.
        var name = target.Stars < captured.Length ? WithoutProvider(deployment, model) : target.Fill(captured);
        if (deployment.IsOneOfCatchAll && !IsFor(deployment, ref name))
            return null;
        name = UpstreamModel.WithPath(deployment.Provider, name);
        var isUsable = name.Length > 0 && (!UpstreamUrl.HoldsModel(deployment.Provider, deployment.ApiBase) || UpstreamUrl.IsSegment(name));
        return isUsable ? name : null;
    }

    /// <summary>With <c>model: "*"</c> the name says whose model it is: by its prefix, or as a bare name.</summary>
    private bool IsFor(Deployment deployment, ref string name)
    {
        var slash = name.IndexOf('/');
        var provider = slash > 0 && Providers.Find(name[..slash]) is { } named ? named.Name : null;
        if (provider is not null)
            name = name[(slash + 1)..];
        return deployment.Provider.Name == (provider ?? _prices.MakerOf(name));
    }

    private static string WithoutProvider(Deployment deployment, string model) =>
        model.StartsWith(deployment.Provider.Name + "/", StringComparison.Ordinal) ? model[(deployment.Provider.Name.Length + 1)..] : model;

    private static ModelGroup NewGroup(
        string name, ImmutableArray<Deployment> deployments, ImmutableArray<string> upstream = default, bool isById = false,
        PriceBook? prices = null) =>
        new()
        {
            Name = name,
            Deployments = deployments,
            IsById = isById,
            UpstreamModels = upstream.IsDefault ? [] : upstream,
            Prices = prices,
            AccessGroups = [.. deployments.SelectMany(d => d.AccessGroups).Distinct()],
        };

    private IEnumerable<ListedModel> List(GatewayConfig config)
    {
        var listed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var group in Groups)
        {
            listed.Add(group.Name);
            yield return new ListedModel(group.Name, group);
        }
        foreach (var alias in config.Router.ModelGroupAlias.Where(a => !a.Hidden))
        {
            if (_names.TryGetValue(alias.Alias, out var target) && listed.Add(alias.Alias))
                yield return new ListedModel(alias.Alias, target);
        }
        var hidden = config.Router.ModelGroupAlias.Where(a => a.Hidden).Select(a => a.Alias).ToHashSet();
        foreach (var name in _wildcards.Concat(_catchAll is null ? [] : [_catchAll]).SelectMany(NamesOf))
        {
            if (!hidden.Contains(name) && listed.Add(name) && Resolve(name) is { } group)
                yield return new ListedModel(name, group);
        }
    }

    /// <summary>The public names of the models that a wildcard's deployments are known to have.</summary>
    private IEnumerable<string> NamesOf(WildcardGroup wildcard)
    {
        foreach (var deployment in wildcard.Deployments)
        {
            var target = new WildcardPattern(deployment.UpstreamModel);
            if (target.Stars != wildcard.Pattern.Stars)
                continue;
            foreach (var model in _prices.ModelsOf(deployment.Provider.Name))
            {
                if (target.Capture(model) is not { } captured)
                    continue;
                // With model "*" the star of the public name stands for provider and model.
                yield return wildcard.Pattern.Fill(deployment.IsOneOfCatchAll ? [$"{deployment.Provider.Name}/{model}"] : captured);
            }
        }
    }
}
