namespace Gateway.Config;

/// <summary><c>router_settings.hedge_after</c> and <c>hedge_max_share</c>: when a second deployment is tried beside a slow one.</summary>
/// <param name="After">When no first token of a stream came by then. Null: when it takes longer than 95 % of the last answers did.</param>
/// <param name="MaxShare">At most this share of the requests.</param>
public sealed record HedgeSettings(TimeSpan? After, double MaxShare)
{
    private const double DefaultMaxShare = 0.05;

    /// <summary>The settings. Null: off, as by default.</summary>
    internal static HedgeSettings? Read(YamlSection s)
    {
        const string Key = "hedge_after";
        var share = s.Number("hedge_max_share", most: 1) ?? DefaultMaxShare;
        if (s.Text(Key) is not { } text || ScalarText.TryFlag(text, out var isOn) && !isOn)
            return null;
        if (text.Equals("p95", StringComparison.OrdinalIgnoreCase))
            return new(null, share);
        if (ScalarText.TryDuration(text.Trim(), out var after) && after > TimeSpan.Zero)
            return new(after, share);
        s.Report(FindingKind.Invalid, Key, $"must be off, p95 or a time above 0, as 800ms, not '{FindingLog.Clip(text, 40)}'");
        return null;
    }
}
