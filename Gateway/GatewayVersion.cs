using System.Reflection;

namespace Gateway;

/// <summary>The version of this build.</summary>
public static class GatewayVersion
{
    /// <summary>As in <c>Directory.Build.props</c>: <c>0.1.0</c>.</summary>
    public static string Text { get; } =
        typeof(GatewayVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
