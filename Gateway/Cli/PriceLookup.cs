using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Cli;

/// <summary>A price and how it was found.</summary>
/// <param name="Model">Whose price it is: <c>openai/gpt-4o</c>.</param>
/// <param name="Price">The price.</param>
/// <param name="Why">Where it comes from and why that counts.</param>
internal sealed record FoundPrice(string Model, ModelPrice Price, string Why)
{
    public string Provider => Model[..Model.IndexOf('/')];

    /// <summary>The model without its provider.</summary>
    public string Upstream => Model[(Model.IndexOf('/') + 1)..];
}

/// <summary>Finds the prices that <c>gateway price</c> shows.</summary>
internal static class PriceLookup
{
    private const string BuiltIn = "the built-in price list";

    /// <summary>The price of each deployment that a name leads to in the config; else that of the model itself.</summary>
    /// <param name="model">A public model name of the config, or a model with or without provider.</param>
    /// <param name="config">A config file. Null: the built-in prices alone.</param>
    /// <param name="environment">What the config refers to.</param>
    /// <param name="at">The time for which the price holds.</param>
    /// <param name="unknown">Where nothing is found: what to say.</param>
    /// <exception cref="StartException">The config cannot be used.</exception>
    public static IReadOnlyList<FoundPrice> Find(
        string model, string? config, IReadOnlyDictionary<string, string> environment, DateTimeOffset at, out string unknown)
    {
        var settings = config is null ? new GatewayConfig() : Load(config, ref environment);
        var catalog = ModelCatalog.Build(settings, environment, PriceBook.Embedded, at, []);
        var group = catalog.Resolve(model);
        var alone = group is null ? DeploymentOf(model, settings, at) : null;
        (Deployment Deployment, string Upstream)[] deployments = group is not null
            ? [.. group.Deployments.Select(d => (d, group.UpstreamModelOf(d)))]
            : alone is not null ? [(alone, alone.UpstreamModel)] : [];
        unknown = $"no price is known for '{Printable(model)}'."
            + (group is null ? Suggestion(model, alone) : "")
            + " In a config, input_cost_per_token and output_cost_per_token of the deployment's litellm_params give it one, or"
            + " model_info.base_model the price of another model.";
        return
        [
            .. deployments
                .Select(d => (d.Deployment, d.Upstream, Price: catalog.PriceFor(d.Deployment, d.Upstream, at)))
                .Where(d => d.Price is not null)
                .Select(d => new FoundPrice($"{d.Deployment.Provider.Name}/{d.Upstream}", d.Price!, Why(d.Deployment, d.Price!, settings)))
                .DistinctBy(found => (found.Model, found.Price.Id, found.Why)),
        ];
    }

    private static GatewayConfig Load(string path, ref IReadOnlyDictionary<string, string> environment)
    {
        var loaded = ConfigReader.Load(ConfigPath.Find(path, environment)!, environment);
        if (loaded.Findings.FirstOrDefault(finding => finding.Kind == FindingKind.Fatal) is { } fatal)
            throw new StartException($"{fatal}");
        environment = loaded.Environment;
        return loaded.Config;
    }

    /// <summary>The model as a deployment that nothing is said of, and that is never called. Null: its provider cannot be told.</summary>
    private static Deployment? DeploymentOf(string model, GatewayConfig settings, DateTimeOffset at)
    {
        var entry = new DeploymentConfig
        {
            ModelName = model,
            Params = new LiteLlmParams { Model = model, MockResponse = "" },
            File = "",
            Line = 0,
        };
        return UpstreamModel.Read(entry.Params, PriceBook.Embedded) is null ? null : ModelCatalog
            .Build(settings with { ModelList = [entry] }, new Dictionary<string, string>(), PriceBook.Embedded, at, [])
            .Deployments.FirstOrDefault();
    }

    private static string Why(Deployment deployment, ModelPrice price, GatewayConfig config)
    {
        var name = deployment.Config.Info.BaseModel;
        var named = string.IsNullOrEmpty(name) ? "" : $", looked up as model_info.base_model '{Printable(name)}'";
        var map = config.LiteLlm.PriceMap is { } file ? Printable(file.Name) : null;
        return price.Source switch
        {
            PriceSource.Deployment => "the deployment's own price, which comes first",
            PriceSource.Map => $"the config's price map {map}, which comes before {BuiltIn}{named}",
            PriceSource.Free => $"a server of one's own, or a model marked :free, costs nothing{named}",
            _ => BuiltIn + named + (map is null ? "" : $"; the config's price map {map} has none for it"),
        };
    }

    private static string Suggestion(string model, Deployment? found)
    {
        var slash = model.IndexOf('/');
        var provider = found?.Provider.Name ?? (slash > 0 ? model[..slash] : Providers.OpenAI.Name);
        var names = PriceBook.Embedded.ModelsOf(provider).Select(m => $"{provider}/{m}");
        var near = NearNames.Of(slash > 0 ? model : $"{provider}/{model}", names).ToList();
        if (near.Count > 0)
            return $" Near names: {string.Join(", ", near)}.";
        return found is null && slash <= 0 ? " Write it with its provider, as in openai/gpt-4o." : "";
    }

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
