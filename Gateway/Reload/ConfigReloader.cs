using System.Collections.Immutable;
using Gateway.Config;

namespace Gateway.Reload;

/// <summary>Reads the config again, when a file changes or somebody asks, and puts it into effect or leaves the one before in place.</summary>
/// <remarks>One reload at a time. Thread-safe.</remarks>
public sealed partial class ConfigReloader : IDisposable
{
    /// <summary>A file of nonsense gives thousands; the answer of <c>POST /config/reload</c> has them all.</summary>
    private const int MostLoggedFindings = 100;

    /// <summary>A file system that hangs must not keep the gateway from stopping: the ledger waits for its turn.</summary>
    private static readonly TimeSpan LongestWaitToStop = TimeSpan.FromSeconds(2);

    private readonly ConfigSource? _source;
    private readonly Func<LoadedConfig, ConfigChange> _apply;
    private readonly Action<ReloadOutcome> _observe;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ConfigWatch? _watch;
    private readonly Lock _reloading = new();
    private HashSet<ConfigFinding> _said;
    private volatile ConfigStatus _status;
    private volatile bool _isClosed;

    // The files of the last attempt; default: it has to be made again.
    private ImmutableArray<ReadFile> _attempted;
    private IReadOnlyList<string> _watched;

    /// <param name="source">Null: the config came from no file, and stays.</param>
    /// <param name="apply">Puts a config into effect that could be read; with a fatal finding it has changed nothing.</param>
    /// <param name="said">What was said at the start, and is not said again.</param>
    /// <param name="observe">Told of every reload.</param>
    public ConfigReloader(
        ConfigSource? source, Func<LoadedConfig, ConfigChange> apply, IEnumerable<ConfigFinding> said, Action<ReloadOutcome> observe,
        TimeProvider time, ILogger<ConfigReloader> log)
    {
        _source = source is { CanBeReadAgain: true } ? source : null;
        _apply = apply;
        _observe = observe;
        _time = time;
        _log = log;
        _status = new(IsCurrent: true, time.GetUtcNow());
        _attempted = source?.First.Files ?? [];
        _watched = [.. _attempted.Select(file => file.Path)];
        _said = [.. said.Select(WithoutLine)];
        if (_source is not null)
            _watch = new(() => Volatile.Read(ref _watched), ReloadIfChanged, time);
    }

    /// <summary>Whether the running config is what the files say.</summary>
    public ConfigStatus Status => _status;

    /// <summary>Reads the files and puts what they say into effect.</summary>
    public ReloadResult Reload(ReloadCause cause)
    {
        lock (_reloading)
        {
            if (_source is null || _isClosed)
                return new(ReloadOutcome.Failed, _isClosed
                    ? "The gateway is stopping."
                    : "The config was not read from a file that can be read again; restart the gateway to change it.");
            var result = Attempt(_source);
            Record(result, cause);
            return result;
        }
    }

    /// <summary>Waits for a reload that is running, so that what it changes may be closed.</summary>
    public void Dispose()
    {
        _isClosed = true;
        _watch?.Dispose();
        if (_reloading.TryEnter(LongestWaitToStop))
            _reloading.Exit();
    }

    /// <summary>For the watch: reloads when the content is another than at the last attempt.</summary>
    /// <returns>False: it could not be found out or put into effect, for a reason that may pass.</returns>
    private bool ReloadIfChanged()
    {
        try
        {
            lock (_reloading)
            {
                if (_isClosed || !_attempted.IsDefault && _attempted.All(file => file.Again() == file))
                    return true;
                Reload(ReloadCause.FileChange);
                return !_attempted.IsDefault;
            }
        }
        catch (Exception e) // on a timer's thread, where it would end the process
        {
            LogBroken(e);
            return true;
        }
    }

    private ReloadResult Attempt(ConfigSource source)
    {
        var loaded = source.Load();
        if (_status.IsCurrent && !_attempted.IsDefault && loaded.Files.AsSpan().SequenceEqual(_attempted.AsSpan()))
            return new(ReloadOutcome.Unchanged, "The config is what it was; nothing has changed.");
        _attempted = loaded.Files;
        Volatile.Write(ref _watched, [.. loaded.Files.Select(file => file.Path)]);
        var change = new ConfigChange();
        if (loaded.WouldStart && !_isClosed)
        {
            try
            {
                change = _apply(loaded);
            }
            catch (Exception e) // a database that is locked, say: the config before stays, and the watch tries again
            {
                _attempted = default;
                if (_status.IsCurrent)
                    LogNotApplied(e.Message);
                return new(ReloadOutcome.Failed, "The config could not be put into effect, which is tried again; the log says why.");
            }
        }
        return ResultOf(loaded, change, source);
    }

