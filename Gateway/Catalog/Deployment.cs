using System.Collections.Immutable;
using Gateway.Config;
using Gateway.Pricing;

namespace Gateway.Catalog;

/// <summary>One model at one provider, ready to be called.</summary>
public sealed class Deployment
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

    /// <summary>Base URL without a slash at the end and without query. Empty for a mock.</summary>
    public required string ApiBase { get; init; }

    /// <summary>The provider's key. Null: none is needed or none is set.</summary>
    public Secret? ApiKey { get; init; }

    /// <summary>True when the answer comes from the gateway itself (<c>mock/</c> or <c>mock_response</c>).</summary>
    public bool IsMock { get; init; }

    /// <summary>What the deployment costs. Null: unknown, or (wildcards) known only with the model.</summary>
    public ModelPrice? Price { get; init; }

    public ModelLimits Limits { get; init; } = ModelLimits.None;

    /// <summary>The entry it was made from: timeouts, weights, defaults, extra headers …</summary>
    public required DeploymentConfig Config { get; init; }

    public LiteLlmParams Params => Config.Params;
    public ImmutableArray<string> AccessGroups => Config.Info.AccessGroups;
    public override string ToString() => $"{ModelName} → {Model}";
}

/// <summary>A public model name and the deployments that serve it.</summary>
public sealed class ModelGroup
{
    /// <summary>The public name; for a wildcard match the name that the client used.</summary>
    public required string Name { get; init; }

    public required ImmutableArray<Deployment> Deployments { get; init; }

    /// <summary>For a wildcard match: what the model is called at the provider, deployment by deployment. Empty: each one's own <see cref="Deployment.UpstreamModel"/>.</summary>
    public ImmutableArray<string> UpstreamModels { get; init; } = [];

    /// <summary>All access groups of the deployments.</summary>
    public ImmutableArray<string> AccessGroups { get; init; } = [];
}
