using System.Text.Json;

namespace Gateway.Config;

/// <summary>Google's credentials out of their JSON: a service account's key, or what stands for a person who has logged in.</summary>
internal sealed record GoogleCredentials
{
    /// <summary>Google's own, where the credentials name none.</summary>
    private const string DefaultTokenUri = "https://oauth2.googleapis.com/token";

    private const string ServiceAccount = "service_account";
    private const string AuthorizedUser = "authorized_user";

    /// <summary>Who gives tokens for them.</summary>
    public required string TokenUri { get; init; }
    public string? ProjectId { get; init; }

    /// <summary>Whose quota is used, where it is not that of the credentials themselves.</summary>
    public string? QuotaProjectId { get; init; }

    /// <summary>A service account's address. Null: they are a person's.</summary>
    public string? ClientEmail { get; init; }
    public string? PrivateKeyId { get; init; }

    /// <summary>PEM.</summary>
    public Secret? PrivateKey { get; init; }

    public string? ClientId { get; init; }
    public Secret? ClientSecret { get; init; }
    public Secret? RefreshToken { get; init; }

    /// <summary>Reads what the settings name.</summary>
    /// <param name="problem">What is wrong, as a sentence without its end, and without a secret. Null: nothing, or there are none.</param>
    /// <returns>Null: no credentials are named, or there is a problem.</returns>
    public static GoogleCredentials? Read(VertexSettings settings, out string? problem)
    {
        problem = null;
        if (settings.Credentials is { IsUsable: false })
        {
            problem = "vertex_credentials is configured and came to nothing";
            return null;
        }
        var given = settings.Credentials?.Reveal().Trim();
        if (given is ['{', ..])
            return Parse(given, "vertex_credentials", out problem);
        var (path, name) = given is { Length: > 0 }
            ? (given, "the file that vertex_credentials names")
            : (settings.CredentialsFile, $"the credentials file {settings.CredentialsFile}");
        if (path is null)
            return null;
        if (CredentialFile.Read(path, out var trouble) is { } text)
            return Parse(text, name, out problem);
        problem = $"{name} {trouble}";
        return null;
    }

    private static GoogleCredentials? Parse(string json, string name, out string? problem)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var credentials = document.RootElement.ValueKind == JsonValueKind.Object ? Of(document.RootElement) : null;
            problem = credentials is null
                ? $"{name} must be the JSON of a service account or of an authorized user, with all its members"
                : null;
            return credentials;
        }
        catch (JsonException)
        {
            problem = $"{name} is no JSON";
            return null;
        }
    }

    private static GoogleCredentials? Of(JsonElement json)
    {
        var type = Text("type");
        var credentials = new GoogleCredentials
        {
            TokenUri = Text("token_uri") ?? DefaultTokenUri,
            ProjectId = Text("project_id") ?? Text("quota_project_id"),
            QuotaProjectId = Text("quota_project_id"),
            ClientEmail = type == ServiceAccount ? Text("client_email") : null,
            PrivateKeyId = Text("private_key_id"),
            PrivateKey = Hidden("private_key"),
            ClientId = Text("client_id"),
            ClientSecret = Hidden("client_secret"),
            RefreshToken = Hidden("refresh_token"),
        };
        return type switch
        {
            ServiceAccount => credentials is { ClientEmail: not null, PrivateKey: not null } ? credentials : null,
            AuthorizedUser =>
                credentials is { ClientId: not null, ClientSecret: not null, RefreshToken: not null } ? credentials : null,
            _ => null,
        };

        string? Text(string member) =>
            json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
                ? text
                : null;

        Secret? Hidden(string member) => Text(member) is { } text ? Secret.Of(text) : null;
    }
}
