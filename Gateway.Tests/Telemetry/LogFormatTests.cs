using Gateway.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Telemetry;

public sealed class LogFormatTests
{
    [TestCase(true, @"^\{""Timestamp"":""[-0-9T:]+\.\d{3}Z"",""EventId"":0,""LogLevel"":""Warning"",.*""Message"":""a\\nb""")]
    [TestCase(false, @"^[-0-9T:]+\.\d{3}Z warn: Some\.Thing\[0\] a b")]
    public void AnEventIsOneLine(bool isJson, string pattern)
    {
        using var services = new ServiceCollection().AddLogging(logging => LogFormat.Use(logging, isJson)).BuildServiceProvider();
        var name = services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName;
        var formatter = services.GetServices<ConsoleFormatter>().Single(formatter => formatter.Name == name);
        using var text = new StringWriter();
        formatter.Write(new LogEntry<string>(LogLevel.Warning, "Some.Thing", 0, "a\nb", null, static (state, _) => state), null, text);

        Assert.That(text.ToString(), Does.Match(pattern));
        Assert.That(text.ToString().TrimEnd(), Does.Not.Contain("\n"));
    }
}
