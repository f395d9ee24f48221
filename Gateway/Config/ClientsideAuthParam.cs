namespace Gateway.Config;

/// <summary>One entry of <c>configurable_clientside_auth_params</c>: <c>api_key</c>, or <c>{api_base: pattern}</c>.</summary>
public sealed record ClientsideAuthParam(string Name, string? Pattern)
{
    private const string Key = "configurable_clientside_auth_params";

    internal static IEnumerable<ClientsideAuthParam> Read(YamlSection s)
    {
        if (s.Node(Key) is not { } node)
            yield break;
        foreach (var item in node is YamlList list ? list.Items : [node])
        {
            switch (item)
            {
                case YamlScalar { IsNull: false } name:
                    yield return new(name.Text, null);
                    break;
                case YamlMap { Entries: [{ Value: YamlScalar { IsNull: false } pattern } entry] }:
                    yield return new(entry.Key, pattern.Text);
                    break;
                default:
                    s.Report(FindingKind.Invalid, Key, "must hold names, or api_base: PATTERN");
                    break;
            }
        }
    }
}
