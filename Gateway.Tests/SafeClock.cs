using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests;

/// <summary>
/// A clock that a test moves while other threads use its timers. The library's own timers are not safe for that: one that is disposed of
/// when it fires, as a call's deadline is when the call ends, may throw in whoever moves the clock.
/// </summary>
internal class SafeClock : FakeTimeProvider
{
    public SafeClock()
    {
    }

    public SafeClock(DateTimeOffset start)
        : base(start)
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new SafeTimer(base.CreateTimer(callback, state, dueTime, period));

    /// <summary>Disposes of the inner timer once, whoever asks for it, and takes a change that comes too late for what it is.</summary>
    private sealed class SafeTimer(ITimer inner) : ITimer
    {
        private int _isDisposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            try
            {
                return Volatile.Read(ref _isDisposed) == 0 && inner.Change(dueTime, period);
            }
            catch (NullReferenceException)
            {
                return false; // disposed of at the same moment
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
                inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
