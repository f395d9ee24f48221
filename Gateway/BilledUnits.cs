namespace Gateway;

/// <summary>What is billed by the piece and is no token.</summary>
public readonly record struct BilledUnits
{
    /// <summary>Pictures that were drawn.</summary>
    public long Images { get; init; }

    /// <summary>Characters of a text that is spoken: UTF-16 code units, never fewer than any provider counts.</summary>
    public long Characters { get; init; }

    /// <summary>Length of a recording, in milliseconds.</summary>
    public long AudioMs { get; init; }

    /// <summary>Search units of a rerank: a query with up to a hundred documents is one.</summary>
    public long SearchUnits { get; init; }
}
