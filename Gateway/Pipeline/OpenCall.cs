using Gateway.Catalog;
using Gateway.Limits;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>A call that was begun at a deployment.</summary>
/// <param name="began">The clock's timestamp before its deployment was chosen.</param>
/// <param name="slice">The money that is reserved for it.</param>
/// <param name="outputAtMost">Output tokens that it can have, of all choices together.</param>
internal sealed class OpenCall(
    Deployment deployment, Attempt attempt, UpstreamCall call, long began, Reservation slice, long outputAtMost)
{
    public Deployment Deployment => deployment;
    public Attempt Attempt => attempt;
    public UpstreamCall Call => call;
    public long Began => began;
    public Reservation Slice => slice;
    public long OutputAtMost => outputAtMost;

    /// <summary>True when a call beside it has answered: it is no failure then.</summary>
    public bool HasLost { get; set; }

    /// <summary>True once the router knows that it has ended.</summary>
    public bool IsReported { get; set; }
}
