namespace Gateway.Config;

/// <summary>The keys of <c>litellm_params</c> that say who the gateway is at a cloud, where one key does not say it.</summary>
public sealed record CloudSettings
{
    /// <summary>Nothing is set.</summary>
    public static CloudSettings None { get; } = new();

    public AwsSettings Aws { get; init; } = new();
    public VertexSettings Vertex { get; init; } = new();
    public AzureSettings Azure { get; init; } = new();
    public WatsonxSettings Watsonx { get; init; } = new();

    internal static CloudSettings Read(YamlSection s) => new()
    {
        Aws = AwsSettings.Read(s),
        Vertex = VertexSettings.Read(s),
        Azure = AzureSettings.Read(s),
        Watsonx = WatsonxSettings.Read(s),
    };

    /// <summary>The first of some variables that is set and not empty. Null: none is.</summary>
    internal static string? Variable(IReadOnlyDictionary<string, string> environment, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (environment.TryGetValue(name, out var value) && !string.IsNullOrWhiteSpace(value))
                return value.Trim();
        }
        return null;
    }

    /// <summary>As <see cref="Variable"/>, for secrets.</summary>
    internal static Secret? SecretVariable(IReadOnlyDictionary<string, string> environment, params ReadOnlySpan<string> names) =>
        Variable(environment, names) is { } value ? Secret.Of(value) : null;

    /// <summary>The folder of the user that the gateway runs as. Null: it has none.</summary>
    internal static string? HomeFolder(IReadOnlyDictionary<string, string> environment) => Variable(environment, "HOME", "USERPROFILE");
}
