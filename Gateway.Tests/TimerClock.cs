using System.Threading.Channels;

namespace Gateway.Tests;

/// <summary>A clock that a test moves, and that says when something begins to wait on it.</summary>
internal sealed class TimerClock : SafeClock
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Completes when a timer of that length has been started since the last one that was asked for.</summary>
    public async Task UntilTimerAsync(TimeSpan dueTime)
    {
        using var limit = new CancellationTokenSource(GatewayHost.Patience);
        while (await _timers.Reader.ReadAsync(limit.Token) != dueTime)
        {
            // somebody else's
        }
    }
}
