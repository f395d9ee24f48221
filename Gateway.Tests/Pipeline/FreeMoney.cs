using Gateway.Limits;
using Gateway.Pipeline;

namespace Gateway.Tests.Pipeline;

/// <summary>Money of a run whose caller has no limit.</summary>
internal static class FreeMoney
{
    public static async Task<RequestMoney> ForAsync(AttemptRun run, TimeProvider time)
    {
        var bound = RequestBound.Of(run, run.Request.Size, time.GetUtcNow());
        var admission = await new Limiter(time, new LimiterSettings()).AdmitAsync(
            new() { Subjects = [], Model = run.Group.Name, Bound = bound.Cost }, default);
        return new RequestMoney(admission.Reservation!, bound);
    }
}
