namespace Gateway.Config;

/// <summary>Who the gateway is at Google Cloud: LiteLLM's <c>vertex_…</c> keys and the variables of Google's own tools.</summary>
public sealed record VertexSettings
{
    /// <summary>The project's id. Null: neither a setting nor a variable nor the credentials name one.</summary>
    public string? Project { get; init; }

    /// <summary><c>us-central1</c>, <c>global</c>. Null: LiteLLM's default, us-central1.</summary>
    public string? Location { get; init; }

    /// <summary>Credentials as JSON, or the path of a file that holds them. Null: <see cref="CredentialsFile"/>.</summary>
    public Secret? Credentials { get; init; }

    /// <summary>From the environment: the file that counts where no credentials are set. Null: the metadata server is asked.</summary>
    public string? CredentialsFile { get; init; }

    /// <summary>From the environment: the host, and port, of the metadata server.</summary>
    public string MetadataHost { get; init; } = DefaultMetadataHost;

    /// <summary>What was wrong with the credentials when the config was read. Null: nothing, or the reader has told of it.</summary>
    public string? Problem { get; init; }

    private const string DefaultMetadataHost = "metadata.google.internal"; // Google's, the same on every machine

    internal static VertexSettings Read(YamlSection s)
    {
        const string Key = "vertex_credentials";
        var json = s.Node(Key) is YamlMap map ? YamlJson.Write(map, s.Context, s.PathOf(Key)) : null;
        return new()
        {
            Project = s.Text("vertex_project") ?? s.Text("vertex_ai_project"),
            Location = s.Text("vertex_location") ?? s.Text("vertex_ai_location"),
            Credentials = json is null ? s.Secret(Key) ?? s.Secret("vertex_ai_credentials") : Secret.Of(json),
        };
    }

    internal VertexSettings Under(IReadOnlyDictionary<string, string> environment)
    {
        var named = Find("GOOGLE_APPLICATION_CREDENTIALS");
        var usual = UsualFile(environment);
        var settings = this with
        {
            Credentials = Credentials ?? CloudSettings.SecretVariable(environment, "VERTEXAI_CREDENTIALS"),
            CredentialsFile = named ?? (File.Exists(usual) ? usual : null),
            MetadataHost = Find("GCE_METADATA_HOST") ?? DefaultMetadataHost,
            Location = Location ?? Find("VERTEXAI_LOCATION", "VERTEX_LOCATION"),
        };
        var credentials = GoogleCredentials.Read(settings, out var problem);
        return settings with
        {
            Project = Project ?? Find("VERTEXAI_PROJECT", "VERTEX_PROJECT") ?? credentials?.ProjectId
                ?? Find("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"),
            Problem = settings.Credentials is { IsUsable: false } ? null : problem,
        };

        string? Find(params ReadOnlySpan<string> names) => CloudSettings.Variable(environment, names);
    }

    /// <summary>Where <c>gcloud auth application-default login</c> leaves a person's credentials.</summary>
    private static string? UsualFile(IReadOnlyDictionary<string, string> environment)
    {
        const string Name = "application_default_credentials.json";
        if (CloudSettings.Variable(environment, "CLOUDSDK_CONFIG") is { } folder)
            return Path.Combine(folder, Name);
        if (OperatingSystem.IsWindows())
            return CloudSettings.Variable(environment, "APPDATA") is { } data ? Path.Combine(data, "gcloud", Name) : null;
        return CloudSettings.HomeFolder(environment) is { } home ? Path.Combine(home, ".config", "gcloud", Name) : null;
    }
}
