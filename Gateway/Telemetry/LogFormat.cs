using Microsoft.Extensions.Logging.Console;

namespace Gateway.Telemetry;

/// <summary>How everything but the request lines is logged: one line per event, for people or as JSON.</summary>
public static class LogFormat
{
    // As in the request lines.
    private const string Timestamp = "yyyy-MM-ddTHH:mm:ss.fffZ ";

    /// <param name="isJson">True: a JSON object per line (<c>json_logs</c>); false: a line for people, without colours.</param>
    public static void Use(ILoggingBuilder logging, bool isJson)
    {
        logging.ClearProviders();
        if (isJson)
            logging.AddJsonConsole(console =>
            {
                console.TimestampFormat = Timestamp.Trim();
                console.UseUtcTimestamp = true;
            });
        else
            logging.AddSimpleConsole(console =>
            {
                console.TimestampFormat = Timestamp;
                console.UseUtcTimestamp = true;
                console.SingleLine = true;
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            });
    }
}
