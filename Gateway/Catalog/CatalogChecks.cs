using Gateway.Config;

namespace Gateway.Catalog;

/// <summary>Finds what a config says about models that its catalog does not bear out.</summary>
internal sealed class CatalogChecks
{
    /// <summary>Words of LiteLLM's that stand in lists of models and are no model's name.</summary>
    private static readonly string[] Words = ["*", ModelAccess.All, ModelAccess.None, "all-team-models"];

    private readonly GatewayConfig _config;
    private readonly ModelCatalog _catalog;
    private readonly List<WildcardPattern> _leftOut;
    private readonly List<ConfigFinding> _findings;
    private readonly List<string> _names;

    private CatalogChecks(GatewayConfig config, ModelCatalog catalog, IEnumerable<string> leftOut, List<ConfigFinding> findings)
    {
        _config = config;
        _catalog = catalog;
        _leftOut = [.. leftOut.Select(name => new WildcardPattern(name))];
        _findings = findings;
        _names = [.. catalog.Deployments.Select(d => d.ModelName).Concat(config.Router.ModelGroupAlias.Select(a => a.Alias)).Distinct()];
    }

    /// <summary>Adds findings for aliases, fallbacks and users' models that lead nowhere, and for budgets that cannot see a price.</summary>
    /// <param name="config">The config.</param>
    /// <param name="catalog">What was made of it.</param>
    /// <param name="leftOut">Names of entries that are not in the catalog because an environment variable is missing.</param>
    /// <param name="findings">Grows by what there is to say.</param>
    public static void Run(GatewayConfig config, ModelCatalog catalog, IEnumerable<string> leftOut, List<ConfigFinding> findings)
    {
        var checks = new CatalogChecks(config, catalog, leftOut, findings);
        checks.CheckAliases();
        checks.CheckFallbacks();
        checks.CheckUsers();
        checks.CheckPrices();
    }

    private void CheckAliases()
    {
        foreach (var alias in _config.Router.ModelGroupAlias)
        {
            var path = $"router_settings.model_group_alias.{alias.Alias}";
            if (!_catalog.Knows(alias.Model))
                AddNamesNothing(alias.File, alias.Line, path, alias.Model, _names);
            else if (_catalog.Groups.Any(g => g.Name == alias.Alias))
                Add(FindingKind.Invalid, alias.File, alias.Line, path,
                    "is the name of a model too, which comes first; the alias is never used");
        }
    }

    private void CheckFallbacks()
    {
        foreach (var rule in _config.Router.Fallbacks.Concat(_config.Router.ContextWindowFallbacks).Concat(_config.Router.ContentPolicyFallbacks))
        {
            if (rule.Group != "*" && !_catalog.Knows(rule.Group))
                AddNamesNothing(rule.File, rule.Line, rule.Path, rule.Group, _names);
            foreach (var target in rule.Targets.Where(t => !_catalog.Knows(t)))
                AddNamesNothing(rule.File, rule.Line, rule.Path, target, _names);
        }
    }

    private void CheckUsers()
    {
        var groups = _catalog.Deployments.SelectMany(d => d.AccessGroups).ToHashSet();
        foreach (var user in _config.UserAccess)
        {
            foreach (var model in user.Models)
            {
                if (!Words.Contains(model) && !groups.Contains(model) && !WildcardPattern.IsPattern(model) && !_catalog.Knows(model))
                    AddNamesNothing(user.File, user.Line, $"{user.Path}.models", model, _names.Concat(groups));
            }
        }
    }

    private void CheckPrices()
    {
        var hasCallersWithBudgets = BudgetsOfCallers().Any(HasBudget);
        var what = _config.General.UnknownPrice == UnknownPrice.Deny
            ? "it is refused wherever there is a budget"
            : "it is booked at 0, and no budget sees what it costs";
        foreach (var deployment in _catalog.Deployments)
        {
            if (deployment.Price is not null || !deployment.Provider.IsBuilt || WildcardPattern.IsPattern(deployment.UpstreamModel)
                || !hasCallersWithBudgets && !HasBudget(deployment.Provider))
                continue;
            Add(FindingKind.Approximated, deployment.Config.File, deployment.Config.Line, $"{deployment.Config.Path}.litellm_params",
                $"no price is known for '{deployment.Model}': {what}; add input_cost_per_token and output_cost_per_token "
                + "(or model_info.base_model)");
        }
    }

    /// <summary>The limits of all who may pay for a request, whichever provider it goes to.</summary>
    private IEnumerable<SubjectLimits> BudgetsOfCallers() =>
    [
        _config.GatewayLimits, _config.LiteLlm.EndUserLimits, .. _config.Teams.Select(team => team.Limits),
        .. _config.UserAccess.SelectMany(user => user.Keys.Select(key => key.Limits).Prepend(user.Limits)),
        .. _config.Router.TagBudgets.Select(tag => tag.Value),
    ];

    private bool HasBudget(Provider provider) =>
        _config.Router.ProviderBudgets.Any(of => of.Key == provider.Name && HasBudget(of.Value));

    private static bool HasBudget(SubjectLimits limits) => limits.MaxBudget is not null || limits.Models.Any(model => HasBudget(model.Limits));

    private void AddNamesNothing(string file, int line, string path, string model, IEnumerable<string> known)
    {
        if (_leftOut.Any(name => name.Text == model || name.Capture(model) is not null))
            Add(FindingKind.MissingVariable, file, line, path,
                $"names '{model}', which is left out because an environment variable is missing");
        else
            Add(FindingKind.Invalid, file, line, path, $"names '{model}', which is no model here{NearNames.Hint(model, known)}");
    }

    private void Add(FindingKind kind, string file, int line, string path, string message) =>
        _findings.Add(new ConfigFinding(kind, file, line, path, message));
}
