using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Gateway.Cli;

/// <summary>The options <c>--since</c> and <c>--until</c>: a date or how long ago.</summary>
internal static class TimeOption
{
    public static Option<DateTimeOffset?> Since(TimeProvider time, string text) => Make("--since", text, time);

    public static Option<DateTimeOffset?> Until(TimeProvider time) =>
        Make("--until", "Leave out what is of this time or later: a date as for --since.", time);

    private static Option<DateTimeOffset?> Make(string name, string text, TimeProvider time) => new(name)
    {
        Description = text,
        HelpName = "TIME",
        CustomParser = argument => Read(argument, name, time),
    };

    private static DateTimeOffset? Read(ArgumentResult argument, string name, TimeProvider time)
    {
        var text = argument.Tokens[0].Value;
        if (SpendCommand.TryReadSince(text, out var ago))
            return time.GetUtcNow() - ago;
        if (text.Length >= "2026-11-23".Length
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
            return date;
        argument.AddError($"{name}: '{text}' is not a time; write a date in UTC (2026-11-23, 2026-11-23T14:00) or 90m, 24h, 7d or 4w ago.");
        return null;
    }
}
