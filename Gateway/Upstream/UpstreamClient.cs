using System.Buffers;
using System.Net;
using System.Security.Authentication;
using Gateway.Dialects;
using Gateway.Upstream.Auth;

namespace Gateway.Upstream;

/// <summary>Calls deployments and tells answers from failures.</summary>
public sealed class UpstreamClient : IDisposable
{
    /// <summary>A provider that takes longer to accept a connection is as good as down.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Connections are renewed now and then so that changes of DNS are followed.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);

    /// <summary>Of an error body no more is read.</summary>
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>Its status has come, and its text is not waited for any longer.</summary>
    private static readonly TimeSpan MaxErrorTime = TimeSpan.FromSeconds(5);

    /// <summary>First guess for an answer whose length is not announced.</summary>
    private const int FirstBufferBytes = 16 * 1024;

    /// <summary>More is taken only as it comes: a length can be announced and never sent.</summary>
    private const int MaxFirstBufferBytes = 1 << 20;

    private static readonly string UserAgent = $"gateway/{typeof(UpstreamClient).Assembly.GetName().Version?.ToString(3)}";

    private readonly HttpMessageInvoker _invoker = new(NewHandler());
    private readonly HttpMessageInvoker _clientTargets = new(ClientTargets.Guard(NewHandler()));
    private readonly AuthSchemes _auth;
    private readonly MockProvider _mock;
    private readonly BufferBudget _budget;
    private readonly TimeProvider _time;

    public UpstreamClient(BufferBudget budget, TimeProvider time)
    {
        _budget = budget;
        _time = time;
        _mock = new MockProvider(time);
        _auth = new AuthSchemes(time);
    }

    private static SocketsHttpHandler NewHandler() => new()
    {
        UseCookies = false,
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = ConnectionLifetime,
        ActivityHeadersPropagator = null,
    };

    /// <summary>Calls a deployment. For a stream it returns once the first event has come.</summary>
    /// <exception cref="OperationCanceledException">The client hung up (<paramref name="clientAborted"/>).</exception>
    public async Task<UpstreamAnswer> CallAsync(UpstreamCall call, CancellationToken clientAborted)
    {
        var limit = call.FirstEventTimeout ?? call.Timeout;
        var deadline = new CallDeadline(limit, _time, clientAborted);
        var ended = deadline.Token; // can be asked after the deadline's disposal
        HttpResponseMessage? response = null;
        UpstreamAnswer? answer = null;
        try
        {
            response = await SendAsync(call, ended);
            answer = await ReadAsync(call, response, deadline);
            answer.Remaining = RateLimitHeaders.Read(response.Headers);
            return answer;
        }
        catch (AuthException e)
        {
            return new FailedAnswer(UpstreamFailure.NotAuthenticated(call.Deployment, e));
        }
        catch (OperationCanceledException) when (!clientAborted.IsCancellationRequested)
        {
            return new FailedAnswer(UpstreamFailure.TimedOut(
                call.Deployment, ended.IsCancellationRequested ? limit : ConnectTimeout));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or AuthenticationException && !clientAborted.IsCancellationRequested)
        {
            return new FailedAnswer(UpstreamFailure.NotReached(call.Deployment, e));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or AuthenticationException && clientAborted.IsCancellationRequested)
        {
            throw new OperationCanceledException("The client hung up.", e, clientAborted);
        }
        finally
        {
            if (answer is not (StreamedAnswer or RelayedAnswer))
            {
                response?.Dispose();
                deadline.Dispose();
            }
        }
    }

    private Task<HttpResponseMessage> SendAsync(UpstreamCall call, CancellationToken ct)
    {
        if (call.Deployment.IsMock)
        {
            call.WasSent();
            return _mock.SendAsync(new(call.Deployment, call.Operation, call.Model, call.Body.ToSequence()), ct);
        }
        var request = NewRequest(call);
        var invoker = call.IsClientTarget ? _clientTargets : _invoker;
        var authentication = _auth.Of(call.Deployment.Provider.Auth).ApplyAsync(request, call, ct);
        return authentication.IsCompletedSuccessfully
            ? invoker.SendAsync(request, ct)
            : SendAfterAsync(authentication, invoker, request, ct);
    }

