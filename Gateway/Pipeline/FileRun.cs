using Gateway.Catalog;
using Gateway.Dialects.OpenAi;
using Gateway.Keys;
using Gateway.Limits;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>One call of files or batches that was found to be allowed.</summary>
internal sealed class FileRun
{
    public required HttpContext Http { get; init; }
    public required FileCall Call { get; init; }
    public required GatewaySnapshot Snapshot { get; init; }
    public required Exchange Exchange { get; init; }
    public required ClientAnswer Answer { get; init; }
    public required FileRequest Request { get; init; }

    /// <summary>Where it goes.</summary>
    public required Deployment Account { get; init; }

    /// <summary>The id in the path. Null: there is none.</summary>
    public string? Id { get; init; }

    /// <summary>Whose that is. Null: nobody's that is known.</summary>
    public OwnedId? Owner { get; init; }

    /// <summary>What it is booked at when it succeeds: a batch at its bound, everything else at nothing.</summary>
    public required NanoUsd Bound { get; init; }

    /// <summary>What pays for it. Null until it is admitted.</summary>
    public Reservation? Money { get; set; }

    public Caller Caller => Exchange.Caller!;

    /// <summary>The name of the account, under which ids are kept.</summary>
    public string Provider => Account.Provider.Name;
}
