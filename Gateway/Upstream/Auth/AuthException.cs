namespace Gateway.Upstream.Auth;

/// <summary>A credential that a provider wants could not be had; the message says what failed, and never holds a secret.</summary>
internal sealed class AuthException(string message, bool isTransient = false) : Exception(message)
{
    /// <summary>True when whoever gives the credential was not reached or is in trouble, so that another attempt may help.</summary>
    public bool IsTransient { get; } = isTransient;
}
