using Gateway.Config;
using Gateway.Reload;
using Gateway.Tests.Ledger;
using Gateway.Tests.Storage;

namespace Gateway.Tests.Reload;

/// <summary>What is logged of reloads, and what happens when a good config cannot be put into effect.</summary>
public sealed class ConfigReloaderTests
{
    private const string Good = "model_list: []\n";

    private readonly SafeClock _time = new();
    private readonly TempFolder _folder = new();
    private readonly RecordingLogger<ConfigReloader> _log = new();
    private readonly List<ReloadOutcome> _outcomes = [];
    private Func<LoadedConfig, ConfigChange> _apply = _ => new();
    private ConfigReloader? _reloader;

    [TearDown]
    public void Close()
    {
        _reloader?.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void AFindingIsLoggedWhenItIsNew()
    {
        var reloader = Start(Good + "nonsense: 1\n");
        Write("# moved down by a line\n" + Good + "nonsense: 1\nnonsense_too: 1\n");
        Assert.That(reloader.Reload(ReloadCause.Signal).Findings, Has.Length.EqualTo(2));
        Assert.That(_log.Messages, Is.EqualTo(new[]
        {
            $"{_folder.File("config.yaml")}:4: nonsense_too: is not a known setting",
            "The config was reloaded (Signal)",
        }).Using<string>((a, b) => b.StartsWith(a, StringComparison.Ordinal) || a.StartsWith(b, StringComparison.Ordinal)));
    }

    [Test]
    public void AFailureIsSaidOnceWithItsReason()
    {
        Start(Good);
        Write("model_list: [");
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(_log.Messages, Has.Count.EqualTo(2));
        Assert.That(_log.Messages[0], Does.StartWith(_folder.File("config.yaml") + ":"));
        Assert.That(_log.Messages[1], Does.StartWith("The config was not reloaded (FileChange): config.yaml has an error"));
    }

    [Test]
    public void UsersWithoutAKeyAndSettingsThatWaitForARestartAreNamed()
    {
        _apply = _ => new() { UsersWithoutKey = ["carol"], NeedsRestart = ["room"] };
        var reloader = Start(Good);
        Write(Good + "litellm_settings: {json_logs: true}\n");
        Assert.That(reloader.Reload(ReloadCause.Request).NeedsRestart, Is.EqualTo(new[] { "litellm_settings.json_logs", "room" }));
        Assert.That(_log.Messages, Has.One.StartsWith("The user carol has no key yet; `gateway key mint`"));
        Assert.That(_log.Messages, Has.One.EqualTo("litellm_settings.json_logs has changed and counts only after a restart"));
        Assert.That(_log.Messages, Has.One.EqualTo("room has changed and counts only after a restart"));
    }

    [Test]
    public void WhatCannotBePutIntoEffectForNowIsTriedAgainAndSaidOnce()
    {
        var isLocked = true;
        _apply = _ => isLocked ? throw new InvalidOperationException("database is locked") : new();
        var reloader = Start(Good);
        Write(Good + "router_settings: {num_retries: 1}\n");
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(reloader.Status.IsCurrent, Is.False);
        Assert.That(reloader.Status.Message, Does.Not.Contain("locked"), "the status is public");
        Assert.That(_log.Messages, Has.Count.EqualTo(2).And.One.Contains("database is locked"));
        isLocked = false;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(reloader.Status.IsCurrent, Is.True);
        Assert.That(_outcomes[^1], Is.EqualTo(ReloadOutcome.Applied));
    }

    [Test]
    public void APipeIsReadOnce()
    {
        Write(Good);
        var first = ConfigReader.Load(_folder.File("config.yaml"), new Dictionary<string, string>());
        first = first with { Files = [.. first.Files.Select(file => file with { IsReadOnce = true })] };
        var source = new ConfigSource(_folder.File("config.yaml"), new Dictionary<string, string>(), first);
        _reloader = new ConfigReloader(source, _apply, [], _outcomes.Add, _time, _log);
        Write(Good + "router_settings: {num_retries: 1}\n");
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.That(_reloader.Reload(ReloadCause.Request).Outcome, Is.EqualTo(ReloadOutcome.Failed));
        Assert.That((_reloader.Status.IsCurrent, _outcomes), Is.EqualTo((true, new List<ReloadOutcome>())));
    }

    [Test]
    public void AReloaderThatIsClosedChangesNothing()
    {
        var reloader = Start(Good);
        reloader.Dispose();
        Write(Good + "router_settings: {num_retries: 1}\n");
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.That(reloader.Reload(ReloadCause.Signal).Outcome, Is.EqualTo(ReloadOutcome.Failed));
        Assert.That(_outcomes, Is.Empty);
    }

    [Test]
    public void ReloadsComeOneAfterTheOther()
    {
        var (running, most, applied) = (0, 0, 0);
        _apply = _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            Interlocked.Increment(ref applied);
            Thread.Yield();
            Interlocked.Decrement(ref running);
            return new();
        };
        var reloader = Start(Good);
        Parallel.For(0, 200, i =>
        {
            lock (_folder)
                Write(Good + $"router_settings: {{num_retries: {i % 10}}}\n");
            reloader.Reload(ReloadCause.Request);
        });
        Assert.That(most, Is.EqualTo(1));
        Assert.That(applied, Is.GreaterThan(1));
    }

    private void Write(string yaml) => File.WriteAllText(_folder.File("config.yaml"), yaml);

    private ConfigReloader Start(string yaml)
    {
        Write(yaml);
        var first = ConfigReader.Load(_folder.File("config.yaml"), new Dictionary<string, string>());
        var source = new ConfigSource(_folder.File("config.yaml"), new Dictionary<string, string>(), first);
        return _reloader = new ConfigReloader(source, loaded => _apply(loaded), first.Findings, _outcomes.Add, _time, _log);
    }
}
