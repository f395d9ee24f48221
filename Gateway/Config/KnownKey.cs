namespace Gateway.Config;

/// <summary>A setting that LiteLLM has (or people write) and the gateway does not read, with what to say about it.</summary>
/// <param name="Name">The key, or the start of keys when it ends in <c>*</c>.</param>
internal sealed record KnownKey(string Name, FindingKind Kind, string Message, Quiet Quiet = Quiet.WhenOff)
{
    /// <summary>True when the value asks for nothing that the gateway leaves out.</summary>
    public bool IsQuietAt(YamlNode value) => Quiet switch
    {
        Quiet.Always => true,
        Quiet.WhenOn => value is YamlScalar scalar && (scalar.IsNull || ScalarText.TryFlag(scalar.Text, out var on) && on),
        _ => value switch
        {
            YamlScalar { IsNull: true } or YamlScalar { Text: "" } => true,
            YamlScalar scalar => ScalarText.TryFlag(scalar.Text, out var on) && !on && scalar.Text != "0", // 0 may be a limit
            YamlList list => list.Items.Count == 0,
            YamlMap map => map.Entries.Count == 0,
            _ => false,
        },
    };
}

/// <summary>Which values of a known key need no finding.</summary>
internal enum Quiet
{
    /// <summary>Null, false and empty ones: they ask for nothing.</summary>
    WhenOff,

    /// <summary>True: the gateway does that anyway.</summary>
    WhenOn,

    /// <summary>All.</summary>
    Always,
}
