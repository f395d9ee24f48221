namespace Gateway.Pipeline;

/// <summary>What the pipeline logs beside the one line per request.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(1, LogLevel.Error, "Request {ExchangeId} failed by a bug in the gateway")]
    public static partial void Failed(ILogger logger, string exchangeId, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "Request {ExchangeId} cost {Cost} USD at {Deployment}, {Overshoot} USD more than was set aside for it; "
        + "it is booked whole: the provider bills what the gateway did not foresee, or a limit in model_info is too low")]
    public static partial void Overshot(ILogger logger, string exchangeId, string deployment, NanoUsd cost, NanoUsd overshoot);
}
