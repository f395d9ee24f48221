using System.Collections.Immutable;
using Gateway.Config;

namespace Gateway.Pipeline;

/// <summary>Says who pays for a request: the caller's payers, and whom the request names itself where the config limits them; pure.</summary>
internal static class RequestPayers
{
    /// <summary>Everybody who pays, in the order of <see cref="SubjectKind"/>, none twice; the provider is not known yet.</summary>
    public static ImmutableArray<LimitedSubject> Of(Exchange exchange, GatewayConfig config)
    {
        var payers = exchange.Caller!.Payers;
        var endUser = config.LiteLlm.EndUserLimits.IsLimited ? exchange.EndUser : null;
        var tags = config.Router.TagBudgets;
        if (endUser is null && (tags.IsEmpty || exchange.Tags.Count == 0))
            return payers;

        var all = payers.ToBuilder();
        if (endUser is not null)
            all.Add(new(new(SubjectKind.EndUser, endUser), config.LiteLlm.EndUserLimits));
        foreach (var (tag, limits) in tags)
        {
            if (exchange.Tags.Contains(tag))
                all.Add(new(new(SubjectKind.Tag, tag), limits));
        }
        return all.ToImmutable();
    }

    /// <summary>A provider with its budget. Null: it has none.</summary>
    public static LimitedSubject? Provider(string provider, GatewayConfig config)
    {
        foreach (var (name, limits) in config.Router.ProviderBudgets)
        {
            if (name == provider)
                return new(new(SubjectKind.Provider, provider), limits);
        }
        return null;
    }
}