    private static async Task<HttpResponseMessage> SendAfterAsync(
        ValueTask authentication, HttpMessageInvoker invoker, HttpRequestMessage request, CancellationToken ct)
    {
        await authentication;
        return await invoker.SendAsync(request, ct);
    }

    /// <summary>The HTTP request of a call, without authentication.</summary>
    internal static HttpRequestMessage NewRequest(UpstreamCall call)
    {
        var request = new HttpRequestMessage(call.Method, call.Uri)
        {
            Version = HttpVersion.Version11,
            Content = call.Method == HttpMethod.Post ? new SplicedContent(call.Body, call.WasSent) : null,
        };
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        foreach (var (name, value) in call.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (call.IsClientTarget)
            return request; // the deployment's own headers may be secrets as its key is
        if (call.Deployment.Params.Organization is { } organization)
            request.Headers.TryAddWithoutValidation("OpenAI-Organization", organization);
        foreach (var (name, value) in call.Deployment.Params.ExtraHeaders)
        {
            if (!value.IsUsable)
                continue;
            if (request.Headers.NonValidated.Contains(name))
                request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value.Reveal());
        }
        return request;
    }

    private async ValueTask<UpstreamAnswer> ReadAsync(UpstreamCall call, HttpResponseMessage response, CallDeadline deadline)
    {
        if (!response.IsSuccessStatusCode)
            return await ReadErrorAsync(call, response, deadline.Token);
        var mediaType = response.Content.Headers.ContentType?.MediaType;
        if (call.Wire.FormOf(mediaType) is { } form)
            return await ReadFormAsync(call, response, form, deadline);
        if (call.Stream is null)
            return await ReadWholeAsync(call, response, deadline.Token);
        return mediaType is null || call.Wire.StreamMediaTypes.Contains(mediaType, StringComparer.OrdinalIgnoreCase)
            ? await OpenStreamAsync(call, call.Stream, response, deadline)
            : await ReadUnexpectedAsync(call, response, mediaType, deadline.Token);
    }

    /// <summary>What comes is what the provider says it is.</summary>
    private async ValueTask<UpstreamAnswer> ReadFormAsync(
        UpstreamCall call, HttpResponseMessage response, AnswerForm form, CallDeadline deadline) => form switch
        {
            AnswerForm.Json => await ReadWholeAsync(call, response, deadline.Token),
            AnswerForm.Events => await OpenStreamAsync(call, new StreamOptions(call.Model, false, null), response, deadline),
            _ => await RelayedAnswer.OpenAsync(response, deadline, call.Timeout),
        };

    private async ValueTask<UpstreamAnswer> ReadErrorAsync(UpstreamCall call, HttpResponseMessage response, CancellationToken ct)
    {
        var body = await ReadStartAsync(response, ct);
        return new FailedAnswer(
            UpstreamFailure.FromAnswer(call.Deployment, (int)response.StatusCode, response.Headers, body.Span, _time.GetUtcNow()));
    }

    /// <summary>A stream was asked for and something else came with a 200: an error in disguise, or nonsense.</summary>
    private async ValueTask<UpstreamAnswer> ReadUnexpectedAsync(
        UpstreamCall call, HttpResponseMessage response, string mediaType, CancellationToken ct)
    {
        var body = await ReadStartAsync(response, ct);
        if (call.Wire.TryReadAnswer(body, out var facts, out _) && facts.IsError)
            return HiddenError(call, response, body.Span);
        return new FailedAnswer(UpstreamFailure.Nonsense(
            call.Deployment, $"a stream was asked for, and the answer is {RecordedText.Shorten(mediaType)}"));
    }