    private ReloadResult ResultOf(LoadedConfig loaded, ConfigChange change, ConfigSource source)
    {
        ImmutableArray<ConfigFinding> findings = [.. loaded.Findings, .. change.Findings];
        LogFindings(findings);
        if (findings.Count(finding => finding.Kind == FindingKind.Fatal) is > 0 and var errors)
        {
            var message = $"{Path.GetFileName(source.Path)} has {(errors == 1 ? "an error" : $"{errors} errors")}; "
                + "the log and the answer of POST /config/reload tell where. The config before stays in effect.";
            return new(ReloadOutcome.Failed, message) { Findings = findings };
        }
        foreach (var user in change.UsersWithoutKey)
            LogUserWithoutKey(user);
        ImmutableArray<string> needsRestart = [.. RestartSettings.Differing(source.First, loaded), .. change.NeedsRestart];
        foreach (var setting in needsRestart)
            LogNeedsRestart(setting);
        return new(ReloadOutcome.Applied, "The config is in effect.") { Findings = findings, NeedsRestart = needsRestart };
    }

    private void Record(ReloadResult result, ReloadCause cause)
    {
        var before = _status;
        switch (result.Outcome)
        {
            case ReloadOutcome.Applied:
                _status = new(IsCurrent: true, _time.GetUtcNow());
                LogApplied(cause);
                break;
            case ReloadOutcome.Unchanged:
                LogUnchanged(cause);
                break;
            default:
                _status = new(IsCurrent: false, before.IsCurrent ? _time.GetUtcNow() : before.Since, result.Message);
                if (before.Message != result.Message || cause != ReloadCause.FileChange)
                    LogFailed(cause, result.Message);
                break;
        }
        _observe(result.Outcome);
    }

    /// <summary>Logs what is new since the last attempt.</summary>
    private void LogFindings(ImmutableArray<ConfigFinding> findings)
    {
        var news = findings.Where(finding => !_said.Contains(WithoutLine(finding))).ToArray();
        foreach (var finding in news.OrderBy(finding => finding.Kind != FindingKind.Fatal).Take(MostLoggedFindings))
            LogFinding(finding.Kind == FindingKind.Fatal ? LogLevel.Error : LogLevel.Warning, finding);
        if (news.Length > MostLoggedFindings)
            LogMoreFindings(news.Length - MostLoggedFindings);
        _said = [.. findings.Select(WithoutLine)];
    }

    /// <summary>A line that was added above makes no finding new.</summary>
    private static ConfigFinding WithoutLine(ConfigFinding finding) => finding with { Line = 0 };

    [LoggerMessage(1, LogLevel.Information, "The config was reloaded ({Cause})")]
    private partial void LogApplied(ReloadCause cause);

    [LoggerMessage(2, LogLevel.Information, "The config was read again ({Cause}) and is what it was")]
    private partial void LogUnchanged(ReloadCause cause);

    [LoggerMessage(3, LogLevel.Error, "The config was not reloaded ({Cause}): {Reason}")]
    private partial void LogFailed(ReloadCause cause, string reason);

    [LoggerMessage(EventId = 4, Message = "{Finding}")]
    private partial void LogFinding(LogLevel level, ConfigFinding finding);

    [LoggerMessage(5, LogLevel.Warning, "{Count} more findings were not logged; `gateway check` shows them")]
    private partial void LogMoreFindings(int count);

    [LoggerMessage(6, LogLevel.Warning, "{Setting} has changed and counts only after a restart")]
    private partial void LogNeedsRestart(string setting);

    [LoggerMessage(7, LogLevel.Warning, "The user {User} has no key yet; `gateway key mint` gives them one, or the next start does")]
    private partial void LogUserWithoutKey(string user);

    [LoggerMessage(8, LogLevel.Error, "A config without errors could not be put into effect: {Reason}")]
    private partial void LogNotApplied(string reason);

    [LoggerMessage(9, LogLevel.Error, "Looking for changes of the config failed")]
    private partial void LogBroken(Exception e);
}
