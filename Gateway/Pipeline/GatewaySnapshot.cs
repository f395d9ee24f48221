using Gateway.Catalog;
using Gateway.Config;

namespace Gateway.Pipeline;

/// <summary>All that comes from the config, read once at the start of a request: a reload never changes a request half-way.</summary>
public sealed record GatewaySnapshot(GatewayConfig Config, ModelCatalog Catalog)
{
    /// <summary>What of the bounds of requests follows from the config alone.</summary>
    internal RequestBoundTable Bounds { get; } = new();
}
