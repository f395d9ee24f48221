using System.Collections.Frozen;

namespace Gateway.Dialects.Hub;

/// <summary>How well a provider's wire format carries a feature.</summary>
public enum Support
{
    /// <summary>Not at all: refused by name, or dropped where that is allowed.</summary>
    None,

    /// <summary>By the format's own means.</summary>
    Native,

    /// <summary>By other means that come to the same.</summary>
    Translated,

    /// <summary>Nothing need be sent: the provider does so anyway, or it never changes an answer.</summary>
    Implied,
}

/// <summary>
/// What a provider's wire format can carry. The same table decides about requests and is printed as the compatibility matrix. A feature that
/// is not listed is not carried.
/// </summary>
public sealed class FeatureTable(params (Feature Feature, Support Support)[] rows)
{
    private readonly FrozenDictionary<Feature, Support> _rows = rows.ToFrozenDictionary(row => row.Feature, row => row.Support);

    public Support this[Feature feature] => _rows.GetValueOrDefault(feature, Support.None);
}
