using System.IO.Pipelines;
using System.Text;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Upstream;

public sealed class UpstreamClientTests
{
    private static readonly OpenAiDialect Dialect = new();

    /// <summary>About 100,000 bytes.</summary>
    private static readonly string LargeEvent =
        """{"model":"x","choices":[{"delta":{"content":"TEXT"}}]}""".Replace("TEXT", new string('a', 100_000));

    [Test]
    public async Task AHeaderOfTheDeploymentReplacesTheGatewaysOwn()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"model":"gpt-4o","choices":[]}""");
        using var client = NewClient();
        using var answer = await client.CallAsync(Call(upstream.Url, null), default);

        Assert.That(answer, Is.TypeOf<WholeAnswer>());
        Assert.That(upstream.Request.Headers["Authorization"], Is.EqualTo("Basic abcdefgh"));
        Assert.That(upstream.Request.Headers["X-Extra"], Is.EqualTo("header-secret"));
    }

    [Test]
    public void WhatGoesToAUrlThatAClientChoseCarriesNoneOfTheDeploymentsHeaders()
    {
        using var request = UpstreamClient.NewRequest(Call("http://localhost:1", null) with { IsClientTarget = true, Key = Secret.Of("the-clients") });

        Assert.That(request.Headers.ToString(), Does.Not.Contain("header-secret").And.Not.Contain("abcdefgh").And.Not.Contain("Authorization"));
    }

    [Test]
    public async Task AStreamEndsWithItsDoneEvenIfTheProviderHoldsTheConnection()
    {
        var release = new TaskCompletionSource();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "Text/Event-Stream; charset=utf-8";
            await http.Response.WriteAsync("data: {\"model\":\"x\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n");
            await http.Response.Body.FlushAsync();
            await release.Task;
        });
        using var client = NewClient();
        using var answer = await client.CallAsync(Call(upstream.Url, new StreamOptions("m", true, null)), default);
        var pipe = new Pipe();
        try
        {
            Assert.That(await ((StreamedAnswer)answer).RelayAsync(pipe.Writer, default).AsTask().WaitAsync(TimeSpan.FromSeconds(20)), Is.EqualTo(StreamEnd.Complete));
        }
        finally
        {
            release.SetResult();
        }
        await pipe.Writer.CompleteAsync();
        using var reader = new StreamReader(pipe.Reader.AsStream());
        Assert.That(await reader.ReadToEndAsync(), Is.EqualTo("data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n"));
    }

    [Test]
    public async Task TheTimeForTheNextEventDoesNotRunWhileTheClientIsSlow()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync("""{"model":"x","choices":[{"delta":{"content":"a"}}]}""", "[DONE]");
        var time = new FakeTimeProvider();
        using var client = new UpstreamClient(new BufferBudget(1 << 20), time);
        using var answer = await client.CallAsync(Call(upstream.Url, new StreamOptions("m", true, null)), default);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));

        var relaying = ((StreamedAnswer)answer).RelayAsync(pipe.Writer, default).AsTask();
        time.Advance(TimeSpan.FromMinutes(10));
        var reading = new StreamReader(pipe.Reader.AsStream()).ReadToEndAsync();

        Assert.That(await relaying.WaitAsync(GatewayHost.Patience), Is.EqualTo(StreamEnd.Complete));
        await pipe.Writer.CompleteAsync();
        Assert.That(await reading.WaitAsync(GatewayHost.Patience), Does.EndWith("data: [DONE]\n\n"));
    }

    [Test]
    public async Task AnEventThatDoesNotFitTheBuffersIsTheGatewaysFailure()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(LargeEvent, "[DONE]");
        var budget = new BufferBudget(40_000);
        using var client = new UpstreamClient(budget, TimeProvider.System);

        using var answer = await client.CallAsync(Call(upstream.Url, new StreamOptions("m", true, null)), default);

        var failure = ((FailedAnswer)answer).Failure;
        Assert.That((failure.Status, failure.IsGateways), Is.EqualTo((503, true)));
        Assert.That(failure.ToError().RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That(budget.Used, Is.Zero);
    }

    [Test]
    public async Task ALargeEventIsCountedWhileItsStreamLasts()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(LargeEvent, "[DONE]");
        var budget = new BufferBudget(1 << 20);
        using var client = new UpstreamClient(budget, TimeProvider.System);

        using (await client.CallAsync(Call(upstream.Url, new StreamOptions("m", true, null)), default))
            Assert.That(budget.Used, Is.InRange(84_000, 256_000));

        Assert.That(budget.Used, Is.Zero);
    }

    [Test]
    public async Task CommentsWithoutEndBeforeTheFirstEventAreNonsense()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            while (!http.RequestAborted.IsCancellationRequested)
                await http.Response.WriteAsync($": {new string('a', 1000)}\n\n");
        });
        using var client = NewClient();

        using var answer = await client.CallAsync(Call(upstream.Url, new StreamOptions("m", true, null)), default);

        Assert.That(((FailedAnswer)answer).Failure.Status, Is.EqualTo(502));
    }

    [Test]
    public async Task AnErrorWhoseTextDoesNotEndIsToldWithWhatCame()
    {
        var hasBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.StatusCode = 429;
            await http.Response.WriteAsync("slow down");
            await http.Response.Body.FlushAsync();
            hasBegun.SetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        var time = new FakeTimeProvider();
        using var client = new UpstreamClient(new BufferBudget(1 << 20), time);

        var calling = client.CallAsync(Call(upstream.Url, null) with { Timeout = TimeSpan.FromDays(1) }, default);
        await hasBegun.Task.WaitAsync(GatewayHost.Patience);
        while (!calling.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(5)); // again and again, since the client may not have begun to read yet
            await Task.WhenAny(calling, Task.Delay(20));
        }

        Assert.That(((FailedAnswer)await calling).Failure.Status, Is.EqualTo(429));
    }

    private static UpstreamClient NewClient() => new(new BufferBudget(1 << 20), TimeProvider.System);

    private static UpstreamCall Call(string url, StreamOptions? stream)
    {
        Dialect.Read(new(Encoding.UTF8.GetBytes("""{"model":"m"}""")), out var request);
        var deployment = ProviderFailureTests.Deployment(url + "/v1");
        return new UpstreamCall
        {
            Deployment = deployment,
            Operation = Operation.Chat,
            Wire = new PassThroughWire(Dialect),
            Model = "gpt-4o",
            Uri = new Uri(url + "/v1/chat/completions"),
            Key = deployment.ApiKey,
            Body = Dialect.Compose(request, new RequestChanges { Model = "gpt-4o" }),
            Stream = stream,
            Timeout = TimeSpan.FromMinutes(1),
        };
    }
}
