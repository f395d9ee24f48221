using System.Text;

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

/// <summary>The names of urgencies in answers.</summary>
public static class ServiceTierNames
{
    /// <summary>Reads the <c>service_tier</c> of an answer.</summary>
    /// <returns>Null for <c>auto</c>, which does not say what was billed.</returns>
    public static ServiceTier? Read(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "auto"u8) ? null
        : Ascii.EqualsIgnoreCase(name, "flex"u8) ? ServiceTier.Flex
        : Ascii.EqualsIgnoreCase(name, "priority"u8) ? ServiceTier.Priority
        : Ascii.EqualsIgnoreCase(name, "batch"u8) ? ServiceTier.Batch
        : ServiceTier.Standard;
}
