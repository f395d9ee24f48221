namespace Gateway.Config;

/// <summary>Who the gateway is at AWS: LiteLLM's <c>aws_…</c> keys and the variables of AWS's own tools.</summary>
public sealed record AwsSettings
{
    public Secret? AccessKeyId { get; init; }
    public Secret? SecretAccessKey { get; init; }
    public Secret? SessionToken { get; init; }

    /// <summary><c>us-east-1</c>. Null: the URL says it.</summary>
    public string? RegionName { get; init; }

    /// <summary>A section of AWS's credential files that counts before everything else but a role. Null: none is named.</summary>
    public string? ProfileName { get; init; }

    /// <summary>The ARN of a role that is assumed with the other credentials. Null: they are used as they are.</summary>
    public string? RoleName { get; init; }
    public string? SessionName { get; init; }
    public string? ExternalId { get; init; }

    /// <summary>A token of an identity provider, or the path of a file that holds it, for which the role is given.</summary>
    public Secret? WebIdentityToken { get; init; }

    /// <summary>Instead of STS's usual URL.</summary>
    public string? StsEndpoint { get; init; }

    /// <summary>Instead of Bedrock's usual URL.</summary>
    public string? BedrockRuntimeEndpoint { get; init; }

    /// <summary>From the environment: the profile that counts where there are no keys; <c>default</c>.</summary>
    public string? FallbackProfile { get; init; }

    /// <summary>From the environment: AWS's files with keys and with settings. Null: there is no home folder.</summary>
    public string? CredentialsFile { get; init; }
    public string? ConfigFile { get; init; }

    /// <summary>From the environment: the file with a token, and the role that is given for it (EKS).</summary>
    public string? WebIdentityTokenFile { get; init; }
    public string? WebIdentityRole { get; init; }

    /// <summary>From the environment: where a container gets its credentials (ECS, EKS). Null: it is none.</summary>
    public string? ContainerUri { get; init; }
    public Secret? ContainerToken { get; init; }
    public string? ContainerTokenFile { get; init; }

    /// <summary>From the environment: where a machine of EC2 gets its credentials. Null: it is not to be asked.</summary>
    public string? MetadataEndpoint { get; init; }

    private const string DefaultMetadata = "http://169.254.169.254"; // EC2's, the same on every machine
    private const string ContainerHost = "http://169.254.170.2"; // ECS's

    internal static AwsSettings Read(YamlSection s) => new()
    {
        AccessKeyId = s.Secret("aws_access_key_id"),
        SecretAccessKey = s.Secret("aws_secret_access_key"),
        SessionToken = s.Secret("aws_session_token"),
        RegionName = s.Text("aws_region_name"),
        ProfileName = s.Text("aws_profile_name"),
        RoleName = s.Text("aws_role_name"),
        SessionName = s.Text("aws_session_name"),
        ExternalId = s.Text("aws_external_id"),
        WebIdentityToken = s.Secret("aws_web_identity_token"),
        StsEndpoint = s.Text("aws_sts_endpoint"),
        BedrockRuntimeEndpoint = s.Text("aws_bedrock_runtime_endpoint"),
    };

    /// <summary>
    /// The settings with the environment under them. The three parts of a key come from one place: a session token of another key
    /// would make the first invalid.
    /// </summary>
    internal AwsSettings Under(IReadOnlyDictionary<string, string> environment)
    {
        var hasKey = AccessKeyId is not null || SecretAccessKey is not null;
        var home = CloudSettings.HomeFolder(environment);
        return this with
        {
            AccessKeyId = hasKey ? AccessKeyId : Hidden("AWS_ACCESS_KEY_ID"),
            SecretAccessKey = hasKey ? SecretAccessKey : Hidden("AWS_SECRET_ACCESS_KEY"),
            SessionToken = hasKey ? SessionToken : Hidden("AWS_SESSION_TOKEN"),
            RegionName = RegionName ?? Find("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"),
            ProfileName = ProfileName ?? Find("AWS_PROFILE_NAME"),
            RoleName = RoleName ?? Find("AWS_ROLE_NAME"),
            SessionName = SessionName ?? Find("AWS_SESSION_NAME", "AWS_ROLE_SESSION_NAME"),
            ExternalId = ExternalId ?? Find("AWS_EXTERNAL_ID"),
            WebIdentityToken = WebIdentityToken ?? Hidden("AWS_WEB_IDENTITY_TOKEN"),
            StsEndpoint = StsEndpoint ?? Find("AWS_STS_ENDPOINT", "AWS_ENDPOINT_URL_STS"),
            BedrockRuntimeEndpoint = BedrockRuntimeEndpoint ?? Find("AWS_BEDROCK_RUNTIME_ENDPOINT", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"),
            FallbackProfile = Find("AWS_PROFILE", "AWS_DEFAULT_PROFILE") ?? AwsProfiles.Default,
            CredentialsFile = Find("AWS_SHARED_CREDENTIALS_FILE") ?? InHome(home, "credentials"),
            ConfigFile = Find("AWS_CONFIG_FILE") ?? InHome(home, "config"),
            WebIdentityTokenFile = Find("AWS_WEB_IDENTITY_TOKEN_FILE"),
            WebIdentityRole = Find("AWS_ROLE_ARN"),
            ContainerUri = Find("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") is { } relative
                ? ContainerHost + relative
                : Find("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
            ContainerToken = Hidden("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
            ContainerTokenFile = Find("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
            MetadataEndpoint = "true".Equals(Find("AWS_EC2_METADATA_DISABLED"), StringComparison.OrdinalIgnoreCase)
                ? null
                : Find("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? DefaultMetadata,
        };

        string? Find(params ReadOnlySpan<string> names) => CloudSettings.Variable(environment, names);
        Secret? Hidden(string name) => CloudSettings.SecretVariable(environment, name);
    }

    private static string? InHome(string? home, string file) => home is null ? null : Path.Combine(home, ".aws", file);
}
