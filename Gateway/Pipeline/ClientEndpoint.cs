using Gateway.Dialects;
using Gateway.Dialects.Hub;

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

    /// <summary>Whether answers are streamed, where the URL says it. Null: the body does.</summary>
    public bool? IsStream { get; init; }

    /// <summary>How answers come back where the provider speaks the same.</summary>
    public Wire Wire { get; } = new PassThroughWire(Dialect);

    /// <summary>What reads and writes this dialect where the provider speaks another. Null: then the provider cannot be asked.</summary>
    public HubClient? Hub { get; init; } = HubOf(Dialect.Format, Operation);

    private static HubClient? HubOf(WireFormat format, Operation operation) => (format, operation) switch
    {
        (WireFormat.OpenAi, Operation.Chat) => HubDialects.ClientOf("openai"),
        (WireFormat.OpenAi, Operation.Completions) => HubDialects.ClientOf("completions"),
        (_, Operation.Chat) => HubDialects.Clients.FirstOrDefault(half => half.Half.Format == format).Half,
        _ => null,
    };
}
