using Gateway.Dialects;

namespace Gateway.Pipeline;

/// <summary>One URL at which clients call models.</summary>
/// <param name="Route">The path as registered, for logs and metrics.</param>
/// <param name="Dialect">The wire format that is spoken there.</param>
/// <param name="Operation">What is done there.</param>
/// <param name="ModelInPath">True when the path names the model (<c>{model}</c>).</param>
public sealed record ClientEndpoint(string Route, Dialect Dialect, Operation Operation, bool ModelInPath = false)
{
    /// <summary>What is done with files or batches there. Null: models are called.</summary>
    public FileCall? File { get; init; }
}
