using Gateway.Config;

namespace Gateway.Catalog;

/// <summary>What is served when there is no config file: a model that answers without any provider, and every provider whose key is there.</summary>
public static class StarterConfig
{
    /// <summary>The model that needs neither key nor network.</summary>
    public const string MockModel = "mock-gpt";

    private const string File = "(no config file)";

    /// <summary>
    /// A mock, priced like a mid-sized model (2.50 and 10 USD per million tokens) so that a cost shows, and <c>openai/*</c> and
    /// its like for each provider with a key in the environment. Bare names (<c>gpt-4o</c>) lead to their provider's wildcard.
    /// </summary>
    public static GatewayConfig For(IReadOnlyDictionary<string, string> environment)
    {
        var mock = new LiteLlmParams
        {
            Model = $"{Providers.Mock.Name}/{MockModel}",
            Price = new CustomPrice { InputCostPerToken = 0.0000025m, OutputCostPerToken = 0.00001m },
        };
        var wildcards = Providers.All.Where(p => IsReady(p, environment)).Select(p => Entry($"{p.Name}/*", new() { Model = $"{p.Name}/*" }));
        return new GatewayConfig { ModelList = [Entry(MockModel, mock), .. wildcards] };
    }

    /// <summary>Says how to go on, to whoever started a gateway without a config.</summary>
    public static string Welcome(string address, GatewayConfig config) => $$"""
        No config file: serving {{string.Join(", ", config.ModelList.Select(entry => entry.ModelName))}}. Try

          curl {{address}}/v1/chat/completions -H 'content-type: application/json' \
            -d '{"model": "{{MockModel}}", "messages": [{"role": "user", "content": "Hello"}]}'

        and write a config.yaml (a LiteLLM one will do) for models, users and budgets of your own.
        """;

    /// <summary>True when nothing but a model's name is missing for a call.</summary>
    internal static bool IsReady(Provider provider, IReadOnlyDictionary<string, string> environment) =>
        provider.IsBuilt
        && provider.Name != "text-completion-openai"   // OpenAI once more, for its old models
        && (provider.ApiBase is not null || Providers.FirstSet(environment, provider.ApiBaseVariables) is not null)
        && Providers.FirstSet(environment, provider.KeyVariables) is not null;

    private static DeploymentConfig Entry(string name, LiteLlmParams settings) => new() { ModelName = name, Params = settings, File = File, Line = 0 };
}
