using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>Makes credentials of a profile: of its keys, or of the role that it names and of whoever may assume it.</summary>
internal sealed class AwsProfileChain(AwsSts sts, AwsMachine machine, TimeProvider time)
{
    /// <summary>Profiles that name one another; more are a circle.</summary>
    private const int MaxDepth = 5;

    /// <summary>The files are read again after that: other tools write new keys into them.</summary>
    private static readonly TimeSpan FileLifetime = TimeSpan.FromMinutes(1);

    private const string Key = "aws_access_key_id";
    private const string SecretKey = "aws_secret_access_key";
    private const string Role = "role_arn";

    /// <summary>True when the profile names keys or a role, and not a region alone.</summary>
    public static bool CanUse(IReadOnlyDictionary<string, string>? profile) =>
        profile is not null && (profile.ContainsKey(Key) || profile.ContainsKey(Role));

    /// <summary>The credentials of a profile.</summary>
    /// <exception cref="AuthException">There is none of that name, or it has none that the gateway can use.</exception>
    public Task<AwsCredentials> ObtainAsync(AwsSettings settings, string name, CancellationToken ct) =>
        ObtainAsync(settings, AwsProfiles.Read(settings), name, 0, ct);

    private async Task<AwsCredentials> ObtainAsync(
        AwsSettings settings, AwsProfiles profiles, string name, int depth, CancellationToken ct)
    {
        var profile = profiles.Find(name) ?? throw new AuthException(
            $"there is no AWS profile '{name}' in {settings.CredentialsFile ?? "~/.aws/credentials"} or {settings.ConfigFile ?? "~/.aws/config"}");
        if (depth > MaxDepth)
            throw new AuthException($"the AWS profile '{name}' and those that it names lead in a circle");
        var source = profile.GetValueOrDefault("source_profile");
        if (profile.GetValueOrDefault(Role) is not { } role || source == name && depth > 0) // one that names itself: its own keys
            return OfKeys(profile, name);
        var session = profile.GetValueOrDefault("role_session_name");
        if (profile.GetValueOrDefault("web_identity_token_file") is { } file)
        {
            var token = AwsCredentialChain.ReadToken(file, $"the web_identity_token_file of the AWS profile '{name}'");
            return await sts.ExchangeAsync(settings with { SessionName = session }, role, token, ct);
        }
        var own = source is not null
            ? await ObtainAsync(settings, profiles, source, depth + 1, ct)
            : await OfMachineAsync(settings, profile.GetValueOrDefault("credential_source"), name, ct);
        return await sts.AssumeAsync(settings, own, role, session, profile.GetValueOrDefault("external_id"), ct);
    }

    private AwsCredentials OfKeys(IReadOnlyDictionary<string, string> profile, string name)
    {
        if (profile.GetValueOrDefault(Key) is not { Length: > 0 } key
            || profile.GetValueOrDefault(SecretKey) is not { Length: > 0 } secret)
        {
            throw new AuthException(
                $"the AWS profile '{name}' has no {Key} and {SecretKey}; credential_process and sso_… are not supported");
        }
        return new AwsCredentials(key, secret, profile.GetValueOrDefault("aws_session_token")) { ExpiresAt = time.GetUtcNow() + FileLifetime };
    }

    private Task<AwsCredentials> OfMachineAsync(AwsSettings settings, string? source, string name, CancellationToken ct) => source switch
    {
        "Ec2InstanceMetadata" when settings.MetadataEndpoint is { } metadata => machine.OfInstanceAsync(metadata, ct),
        "EcsContainer" when settings.ContainerUri is { } container => machine.OfContainerAsync(settings, container, ct),
        _ => throw new AuthException(
            $"the AWS profile '{name}' names a role and neither a source_profile nor a credential_source that is available here"),
    };
}
