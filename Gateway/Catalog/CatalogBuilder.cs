using System.Collections.Immutable;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>Makes deployments of the entries of <c>model_list</c>, one by one; what cannot be called is left out with a finding.</summary>
internal sealed class CatalogBuilder(
    IReadOnlyDictionary<string, string> environment, PriceBook prices, CostAdjustments adjustments, DateTimeOffset now,
    List<ConfigFinding> findings)
{
    private const string EnvironmentVariable = "LITELLM_ENVIRONMENT";

    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly HashSet<string> _keysMissed = new(StringComparer.Ordinal);
    private DeploymentConfig _config = null!;

    /// <summary>Names of entries that are left out because an environment variable is missing.</summary>
    public HashSet<string> LeftOut { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// The deployments of an entry: none, one, or (where <c>model: "*"</c> leaves the provider to the client) one per provider
    /// with a key.
    /// </summary>
    public IEnumerable<Deployment> Build(DeploymentConfig config)
    {
        _config = config;
        if (!IsComplete() || !IsForThisEnvironment())
            return [];
        if (config.Params is { Model: "*", ApiBase: null, CustomLlmProvider: null, MockResponse: null })
            return BuildCatchAll();
        return Resolve() is { } model && BuildOne(model, TakeId(), config.Params.Model) is { } deployment ? [deployment] : [];
    }

    private bool IsComplete()
    {
        var (name, model) = (_config.ModelName, _config.Params.Model);
        if (string.IsNullOrWhiteSpace(name) || string.IsNullOrWhiteSpace(model))
        {
            var key = string.IsNullOrWhiteSpace(name) ? "model_name" : "litellm_params.model";
            Add(FindingKind.Invalid, key, "is empty; the deployment is left out");
            return false;
        }
        var (stars, targets) = (name.Count(c => c == '*'), model.Count(c => c == '*'));
        if (targets > stars)
        {
            Add(FindingKind.Invalid, "litellm_params.model",
                $"has {targets} '*' where model_name has {stars}, so that nothing fills it; the deployment is left out");
            return false;
        }
        if (targets > 0 && targets < stars)
            Add(FindingKind.Approximated, "litellm_params.model", "has fewer '*' than model_name: the client's whole model name is sent");
        return true;
    }

    private bool IsForThisEnvironment()
    {
        var wanted = _config.Info.SupportedEnvironments;
        if (wanted.IsDefaultOrEmpty)
            return true;
        if (!environment.TryGetValue(EnvironmentVariable, out var here) || here.Length == 0)
        {
            Add(FindingKind.MissingVariable, "model_info.supported_environments",
                $"is set and {EnvironmentVariable} is not; the deployment is left out");
            LeftOut.Add(_config.ModelName);
            return false;
        }
        return wanted.Contains(here);
    }

    private UpstreamModel? Resolve()
    {
        var settings = _config.Params;
        if (settings.CustomLlmProvider is { } custom && Providers.Find(custom) is null)
        {
            Add(FindingKind.Invalid, "litellm_params.custom_llm_provider",
                "is not a known provider" + NearNames.Hint(custom, Providers.All.Select(p => p.Name)));
        }
        if (UpstreamModel.Read(settings, prices) is { } model)
        {
            if (model.IsAssumed)
            {
                Add(FindingKind.Approximated, "litellm_params.model",
                    "names no known provider; taken for a server that speaks OpenAI's API. Write openai/… to say so");
            }
            return model;
        }
        if (settings.MockResponse is not null)
            return new UpstreamModel(Providers.Mock, settings.Model, false);
        var prefix = settings.Model.Split('/')[0];
        Add(FindingKind.Invalid, "litellm_params.model",
            "LLM Provider NOT provided: write provider/model, or add api_base for a server that speaks OpenAI's API; "
            + "the deployment is left out"
            + (settings.Model.Contains('/') ? NearNames.Hint(prefix, Providers.All.Select(p => p.Name)) : ""));
        return null;
    }

    /// <summary>
    /// One deployment for each provider whose key is in the environment: the client names the provider, as in LiteLLM. A key of
    /// the entry's own goes to OpenAI only, never to whomever a client names.
    /// </summary>
    private IEnumerable<Deployment> BuildCatchAll()
    {
        if (_config.Params.ApiKey is not null)
        {
            Add(FindingKind.Approximated, "litellm_params.api_key",
                "is sent to OpenAI only, because model \"*\" lets the client choose the provider; the others need their own variables");
        }
        var id = TakeId();
        foreach (var provider in Providers.All)
        {
            var isCallable = StarterConfig.IsReady(provider, environment)
                || provider == Providers.OpenAI && _config.Params.ApiKey is { IsUsable: true };
            if (!isCallable)
                continue;
            var model = new UpstreamModel(provider, "*", false);
            if (BuildOne(model, Unique($"{id}-{provider.Name}"), provider.Name + "/*") is { } deployment)
                yield return deployment with { IsOneOfCatchAll = true };
        }
    }

    private Deployment? BuildOne(UpstreamModel model, string id, string spelled)
    {
        var (settings, info) = (_config.Params, _config.Info);
        var provider = model.Provider;
        var region = BedrockName.Take(ref model);
        var isMock = provider == Providers.Mock || settings.MockResponse is not null;
        var (apiBase, version) = ("", settings.ApiVersion);
        var cloud = isMock ? CloudSettings.None : FindCloud(provider);
        if (region is not null)
            cloud = cloud with { Aws = cloud.Aws with { RegionName = region } };
        if (!isMock && provider.IsBuilt && !FindBase(provider, model.Name, cloud, out apiBase, ref version))
            return null;
        if (!isMock && !provider.IsBuilt)
            Add(FindingKind.Refused, "litellm_params.model", $"{provider.DisplayName} is not supported yet; calls are answered with 501");

        var problems = new List<string>();
        var own = DeploymentPrice.Of(settings.Price, problems);
        foreach (var problem in problems)
            Add(FindingKind.Invalid, "litellm_params", problem);
        var deployment = new Deployment
        {
            Id = id,
            ModelName = _config.ModelName,
            Provider = provider,
            UpstreamModel = model.Name,
            Model = spelled.StartsWith(provider.Name + "/", StringComparison.Ordinal) ? spelled : $"{provider.Name}/{spelled}",
            ApiBase = apiBase,
            ApiVersion = version,
            ApiKey = isMock ? null : FindKey(provider, apiBase, cloud),
            Cloud = cloud,
            IsMock = isMock,
            Speaks = SpokenFormats.Of(provider, isMock, apiBase, info.Mode, model.Name),
            OwnPrice = own,
            Overrides = AnswerTerms.Of(settings.ExtraBody),
            Defaults = AnswerTerms.Of(settings.Defaults),
            Adjustments = adjustments,
            Config = _config,
        };
        return deployment with
        {
            Price = WildcardPattern.IsPattern(model.Name) && own is null ? null : deployment.FindPrice(prices, model.Name, now),
            Limits = DeploymentPrice.LimitsOf(info, deployment.FindLimits(prices, model.Name)),
            Urls = isMock || !provider.IsBuilt ? [] : deployment.BuildUrls(),
        };
    }

    private bool FindBase(Provider provider, string model, CloudSettings cloud, out string apiBase, ref string? version)
    {
        apiBase = "";
        var given = _config.Params.ApiBase is { Length: > 0 } own ? own : null;
        var text = given ?? Providers.FirstSet(environment, provider.ApiBaseVariables) ?? provider.ApiBase;
        text = CloudUrl.Of(provider, cloud, text, out var missing) ?? text;
        if (missing is not null)
        {
            Add(FindingKind.Invalid, "litellm_params", $"{missing}; the deployment is left out");
            return false;
        }
        if (text is null)
        {
            var variable = provider.ApiBaseVariables.FirstOrDefault();
            if (variable is not null)
                LeftOut.Add(_config.ModelName);
            Add(variable is null ? FindingKind.Invalid : FindingKind.MissingVariable, "litellm_params.api_base",
                $"is needed for {provider.DisplayName}: add it{(variable is null ? "" : $" or set {variable}")}; the deployment is left out");
            return false;
        }
        if (UpstreamUrl.Normalize(provider, text, out apiBase, out var query) is { } problem)
        {
            var where = given is null ? $" (it is taken from {string.Join(" or ", provider.ApiBaseVariables)})" : "";
            Add(FindingKind.Invalid, "litellm_params.api_base", $"{problem}{where}; the deployment is left out");
            return false;
        }
        if (provider == Providers.Azure)
            version ??= QueryVersion(query) ?? Providers.FirstSet(environment, ["AZURE_API_VERSION"]);
        else if (query.Length > 0)
        {
            Add(FindingKind.Approximated, "litellm_params.api_base",
                "has a query (?…), which is not sent; use extra_headers or extra_body");
        }
        if (!UpstreamUrl.HoldsModel(provider, apiBase) || UpstreamUrl.IsSegment(model))
            return true;
        Add(FindingKind.Invalid, "litellm_params.model", "has a name that cannot stand in a URL; the deployment is left out");
        return false;
    }

    /// <summary>
    /// The deployment's own key, else the provider's variable. A key that is configured and came to nothing is not replaced:
    /// another key would be sent to where this one was meant for.
    /// </summary>
    private Secret? FindKey(Provider provider, string apiBase, CloudSettings cloud)
    {
        if (_config.Params.ApiKey is { } own && (_config.Params.Model != "*" || provider == Providers.OpenAI))
            return own.IsUsable ? own : null;
        if (provider.Auth == AuthScheme.AzureEntra && _config.Params.Cloud.Azure.IsSet)
            return null; // the entry says how it is called
        if (Providers.FirstSet(environment, provider.KeyVariables) is { } value)
            return Secret.Of(value.Trim());
        if (provider.Auth == AuthScheme.AzureEntra && cloud.Azure.IsComplete)
            return null;
        // A server at an address of one's own may need none.
        var needsOne = provider is { IsBuilt: true, KeyIsOptional: false } && (provider == Providers.Azure || apiBase == provider.ApiBase);
        if (needsOne && _keysMissed.Add(provider.Name))
        {
            Add(FindingKind.MissingVariable, "litellm_params.api_key",
                $"is absent and {string.Join(" or ", provider.KeyVariables)} is not set; {provider.DisplayName} will refuse the calls");
        }
        return null;
    }

    /// <summary>
    /// Who the gateway is at the provider's cloud, with the environment under what the entry says; nothing where it takes a key.
    /// </summary>
    private CloudSettings FindCloud(Provider provider)
    {
        var own = _config.Params.Cloud;
        var cloud = provider.Auth switch
        {
            AuthScheme.AwsSigV4 => new() { Aws = own.Aws.Under(environment) },
            AuthScheme.GoogleOAuth => new() { Vertex = own.Vertex.Under(environment) },
            AuthScheme.AzureEntra => new() { Azure = own.Azure.Under(environment) },
            AuthScheme.WatsonxIam => new() { Watsonx = own.Watsonx.Under(environment) },
            _ => CloudSettings.None,
        };
        if (own.Azure.IsSet && _config.Params.ApiKey is null && provider.Auth == AuthScheme.AzureEntra && !cloud.Azure.IsComplete)
        {
            Add(FindingKind.Invalid, "litellm_params.client_id",
                $"needs all of tenant_id, client_id and client_secret, or azure_ad_token; {provider.DisplayName} will refuse the calls");
        }
        if (provider.Auth == AuthScheme.GoogleOAuth && cloud.Vertex.Problem is { } problem)
        {
            Add(FindingKind.Invalid, "litellm_params.vertex_credentials",
                $"cannot be used: {problem}; calls of {provider.DisplayName} will fail");
        }
        return cloud;
    }

    private string TakeId()
    {
        var wanted = _config.Info.Id is { Length: > 0 } own ? own : null;
        if (wanted is not null && _ids.Contains(wanted))
            Add(FindingKind.Invalid, "model_info.id", $"'{wanted}' is the id of another deployment too; this one gets a number after it");
        return Unique(wanted ?? DeploymentId.Of(_config));
    }

    private string Unique(string id)
    {
        var (free, number) = (id, 2);
        while (!_ids.Add(free))
            free = $"{id}-{number++}";
        return free;
    }

    private static string? QueryVersion(string query)
    {
        const string name = "api-version=";
        var part = query.TrimStart('?').Split('&').FirstOrDefault(p => p.StartsWith(name, StringComparison.OrdinalIgnoreCase));
        return part is { Length: > 12 } ? Uri.UnescapeDataString(part[name.Length..]) : null;
    }

    private void Add(FindingKind kind, string key, string message) =>
        findings.Add(new ConfigFinding(kind, _config.File, _config.Line, $"{_config.Path}.{key}", message));
}
