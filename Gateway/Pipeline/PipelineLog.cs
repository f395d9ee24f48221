namespace Gateway.Pipeline;

/// <summary>What the pipeline logs beside the one line per request.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(1, LogLevel.Error, "Request {ExchangeId} failed by a bug in the gateway")]
    public static partial void Failed(ILogger logger, string exchangeId, Exception exception);
}
