using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Gateway.Catalog;
using Gateway.Dialects;

namespace Gateway.Pipeline;

/// <summary>Finds the members of the body that leaves for a deployment; pure.</summary>
internal static class SentMember
{
    /// <summary>
    /// The value that leaves under a name, as the body is composed: the deployment's extra_body before the client's body, that before the
    /// client's extra_body, that before the deployment's defaults. Null: none leaves.
    /// </summary>
    public static ReadOnlySequence<byte>? Find(ClientRequest request, Deployment deployment, string name)
    {
        var parameters = deployment.Params;
        if (Find(parameters.ExtraBody, name) is { } overridden)
            return overridden;
        if (parameters.AdditionalDropParams.Contains(name))
            return null;
        if (request.Find(name) is { } member)
            return request.ValueOf(member);
        return FindExtra(request, name) ?? Find(parameters.Defaults, name);
    }

    private static ReadOnlySequence<byte>? Find(ImmutableArray<KeyValuePair<string, string>> members, string name)
    {
        foreach (var (key, json) in members)
        {
            if (key == name)
                return new(Encoding.UTF8.GetBytes(json));
        }
        return null;
    }

    private static ReadOnlySequence<byte>? FindExtra(ClientRequest request, string name)
    {
        if (request.Find("extra_body") is not { } extra)
            return null;
        var json = request.ValueOf(extra);
        var members = new List<JsonMember>();
        if (BodyScanner.TryScan(json, members) is not null)
            return null;
        foreach (var member in members)
        {
            if (BodyScanner.NameIs(json, member, name))
                return json.Slice(member.ValueStart, member.ValueLength);
        }
        return null;
    }
}
