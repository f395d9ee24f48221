using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Gateway.Config;

namespace Gateway.Alerts;

/// <summary>A call that is to be made.</summary>
/// <param name="Secret">Null: it is not signed.</param>
internal sealed record WebhookCall(Secret Url, Secret? Secret, byte[] Body);

/// <summary>
/// Calls webhooks of one kind, one after the other, and each again while it fails for a reason that may pass. Addresses are secrets and
/// stay out of the log.
/// </summary>
/// <param name="name">What the log calls it: <c>slack</c>.</param>
/// <param name="random">Uniform in [0, 1), so that many gateways do not come back at one moment.</param>
/// <param name="stopping">Ends the waits: what is left is tried once.</param>
/// <param name="cut">Ends everything.</param>
internal sealed partial class WebhookLane(
    string name, HttpMessageInvoker http, TimeProvider time, Func<double> random, ILogger log,
    CancellationToken stopping, CancellationToken cut)
{
    /// <summary>Four alerts of sixty-four subjects. Of more, the oldest are dropped and said to be.</summary>
    public const int MostWaiting = 256;

    /// <summary>With the waits between them two minutes: a receiver that is being deployed is back by then.</summary>
    public const int MostTries = 8;

    /// <summary>Longer than any receiver takes that only notes what it gets.</summary>
    public static readonly TimeSpan CallTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    /// <summary>A receiver's own Retry-After is followed as far as this, too.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly Channel<WebhookCall> _calls = Channel.CreateBounded<WebhookCall>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest }, _ => Dropped(log, name));

    /// <summary>Never waits.</summary>
    public void Post(WebhookCall call) => _calls.Writer.TryWrite(call);

    /// <summary>No call comes any more.</summary>
    public void Complete() => _calls.Writer.TryComplete();

    /// <summary>Ends when the lane is complete and empty, or everything is cut.</summary>
    public async Task RunAsync()
    {
        while (await _calls.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (_calls.Reader.TryRead(out var call))
                await DeliverSafelyAsync(call);
        }
    }

    private async Task DeliverSafelyAsync(WebhookCall call)
    {
        try
        {
            await DeliverAsync(call);
        }
        catch (Exception e)
        {
            NotSent(log, name, 1, e.GetType().Name); // the background loop goes on; the message might hold the address
        }
    }

    private async Task DeliverAsync(WebhookCall call)
    {
        for (var number = 1; ; number++)
        {
            var (reason, isLasting, retryAfter) = await TryAsync(call);
            if (reason is null)
                return;
            if (isLasting || number == MostTries || stopping.IsCancellationRequested)
            {
                NotSent(log, name, number, reason);
                return;
            }
            try
            {
                await Task.Delay(WaitAfter(number, retryAfter), time, stopping);
            }
            catch (OperationCanceledException)
            {
                // It is stopping: one more try.
            }
        }
    }

    /// <summary>Twice as long each time, of which up to half is left to chance.</summary>
    private TimeSpan WaitAfter(int number, TimeSpan? retryAfter)
    {
        var wait = FirstWait * Math.Pow(2, number - 1);
        wait *= 1 - random() / 2;
        if (retryAfter > wait)
            wait = retryAfter.Value;
        return wait < LongestWait ? wait : LongestWait;
    }

    /// <summary>Makes the call once.</summary>
    /// <returns>The reason is null when it was taken; lasting when another try would end the same way.</returns>
    private async Task<(string? Reason, bool IsLasting, TimeSpan? RetryAfter)> TryAsync(WebhookCall call)
    {
        using var ended = new CancellationTokenSource(CallTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ended.Token, cut);
        try
        {
            using var request = RequestOf(call);
            using var response = await http.SendAsync(request, either.Token);
            var status = (int)response.StatusCode;
            if (status is >= 200 and <= 299)
                return default;
            var mayPass = status >= 500 || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;
            return ($"it answered {status}", !mayPass, RetryAfterOf(response));
        }
        catch (OperationCanceledException)
        {
            return (cut.IsCancellationRequested ? "the gateway stopped" : "it did not answer in time", cut.IsCancellationRequested, null);
        }
        catch (HttpRequestException e)
        {
            return ($"it was not reached ({e.HttpRequestError})", false, null); // the message would name the host
        }
    }

    private HttpRequestMessage RequestOf(WebhookCall call)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, call.Url.Reveal()) { Content = new ByteArrayContent(call.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (call.Secret is { } secret)
            request.Headers.Add(WebhookSignature.Header, WebhookSignature.Of(secret.Reveal(), call.Body, time.GetUtcNow()));
        return request;
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow(),
        _ => null,
    };

    [LoggerMessage(4, LogLevel.Warning, "An alert was not sent to {Webhook} after {Tries} tries: {Reason}")]
    private static partial void NotSent(ILogger log, string webhook, int tries, string reason);

    [LoggerMessage(5, LogLevel.Warning, "An alert was not sent to {Webhook}: too many newer ones wait")]
    private static partial void Dropped(ILogger log, string webhook);
}
