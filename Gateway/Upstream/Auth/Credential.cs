namespace Gateway.Upstream.Auth;

/// <summary>Something that a provider accepts for a while. A class that is no record, so that nothing prints it.</summary>
internal abstract class Credential
{
    /// <summary>When it ends; <see cref="DateTimeOffset.MaxValue"/>: never.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>An OAuth access token.</summary>
/// <param name="header">As it stands in the header: <c>Bearer …</c>.</param>
internal sealed class AccessToken(string header) : Credential
{
    public string Header { get; } = header;

    /// <summary>The Google Cloud project whose quota is used. Null: that of the credentials.</summary>
    public string? QuotaProject { get; init; }
}

/// <summary>An access key of AWS's.</summary>
internal sealed class AwsCredentials(string accessKeyId, string secretAccessKey, string? sessionToken) : Credential
{
    public string AccessKeyId { get; } = accessKeyId;
    public string SecretAccessKey { get; } = secretAccessKey;

    /// <summary>Null: the key lasts until it is withdrawn.</summary>
    public string? SessionToken { get; } = sessionToken;
}
