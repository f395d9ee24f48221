using Gateway.Config;

namespace Gateway.Upstream.Auth;

/// <summary>Finds AWS credentials where AWS's own tools do, in their order; a role is assumed with what is found.</summary>
internal sealed class AwsCredentialChain
{
    private readonly AwsSts _sts;
    private readonly AwsMachine _machine;
    private readonly AwsProfileChain _profiles;

    public AwsCredentialChain(TokenEndpoint endpoint, TimeProvider time)
    {
        _sts = new AwsSts(endpoint, time);
        _machine = new AwsMachine(endpoint, time);
        _profiles = new AwsProfileChain(_sts, _machine, time);
    }

    /// <summary>Credentials for what the settings name.</summary>
    /// <exception cref="AuthException">There are none, or they could not be had.</exception>
    public async Task<AwsCredentials> ObtainAsync(AwsSettings settings, CancellationToken ct)
    {
        if (settings.RoleName is not { } role)
            return await ObtainOwnAsync(settings, ct);
        if (settings.WebIdentityToken is { } token)
            return await _sts.ExchangeAsync(settings, role, TokenOf(token), ct);
        var own = await ObtainOwnAsync(settings, ct);
        return await _sts.AssumeAsync(settings, own, role, settings.SessionName, settings.ExternalId, ct);
    }

    private async Task<AwsCredentials> ObtainOwnAsync(AwsSettings settings, CancellationToken ct)
    {
        if (settings.ProfileName is { } named)
            return await _profiles.ObtainAsync(settings, named, ct);
        if (settings.AccessKeyId is not null || settings.SecretAccessKey is not null)
            return OfKeys(settings);
        if (settings is { WebIdentityTokenFile: { } file, WebIdentityRole: { } role })
            return await _sts.ExchangeAsync(settings, role, ReadToken(file, "the file that AWS_WEB_IDENTITY_TOKEN_FILE names"), ct);
        var profile = settings.FallbackProfile ?? AwsProfiles.Default;
        if (profile != AwsProfiles.Default || AwsProfileChain.CanUse(AwsProfiles.Read(settings).Find(profile)))
            return await _profiles.ObtainAsync(settings, profile, ct);
        if (settings.ContainerUri is { } container)
            return await _machine.OfContainerAsync(settings, container, ct);
        return settings.MetadataEndpoint is { } metadata
            ? await _machine.OfInstanceAsync(metadata, ct)
            : throw new AuthException(
                "there are no AWS credentials: set aws_access_key_id and aws_secret_access_key, aws_profile_name, or AWS's variables");
    }

    private static AwsCredentials OfKeys(AwsSettings settings)
    {
        foreach (var (secret, name) in (ReadOnlySpan<(Secret?, string)>)
            [(settings.AccessKeyId, "aws_access_key_id"), (settings.SecretAccessKey, "aws_secret_access_key")])
        {
            if (secret is null)
                throw new AuthException($"{name} is missing: AWS's keys are a pair");
            if (!secret.IsUsable)
                throw new AuthException($"{name} is configured and came to nothing");
        }
        if (settings.SessionToken is { IsUsable: false })
            throw new AuthException("aws_session_token is configured and came to nothing");
        return new AwsCredentials(settings.AccessKeyId!.Reveal(), settings.SecretAccessKey!.Reveal(), settings.SessionToken?.Reveal())
        {
            ExpiresAt = DateTimeOffset.MaxValue,
        };
    }

    /// <summary>The token itself (a JWT, which begins with a JSON object in base64) or what the file holds that it names.</summary>
    private static Secret TokenOf(Secret setting)
    {
        if (!setting.IsUsable)
            throw new AuthException("aws_web_identity_token is configured and came to nothing");
        return setting.Reveal().StartsWith("eyJ", StringComparison.Ordinal)
            ? setting
            : ReadToken(setting.Reveal(), "the file that aws_web_identity_token names");
    }

    /// <summary>A token out of a file.</summary>
    /// <exception cref="AuthException">It cannot be read.</exception>
    internal static Secret ReadToken(string path, string what) => CredentialFile.Read(path, out var problem) is { } text
        ? Secret.Of(text.Trim())
        : throw new AuthException($"{what} {problem}");
}
