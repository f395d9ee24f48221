namespace Gateway.Upstream;

/// <summary>Cancels a call when its client hangs up or when its time is over.</summary>
internal sealed class CallDeadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _clientAborted;

    public CallDeadline(TimeSpan limit, TimeProvider time, CancellationToken clientAborted)
    {
        _source = new CancellationTokenSource(limit, time);
        _clientAborted = clientAborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Starts the time anew.</summary>
    public void Restart(TimeSpan limit) => _source.CancelAfter(limit);

    public void Dispose()
    {
        _clientAborted.Dispose();
        _source.Dispose();
    }
}
