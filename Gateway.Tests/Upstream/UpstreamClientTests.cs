using System.IO.Pipelines;
using System.Text;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;
using Gateway.Upstream;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Upstream;

public sealed class UpstreamClientTests
{
    private static readonly OpenAiDialect Dialect = new();

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

        Assert.That(request.Headers.ToString(), Does.Not.Contain("header-secret").And.Not.Contain("abcdefgh").And.Contain("Bearer the-clients"));
    }

    [Test]
    public async Task AStreamEndsWithItsDoneEvenIfTheProviderHoldsTheConnection()
    {
        var release = new TaskCompletionSource();
        await using var upstream = await ScriptedUpstream.StartAsync(async http =>
        {
            http.Response.ContentType = "Text/Event-Stream; charset=utf-8";
            await http.Response.WriteAsync("data: {\"model\":\"x\",\"choices\":[{\"delta\":{}}]}\n\ndata: [DONE]\n\n");
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
        Assert.That(await reader.ReadToEndAsync(), Is.EqualTo("data: {\"model\":\"m\",\"choices\":[{\"delta\":{}}]}\n\ndata: [DONE]\n\n"));
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
            Dialect = Dialect,
            Model = "gpt-4o",
            Uri = new Uri(url + "/v1/chat/completions"),
            Key = deployment.ApiKey,
            Body = Dialect.Compose(request, new RequestChanges { Model = "gpt-4o" }),
            Stream = stream,
            Timeout = TimeSpan.FromMinutes(1),
        };
    }
}
