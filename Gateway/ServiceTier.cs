namespace Gateway;

/// <summary>At which urgency a provider works, where it has a price of its own for that (<c>service_tier</c>).</summary>
public enum ServiceTier
{
    /// <summary><c>default</c>, <c>auto</c>, <c>standard</c> and every name that is not known: the list price.</summary>
    Standard,

    /// <summary>Slower and cheaper.</summary>
    Flex,

    /// <summary>Faster and dearer.</summary>
    Priority,

    /// <summary>Within a day, cheaper.</summary>
    Batch,
}