    /// <summary>What comes of an error's body; that it is slow or breaks off does not hide the status.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> ReadStartAsync(HttpResponseMessage response, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(MaxErrorTime, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        var buffer = new byte[MaxErrorBytes];
        var filled = 0;
        try
        {
            await using var stream = await ContentDecoding.OpenAsync(response, either.Token);
            while (filled < buffer.Length
                && await ContentDecoding.ReadAsync(stream, buffer.AsMemory(filled), either.Token) is > 0 and var read)
                filled += read;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException && !ct.IsCancellationRequested)
        {
            // What came is enough.
        }
        return buffer.AsMemory(0, filled);
    }

    private async ValueTask<UpstreamAnswer> ReadWholeAsync(UpstreamCall call, HttpResponseMessage response, CancellationToken ct)
    {
        var announced = response.Content.Headers.ContentLength;
        // One more, so that the end shows without growing.
        var taken = announced is { } length ? Math.Min(length, MaxFirstBufferBytes) + 1 : FirstBufferBytes;
        if (!_budget.TryTake(taken))
            return new FailedAnswer(UpstreamFailure.NoRoom(call.Deployment));
        var buffer = ArrayPool<byte>.Shared.Rent((int)taken);
        var filled = 0;
        WholeAnswer? answer = null;
        try
        {
            await using var stream = await ContentDecoding.OpenAsync(response, ct);
            while (await ContentDecoding.ReadAsync(stream, buffer.AsMemory(filled), ct) is > 0 and var read)
            {
                filled += read;
                if (filled < buffer.Length)
                    continue;
                if (buffer.Length > Array.MaxLength / 2 || !_budget.TryTake(buffer.Length))
                    return new FailedAnswer(UpstreamFailure.NoRoom(call.Deployment));
                taken += buffer.Length;
                buffer = Grow(buffer, filled);
            }
            if (!call.Wire.TryReadAnswer(buffer.AsMemory(0, filled), out var facts, out var translated))
                return new FailedAnswer(UpstreamFailure.Nonsense(call.Deployment, "the answer is not a JSON object"));
            if (facts.IsError)
                return HiddenError(call, response, buffer.AsSpan(0, filled));
            return answer = new WholeAnswer(buffer, filled, _budget, taken, facts, translated);
        }
        finally
        {
            if (answer is null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                _budget.GiveBack(taken);
            }
        }
    }

    private static byte[] Grow(byte[] buffer, int filled)
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked(buffer.Length * 2));
        buffer.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private async ValueTask<UpstreamAnswer> OpenStreamAsync(
        UpstreamCall call, StreamOptions options, HttpResponseMessage response, CallDeadline deadline)
    {
        var stream = await ContentDecoding.OpenAsync(response, deadline.Token);
        var answer = new StreamedAnswer(response, stream, call.Wire.Translate(options), deadline, call.Timeout, _budget);
        var opened = false;
        try
        {
            if (await answer.OpenAsync() is { } end)
                return new FailedAnswer(NotBegun(call, end));
            if (answer.Translator.ErrorEvent is { } error)
                return HiddenError(call, response, error);
            opened = true;
            return answer;
        }
        finally
        {
            if (!opened)
                answer.Dispose();
        }
    }

    private static UpstreamFailure NotBegun(UpstreamCall call, StreamEnd end) => end switch
    {
        StreamEnd.NoRoom => UpstreamFailure.NoRoom(call.Deployment),
        StreamEnd.Malformed => UpstreamFailure.Nonsense(call.Deployment, "the stream began with an event that is not JSON"),
        StreamEnd.TooLarge => UpstreamFailure.Nonsense(call.Deployment, "too much came before the end of the stream's first event"),
        _ => UpstreamFailure.Nonsense(call.Deployment, "the stream ended before its first event"),
    };

    private FailedAnswer HiddenError(UpstreamCall call, HttpResponseMessage response, ReadOnlySpan<byte> body) => new(
        UpstreamFailure.FromAnswer(call.Deployment, ProviderError.Read(body).Status, response.Headers, body, _time.GetUtcNow()));

    public void Dispose()
    {
        _invoker.Dispose();
        _clientTargets.Dispose();
        _auth.Dispose();
    }
}
