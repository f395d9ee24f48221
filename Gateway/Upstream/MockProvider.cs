using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Gateway.Catalog;
using Gateway.Config;

namespace Gateway.Upstream;

/// <summary>One call to a mock deployment.</summary>
/// <param name="Deployment">Says how the mock behaves: <c>mock_response</c> and the other <c>mock_*</c> parameters.</param>
/// <param name="Operation">Which of OpenAI's calls it is.</param>
/// <param name="Model">The model's name at the provider, which the answer repeats.</param>
/// <param name="Body">The JSON that would be sent to a provider; read before the call returns, not kept.</param>
public readonly record struct MockCall(Deployment Deployment, Operation Operation, string Model, ReadOnlySequence<byte> Body);

/// <summary>
/// A provider inside the process: it answers what a server of OpenAI's would send over the wire, so that a set-up can be tried,
/// shown and tested without a key, a network or a bill. The same request gets the same answer but for the time in <c>created</c>.
/// </summary>
public sealed class MockProvider(TimeProvider time)
{
    /// <summary>
    /// Answers with status, headers and a content whose stream yields the body's bytes, one event per read.
    /// (1) <c>mock_hang</c>, (2) <c>mock_latency</c>, (3) <c>mock_status</c>, (4) errors of the request and those that a
    /// <c>mock_response</c> names, (5) the answer. The caller disposes the response.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled, as an HTTP call would tell it.</exception>
    public async Task<HttpResponseMessage> SendAsync(MockCall call, CancellationToken ct)
    {
        var settings = call.Deployment.Params.Mock;

        // 1, 2
        if (settings.Hang)
            await Task.Delay(Timeout.InfiniteTimeSpan, time, ct);
        if (settings.Latency > TimeSpan.Zero)
            await Task.Delay(settings.Latency, time, ct);
        ct.ThrowIfCancellationRequested();

        // 3
        if (settings.Status is { } status and >= 400)
            return Refuse(call, MockError.OfStatus(status));

        // 4
        if (MockRequest.Read(call, out var request) is { } wrong)
            return Refuse(call, wrong);
        var response = call.Deployment.Params.MockResponse;
        if (MockError.Named(response, request.Stream) is { } named)
            return Refuse(call, named);

        // 5
        var answer = new MockAnswer(call, request, time.GetUtcNow());
        var content = request.Stream
            ? new MockContent(answer.Events(), null, settings, time)
            : Whole(answer.Json(), settings);
        return Respond(HttpStatusCode.OK, content, request.Stream ? "text/event-stream" : "application/json", request.Id);
    }

    private MockContent Whole(ReadOnlyMemory<byte> json, MockSettings settings)
    {
        // A cut comes in the middle of a plain answer: half of the announced bytes, then the end of the connection.
        MockEvent[] parts = settings.CutAfter is null
            ? [new MockEvent(json, 0)]
            : [new MockEvent(json[..(json.Length / 2)], 0), new MockEvent(json[(json.Length / 2)..], 0)];
        var cut = settings.CutAfter is null ? settings : settings with { CutAfter = 1 };
        return new MockContent(parts, json.Length, cut, time);
    }

    private HttpResponseMessage Refuse(in MockCall call, MockError error)
    {
        var settings = call.Deployment.Params.Mock;
        var response = Respond((HttpStatusCode)error.Status, Whole(error.Json(), settings), "application/json", null);
        // The header counts whole seconds; a part of one is rounded up, so that nobody comes back too early.
        if (settings.RetryAfter is { } wait)
            response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(Math.Ceiling(wait.TotalSeconds)));
        return response;
    }

    private static HttpResponseMessage Respond(HttpStatusCode status, MockContent content, string contentType, string? id)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        var response = new HttpResponseMessage(status) { Content = content };
        if (id is not null)
            response.Headers.TryAddWithoutValidation("x-request-id", "req_" + id);
        return response;
    }
}
