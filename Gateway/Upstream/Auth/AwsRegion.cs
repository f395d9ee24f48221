namespace Gateway.Upstream.Auth;

/// <summary>Finds AWS's region in the name of a host of AWS's: the one for which a signature must be.</summary>
internal static class AwsRegion
{
    /// <summary>Ends of the names of AWS's hosts: of the world, of China, and of both kinds of stack.</summary>
    private static readonly string[] Domains = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];

    /// <summary>The region of <c>bedrock-runtime.us-east-1.amazonaws.com</c> and its like. Null: the host does not say.</summary>
    /// <param name="host">The host, also one of a VPC's endpoint (<c>vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com</c>).</param>
    /// <param name="service">What the label before the region begins with: <c>bedrock</c>, <c>sts</c>.</param>
    public static string? OfHost(string host, string service)
    {
        if (!Domains.Any(domain => host.EndsWith(domain, StringComparison.OrdinalIgnoreCase)))
            return null;
        var labels = host.Split('.');
        var at = Array.FindIndex(labels, label => label == service || label.StartsWith(service + "-", StringComparison.OrdinalIgnoreCase));
        return at >= 0 && at + 1 < labels.Length && labels[at + 1].Contains('-') ? labels[at + 1] : null;
    }
}
