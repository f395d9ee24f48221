namespace Gateway.Tests.Pipeline.Faults;

/// <summary>Where a deployment that is broken leads.</summary>
internal enum Target
{
    /// <summary>To the provider that plays the script.</summary>
    Script,

    /// <summary>To a port on which nobody listens.</summary>
    Refused,

    /// <summary>To a name that does not exist (RFC 6761, 6.4).</summary>
    UnknownHost,

    /// <summary>With https:// to a port without TLS.</summary>
    PlainPort,

    /// <summary>To a provider whose certificate nobody vouches for.</summary>
    SelfSigned,
}

/// <summary>Which requests a fault concerns.</summary>
[Flags]
internal enum Asks
{
    Plain = 1,
    Stream = 2,
    Both = Plain | Stream,
}

/// <summary>When a fault has the deployment left alone for a while.</summary>
internal enum Cools
{
    Never,
    WhereThereAreOthers,
    Always,
}

/// <summary>One row of the fault table: what a provider does, and what comes of it.</summary>
internal sealed record Fault(string Name)
{
    public Asks Asks { get; init; } = Asks.Both;
    public Target Target { get; init; }

    /// <summary>What the provider does with a request.</summary>
    public Func<RawConnection, Task> Script { get; init; } = static _ => Task.CompletedTask;

    // What the client gets where no other deployment helps.
    public required int Status { get; init; }
    public required string Class { get; init; }
    public required string Type { get; init; }

    /// <summary>How the text behind class and provider begins.</summary>
    public required string Text { get; init; }
    public string? RetryAfter { get; init; }

    /// <summary>The status in the ledger.</summary>
    public required int Upstream { get; init; }

    /// <summary>False: another deployment of the group is not asked. (Another group always is.)</summary>
    public bool IsRetried { get; init; } = true;

    public Cools Cools { get; init; }

    public override string ToString() => Name;
}
