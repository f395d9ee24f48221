namespace Gateway.Upstream.Auth;

/// <summary>A credential that a provider wants could not be had; the message says what failed, and never holds a secret.</summary>
internal sealed class AuthException(string message, bool isNotReached = false) : Exception(message)
{
    /// <summary>True when whoever gives the credential was not reached, so that another attempt may help.</summary>
    public bool IsNotReached { get; } = isNotReached;
}
