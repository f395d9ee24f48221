using Gateway.Catalog;
using Gateway.Limits;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>A call that was begun at a deployment.</summary>
/// <param name="began">The clock's timestamp before its deployment was chosen.</param>
/// <param name="slice">The money that is reserved for it.</param>
/// <param name="isLimited">True when anybody who pays for it has a limit: then it must not be made unless it is journaled.</param>
internal sealed class OpenCall(
    Deployment deployment, Attempt attempt, UpstreamCall call, long began, Reservation slice, bool isLimited)
{
    public Deployment Deployment => deployment;
    public Attempt Attempt => attempt;
    public UpstreamCall Call => call;
    public long Began => began;
    public Reservation Slice => slice;
    public bool IsLimited => isLimited;

    /// <summary>True when a call beside it has answered: it is no failure then.</summary>
    public bool HasLost { get; set; }

    /// <summary>True once the router knows that it has ended.</summary>
    public bool IsReported { get; set; }
}
