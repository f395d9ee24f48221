namespace Gateway.Config;

/// <summary>
/// A secret from the config. It never prints itself, and one that is present but has no usable value (missing variable,
/// unexpanded <c>${…}</c>) still counts as configured, so that a security setting cannot fail open.
/// </summary>
public sealed class Secret : IEquatable<Secret>
{
    private readonly string? _value;

    private Secret(string? value) => _value = value;

    /// <summary>A secret with a value.</summary>
    public static Secret Of(string value) => new(value);

    /// <summary>A secret that was configured and came to nothing: it matches nobody.</summary>
    public static Secret Unusable { get; } = new(null);

    /// <summary>False when the setting is present but came to nothing.</summary>
    public bool IsUsable => _value is not null;

    /// <summary>The secret text.</summary>
    /// <exception cref="InvalidOperationException">The secret is not usable.</exception>
    public string Reveal() => _value ?? throw new InvalidOperationException("The secret has no value.");

    /// <summary>Equal texts are equal secrets, and so are two that came to nothing.</summary>
    public bool Equals(Secret? other) => other is not null && _value == other._value;

    public override bool Equals(object? obj) => Equals(obj as Secret);
    public override int GetHashCode() => _value?.GetHashCode() ?? 0;
    public override string ToString() => "***";
}
