using static Gateway.Tests.Reload.ReloadHost;

namespace Gateway.Tests.Reload;

/// <summary>A running gateway follows its files, however they are changed.</summary>
public sealed class FileChangeTests
{
    private readonly SafeClock _time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    [Test]
    public async Task AModelThatIsAddedIsServedAndOneThatIsRemovedIsUnknown()
    {
        await using var gateway = await StartAsync(One, _time);
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(400));
        gateway.Rewrite(Two, _time);
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
        gateway.Rewrite(One, _time);
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(400));
        Assert.That(await gateway.StatusOfAsync("one"), Is.EqualTo(200));
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("2 0 0"));
    }

    [Test]
    public async Task AFileThatIsRenamedIntoItsPlaceIsRead()
    {
        await using var gateway = await StartAsync(One, _time);
        File.WriteAllText(gateway.ConfigPath + ".new", Two);
        File.Move(gateway.ConfigPath + ".new", gateway.ConfigPath, overwrite: true);
        _time.LookTwice();
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
    }

    [Test]
    public async Task TwoQuickWritesAreOneReload()
    {
        await using var gateway = await StartAsync(One, _time);
        File.WriteAllText(gateway.ConfigPath, "model_list: [");
        _time.Advance(TimeSpan.FromMilliseconds(500));
        File.WriteAllText(gateway.ConfigPath, Two);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(400), "it does not lie still yet");
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("1 0 0"));
    }

    [Test]
    public async Task AFileThatIsGoneForAMomentIsWaitedFor()
    {
        await using var gateway = await StartAsync(One, _time);
        _time.LookTwice();
        File.Delete(gateway.ConfigPath);
        _time.LookTwice();
        gateway.Rewrite(Two, _time);
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("1 0 0"));
    }

    [Test]
    public async Task AFileThatStaysAwayIsAFailureAndTheGatewayServes()
    {
        await using var gateway = await StartAsync(One, _time);
        _time.LookTwice();
        File.Delete(gateway.ConfigPath);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("0 0 1"));
        Assert.That(await gateway.StatusOfAsync("one"), Is.EqualTo(200));
    }

    [Test]
    public async Task AFileThatIsTouchedIsNotReloaded()
    {
        await using var gateway = await StartAsync(One, _time);
        _time.LookTwice();
        File.SetLastWriteTimeUtc(gateway.ConfigPath, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        _time.LookTwice();
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("0 0 0"));
    }

    [Test]
    public async Task AChangeBetweenTheStartAndTheFirstLookIsSeen()
    {
        await using var gateway = await GatewayHost.StartAsync(One, time: _time, fromFile: true, change: options =>
        {
            File.WriteAllText(options.Source!.Path, Two);
            return options;
        });
        _time.LookTwice();
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
    }

    [Test]
    public async Task AnIncludedFileThatChangesIsRead()
    {
        using var folder = new Storage.TempFolder();
        File.WriteAllText(folder.File("models.yaml"), One);
        await using var gateway = await GatewayHost.StartAsync("include: [models.yaml]\n", time: _time, folder: folder.Path, fromFile: true);
        File.WriteAllText(folder.File("models.yaml"), Two);
        _time.LookTwice();
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
    }

    [Test]
    public async Task AnIncludedFileThatWasMissingIsReadWhenItComes()
    {
        await using var gateway = await StartAsync(One, _time);
        gateway.Rewrite("include: [more.yaml]\n" + One, _time);
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("0 0 1"));
        File.WriteAllText(Path.Combine(gateway.Folder, "more.yaml"), Two);
        _time.LookTwice();
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("1 0 1"));
    }

    [Test]
    public async Task APriceMapThatChangesBreaksIsRepairedGoesOrComesIsFollowed()
    {
        using var folder = new Config.TemporaryFolder();
        folder.Write("prices.json", Price("0.001"));
        await using var gateway = await GatewayHost.StartAsync("""
            model_list: [{model_name: m, litellm_params: {model: openai/zzz, mock_response: hi}}]
            litellm_settings: {model_cost_map_url: prices.json}
            """, time: _time, folder: folder.Path, fromFile: true);
        var dear = await CostAsync();
        _time.LookTwice();

        folder.Write("prices.json", Price("0.002"));
        _time.LookTwice();
        Assert.That((await CostAsync(), await gateway.ReloadsAsync()), Is.EqualTo((2 * dear, "1 0 0")), "changed");
        folder.Write("prices.json", "{");
        _time.LookTwice();
        Assert.That((await CostAsync(), await gateway.ReloadsAsync()), Is.EqualTo((2 * dear, "1 0 1")), "broken");
        folder.Write("prices.json", Price("0.001"));
        _time.LookTwice();
        Assert.That((await CostAsync(), await gateway.ReloadsAsync()), Is.EqualTo((dear, "2 0 1")), "repaired");
        File.Delete(Path.Combine(folder.Path, "prices.json"));
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.That((await CostAsync(), await gateway.ReloadsAsync()), Is.EqualTo((dear, "2 0 2")), "gone");
        folder.Write("prices.json", Price("0.002"));
        _time.LookTwice();
        Assert.That((await CostAsync(), await gateway.ReloadsAsync()), Is.EqualTo((2 * dear, "3 0 2")), "back");

        static string Price(string perToken) => $$$"""
            {"openai/zzz": {"litellm_provider": "openai", "input_cost_per_token": {{{perToken}}}, "output_cost_per_token": {{{perToken}}}}}
            """;

        async Task<decimal> CostAsync()
        {
            using var answer = await gateway.ChatAsync(Ask("m"));
            await answer.TextAsync();
            return decimal.Parse(answer.Header("x-litellm-response-cost")!, System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    [Test]
    public async Task APriceMapLargerThanAConfigMayBeIsTouchedWithoutAReload()
    {
        using var folder = new Config.TemporaryFolder();
        var map = folder.Write("prices.json", "{" + new string(' ', 11 << 20) + "}");
        await using var gateway = await GatewayHost.StartAsync(
            One + "litellm_settings: {model_cost_map_url: prices.json}\n", time: _time, folder: folder.Path, fromFile: true);
        _time.LookTwice();
        File.SetLastWriteTimeUtc(map, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        _time.LookTwice();
        Assert.That(await gateway.ReloadsAsync(), Is.EqualTo("0 0 0"));
    }

    [Test]
    public async Task AnEnvFileThatChangesOrComesIsRead()
    {
        await using var gateway = await StartAsync("model_list: [{model_name: os.environ/NAME, litellm_params: {model: mock/echo}}]\n", _time);
        foreach (var name in (string[])["first", "second-name"])
        {
            File.WriteAllText(Path.Combine(gateway.Folder, ".env"), $"NAME={name}\n");
            _time.LookTwice();
            Assert.That(await gateway.StatusOfAsync(name), Is.EqualTo(200));
        }
        Assert.That(await gateway.StatusOfAsync("first"), Is.EqualTo(400));
    }

    // As the kubelet does it: config.yaml → ..data/config.yaml, and ..data → a folder of its own for each version.
    [Test]
    [Platform(Exclude = "Win")]
    public async Task AVolumeWhoseLinkIsSwappedIsRead()
    {
        using var folder = new Storage.TempFolder();
        Directory.CreateDirectory(folder.File("..v1"));
        Directory.CreateDirectory(folder.File("..v2"));
        File.WriteAllText(folder.File("..v1/config.yaml"), One);
        File.WriteAllText(folder.File("..v2/config.yaml"), Two);
        File.CreateSymbolicLink(folder.File("..data"), "..v1");
        File.CreateSymbolicLink(folder.File("linked.yaml"), "..data/config.yaml");
        await using var gateway = await GatewayHost.StartAsync(One, time: _time, fromFile: true, change: options =>
            options with { Source = options.Source! with { Path = folder.File("linked.yaml") } });
        gateway.App.Reload(Gateway.Reload.ReloadCause.Request);
        _time.LookTwice();

        Directory.Delete(folder.File("..data")); // .NET renames no link to a folder; nobody looks in between
        File.CreateSymbolicLink(folder.File("..data"), "..v2");
        Directory.Delete(folder.File("..v1"), recursive: true);
        _time.LookTwice();
        Assert.That(await gateway.StatusOfAsync("two"), Is.EqualTo(200));
    }
}
