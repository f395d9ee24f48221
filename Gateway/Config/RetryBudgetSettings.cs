namespace Gateway.Config;

/// <summary><c>router_settings.retry_budget</c>: how many retries there may be in ten seconds.</summary>
/// <param name="Ratio">For each request of these seconds.</param>
/// <param name="Floor">However few requests there are.</param>
public sealed record RetryBudgetSettings(double Ratio = 0.2, int Floor = 10)
{
    internal static RetryBudgetSettings Read(YamlSection s)
    {
        var defaults = new RetryBudgetSettings();
        // More than ten retries for each request are beyond what num_retries allows a client.
        return new(s.Number("ratio", most: 10) ?? defaults.Ratio, s.Count("floor") ?? defaults.Floor);
    }

    /// <summary>The settings under a key, else the defaults.</summary>
    internal static RetryBudgetSettings Read(YamlSection s, string key)
    {
        if (s.Section(key, ConfigSections.RetryBudget) is not { } budget)
            return new();
        var settings = Read(budget);
        budget.ReportUnread();
        return settings;
    }
}
