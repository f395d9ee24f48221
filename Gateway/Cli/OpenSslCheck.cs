using System.Runtime.InteropServices;

namespace Gateway.Cli;

/// <summary>
/// Finds out before the first hash or TLS call whether OpenSSL is there. .NET loads it at run time on Linux and aborts the
/// process when it is missing; a start asks here first and says which package to install.
/// </summary>
public static class OpenSslCheck
{
    /// <summary>The names that .NET 10 tries, in its order (measured in its 10.0.12 run-time library).</summary>
    private static readonly string[] Names = ["libssl.so.3", "libssl.so.1.1", "libssl.so.1.0.2", "libssl.so.1.0.0", "libssl.so.10"];

    /// <summary>.NET takes an override of at most so many characters.</summary>
    private const int MaxOverrideLength = 32;

    /// <summary>Null when OpenSSL is there or not needed; else one line that says what to install. Calls nothing of OpenSSL's.</summary>
    public static string? Missing() =>
        OperatingSystem.IsLinux() ? Missing(Environment.GetEnvironmentVariable("DOTNET_OPENSSL_VERSION_OVERRIDE"), Loads) : null;

    internal static string? Missing(string? versionOverride, Func<string, bool> loads)
    {
        if (versionOverride is { Length: > 0 and <= MaxOverrideLength } && loads("libssl.so." + versionOverride))
            return null;
        if (Names.Any(loads))
            return null;
        return "OpenSSL is missing: libssl.so.3 (or libssl.so.1.1) was not found. Install it with 'apt-get install libssl3' "
            + "(Debian, Ubuntu; libssl3t64 from Debian 13 and Ubuntu 24.04 on), 'dnf install openssl-libs' (Fedora, RHEL, Amazon Linux) or "
            + "'zypper install libopenssl3' (openSUSE), then start again.";
    }

    // The handle stays open: .NET opens the same library a moment later.
    private static bool Loads(string name) => NativeLibrary.TryLoad(name, out _);
}
