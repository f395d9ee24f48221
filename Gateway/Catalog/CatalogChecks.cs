using Gateway.Config;

namespace Gateway.Catalog;

/// <summary>Finds what a config says about models that its catalog does not bear out.</summary>
internal static class CatalogChecks
{
    /// <summary>Words of LiteLLM's that stand in lists of models and are no model's name.</summary>
    private static readonly string[] Words = ["*", ModelAccess.All, ModelAccess.None, "all-team-models"];

    /// <summary>Adds findings for aliases, fallbacks and users' models that lead nowhere, and for budgets that cannot see a price.</summary>
    public static void Run(GatewayConfig config, ModelCatalog catalog, List<ConfigFinding> findings)
    {
        var file = config.ModelList.IsDefaultOrEmpty ? "config.yaml" : config.ModelList[0].File;
        var aliases = config.Router.ModelGroupAlias;
        var names = catalog.Deployments.Select(d => d.ModelName).Concat(aliases.Select(a => a.Alias)).Distinct().ToList();

        foreach (var alias in aliases)
        {
            var path = $"router_settings.model_group_alias.{alias.Alias}";
            if (!catalog.Knows(alias.Model))
                Add(0, path, NamesNothing(alias.Model, names));
            else if (catalog.Groups.Any(g => g.Name == alias.Alias))
                Add(0, path, "is the name of a model too, which comes first; the alias is never used");
        }
        CheckFallbacks();
        CheckUsers();
        CheckPrices();

        void CheckFallbacks()
        {
            var fromRouter = !config.Router.Fallbacks.IsDefaultOrEmpty;
            var section = fromRouter ? "router_settings" : "litellm_settings";
            foreach (var (group, targets) in fromRouter ? config.Router.Fallbacks : config.LiteLlm.Fallbacks)
            {
                if (group != "*" && !catalog.Knows(group))
                    Add(0, $"{section}.fallbacks", $"'{group}' is no model here{NearNames.Hint(group, names)}");
                foreach (var target in targets.Where(t => !catalog.Knows(t)))
                    Add(0, $"{section}.fallbacks.{group}", NamesNothing(target, names));
            }
            foreach (var target in config.LiteLlm.DefaultFallbacks.Where(t => !catalog.Knows(t)))
                Add(0, "litellm_settings.default_fallbacks", NamesNothing(target, names));
        }

        void CheckUsers()
        {
            var groups = catalog.Deployments.SelectMany(d => d.AccessGroups).ToHashSet();
            for (var i = 0; i < config.UserAccess.Length; i++)
            {
                var user = config.UserAccess[i];
                foreach (var model in user.Models)
                {
                    if (Words.Contains(model) || groups.Contains(model) || WildcardPattern.IsPattern(model) || catalog.Knows(model))
                        continue;
                    Add(user.Line, $"user_access[{i}].models", NamesNothing(model, names.Concat(groups)));
                }
            }
        }

        void CheckPrices()
        {
            if (!config.UserAccess.Any(u => u.MaxBudget is not null))
                return;
            foreach (var deployment in catalog.Deployments)
            {
                if (deployment.Price is not null || !deployment.Provider.IsBuilt || WildcardPattern.IsPattern(deployment.UpstreamModel))
                    continue;
                findings.Add(new ConfigFinding(FindingKind.Approximated, deployment.Config.File, deployment.Config.Line,
                    $"model_list[{config.ModelList.IndexOf(deployment.Config)}].litellm_params",
                    $"no price is known for '{deployment.Model}', so that budgets cannot see what it costs; add input_cost_per_token and "
                    + "output_cost_per_token (or model_info.base_model)"));
            }
        }

        static string NamesNothing(string model, IEnumerable<string> known) =>
            $"names '{model}', which is no model here{NearNames.Hint(model, known)}";

        void Add(int line, string path, string message) => findings.Add(new ConfigFinding(FindingKind.Invalid, file, line, path, message));
    }
}
