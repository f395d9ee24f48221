namespace Gateway.Reload;

/// <summary>Notices that one of a few files has changed, once it lies still.</summary>
/// <remarks>
/// It looks twice a second instead of asking the system for events. That costs some microseconds a look, works on network file
/// systems, in containers and without inotify watches, and does not wake at every commit of the database, which by default lies in
/// the config's folder. A change is told of when two looks in a row see the same: a file that is written in several steps, or renamed
/// into its place, is one change.
/// </remarks>
internal sealed class ConfigWatch : IDisposable
{
    /// <summary>So a change counts after half a second to a second; editors write in a few milliseconds.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>A file that was there and is gone is waited for: some tools remove it before they write it anew. Two seconds.</summary>
    public const int LooksForTheMissing = 4;

    private readonly Func<IReadOnlyList<string>> _files;
    private readonly Func<bool> _changed;
    private readonly ITimer _timer;
    private FileStamp[] _settled = [];
    private FileStamp[] _seen = [];
    private int _looks;
    private bool _isLooking;

    /// <param name="files">What to look at, asked at each look.</param>
    /// <param name="changed">Called when something may have changed, and once at the beginning; false: call again at the next look.</param>
    public ConfigWatch(Func<IReadOnlyList<string>> files, Func<bool> changed, TimeProvider time)
    {
        _files = files;
        _changed = changed;
        _timer = time.CreateTimer(static watch => ((ConfigWatch)watch!).Look(), this, Interval, Interval);
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>A look that takes longer than the interval (a network file system that hangs) is not joined by others.</summary>
    private void Look()
    {
        if (Interlocked.Exchange(ref _isLooking, true))
            return;
        try
        {
            FileStamp[] now = [.. _files().Select(FileStamp.Of)];
            if (now.AsSpan().SequenceEqual(_settled))
                return;
            _looks = now.AsSpan().SequenceEqual(_seen) ? _looks + 1 : 0;
            _seen = now;
            if (_looks >= (IsOneGone(now) ? LooksForTheMissing : 1) && _changed())
                _settled = now;
        }
        finally
        {
            Volatile.Write(ref _isLooking, false);
        }
    }

    private bool IsOneGone(FileStamp[] now)
    {
        foreach (var stamp in now)
            if (!stamp.IsThere && Array.Exists(_settled, before => before.IsThere && before.Path == stamp.Path))
                return true;
        return false;
    }
}
