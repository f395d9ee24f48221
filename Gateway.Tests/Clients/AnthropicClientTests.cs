using System.Net;
using System.Text;
using System.Text.Json;
using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;

namespace Gateway.Tests.Clients;

/// <summary>Anthropic's own client for messages, in front of every kind of provider.</summary>
public sealed class AnthropicClientTests
{
    /// <summary>The client checks each answer that it is given.</summary>
    private static AnthropicClient ClientOf(GatewayHost gateway, string key = ProviderScript.CallerKey) => new()
    {
        BaseUrl = gateway.Http.BaseAddress!.ToString().TrimEnd('/'),
        ApiKey = key,
        MaxRetries = 0,
        Timeout = GatewayHost.Patience,
        ResponseValidation = true,
    };

    private static MessageCreateParams Question(MessageContentParam? content = null, string model = ProviderScript.Model) => new()
    {
        Model = model,
        MaxTokens = 64,
        System = "Be brief.",
        Messages = [new UserMessageParam(content ?? "A river?")],
    };

    private static MessageContentParam Blocks(IEnumerable<ContentBlockParam> blocks) => new(blocks.ToList());

    private static Dictionary<string, JsonElement> Members(string json) =>
        JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json)!;

    [Test]
    public async Task AMessageIsAnswered([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("The Elbe.");
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var client = ClientOf(gateway);

        var answer = await client.Messages.Create(Question());

        Assert.That(answer.Content.Single().Value, Is.InstanceOf<TextBlock>().With.Property("Text").EqualTo("The Elbe."));
        Assert.That((answer.StopReason!.Value(), answer.Model.Raw()), Is.EqualTo((StopReason.EndTurn, ProviderScript.Model)));
        Assert.That(answer.StopSequence, Is.Null);
        Assert.That(answer.Usage.InputTokens, Is.EqualTo(ProviderScript.InputTokens));
        Assert.That(answer.Usage.OutputTokens, Is.EqualTo(ProviderScript.OutputTokens));
        var understood = script.Understood(upstream);
        Assert.That((understood.System, understood.MaxTokens), Is.EqualTo(("Be brief.", 64L)));
        Assert.That(understood.Said, Is.EqualTo(["A river?"]));
    }

    [Test]
    public async Task AStreamArrivesPieceByPiece([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync(new ScriptedTurn { Text = ["The ", "Elbe", "."] });
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var client = ClientOf(gateway);

        var events = await ReadAsync(client, Question());

        Assert.That(TextOf(events), Is.EqualTo(["The ", "Elbe", "."]));
        Assert.That(events[0].Value, Is.InstanceOf<RawMessageStartEvent>());
        Assert.That(events[^1].Value, Is.InstanceOf<RawMessageStopEvent>());
        var end = events.Select(static one => one.Value).OfType<RawMessageDeltaEvent>().Single();
        Assert.That(end.Delta.StopReason!.Value(), Is.EqualTo(StopReason.EndTurn));
        Assert.That(end.Usage.OutputTokens, Is.EqualTo(ProviderScript.OutputTokens));
        Assert.That(script.Understood(upstream, isStream: true).Said, Is.EqualTo(["A river?"]));
    }

    [Test]
    public async Task ToolsAreCalledAndTheirResultsGoBack([Values] Spoken provider, [Values(1, 2)] int count, [Values] bool isStream)
    {
        var script = ProviderScript.Of(provider);
        var asked = ClientCases.Calls[..count];
        await using var upstream = await script.StartAsync(asked, "Cold.");
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var client = ClientOf(gateway);
        var question = Question("How is Inari?") with { Tools = [ToolOf("depth"), ToolOf("heat")] };

        var calls = isStream
            ? CallsOf(await ReadAsync(client, question))
            : [.. (await client.Messages.Create(question)).Content.Select(static block => block.Value).OfType<ToolUseBlock>()
                .Select(static call => SentBack(call, call.Input))];
        var answer = await client.Messages.Create(question with
        {
            Messages =
            [
                .. question.Messages,
                new AssistantMessageParam(Blocks(calls.Select(static call => (ContentBlockParam)call))),
                new UserMessageParam(Blocks(calls.Select(static call =>
                    (ContentBlockParam)new ToolResultBlockParam(call.ID) { Content = $"{call.Name}: 4" }))),
            ],
        });

        Assert.That(calls.Select(static call => call.Name), Is.EqualTo(asked.Select(static call => call.Name)));
        Assert.That(calls.Select(static call => JsonSerializer.Serialize(call.Input)),
            Is.EqualTo(asked.Select(static call => call.Arguments)));
        Assert.That(((TextBlock)answer.Content.Single().Value!).Text, Is.EqualTo("Cold."));
        ClientCases.AssertToolTalk(script, upstream, asked, isStream);
    }

    private static Tool ToolOf(string name) => new()
    {
        Name = name,
        Description = $"Tells the {name}.",
        InputSchema = InputSchema.FromRawUnchecked(Members(ClientCases.Schema)),
    };

    [Test]
    public async Task AnAnswerKeepsToASchema([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("""{"lake":"Inari"}""");
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var client = ClientOf(gateway);

        var answer = await client.Messages.Create(Question() with
        {
            OutputConfig = new() { Format = new() { Schema = Members(ClientCases.Schema) } },
        });

        Assert.That(((TextBlock)answer.Content.Single().Value!).Text, Is.EqualTo("""{"lake":"Inari"}"""));
        Assert.That(script.Understood(upstream).Schema.DeepEquals(ClientCases.Schema));
    }

    [Test]
    public async Task APictureIsShown([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("A dot.");
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var client = ClientOf(gateway);
        var source = new Base64ImageSource { MediaType = MediaType.ImagePng, Data = Convert.ToBase64String(ClientCases.Png) };

        await client.Messages.Create(Question(Blocks([new TextBlockParam("What is it?"), new ImageBlockParam(source)])));

        var understood = script.Understood(upstream);
        Assert.That(understood.Images, Is.EqualTo([("image/png", Convert.ToBase64String(ClientCases.Png))]));
        Assert.That(understood.Said, Is.EqualTo(["What is it?"]));
    }

    private static System.Type ExceptionOf(int status) => status switch
    {
        400 => typeof(AnthropicBadRequestException),
        401 => typeof(AnthropicUnauthorizedException),
        403 => typeof(AnthropicForbiddenException),
        404 => typeof(AnthropicNotFoundException),
        429 => typeof(AnthropicRateLimitException),
        529 => typeof(AnthropicOverloadedException),
        _ => typeof(Anthropic5xxException),
    };

    [Test]
    public async Task AProvidersRefusalIsTheExceptionOfItsStatus([Values] Spoken provider, [Values] bool isStream)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.RefuseAsync("No such luck", ClientCases.Refusals);
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var client = ClientOf(gateway);

        foreach (var status in ClientCases.Refusals)
        {
            var error = await Assert.CatchAsync<AnthropicApiException>(() =>
                isStream ? ReadAsync(client, Question()) : client.Messages.Create(Question()));

            Assert.That(error, Is.TypeOf(ExceptionOf(status)));
            Assert.That((int)error!.StatusCode, Is.EqualTo(status));
            Assert.That(error.ResponseBody, Does.Contain("No such luck"));
            script.Understood(upstream.Requests.Last(), isStream);
        }
        Assert.That(upstream.Requests, Has.Count.EqualTo(ClientCases.Refusals.Length));
    }

    [TestCase(ProviderScript.Model, "sk-nobody-1234567", HttpStatusCode.Unauthorized, typeof(AnthropicUnauthorizedException))]
    [TestCase("brook", ProviderScript.CallerKey, HttpStatusCode.BadRequest, typeof(AnthropicBadRequestException))]
    public async Task TheGatewaysOwnRefusalIsTheExceptionOfItsStatus(string model, string key, HttpStatusCode status, System.Type expected)
    {
        var script = ProviderScript.Of(Spoken.Anthropic);
        await using var upstream = await script.StartAsync("The Elbe.");
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var client = ClientOf(gateway, key);

        var error = await Assert.CatchAsync<AnthropicApiException>(() => client.Messages.Create(Question(model: model)));

        Assert.That(error, Is.TypeOf(expected));
        Assert.That(error!.StatusCode, Is.EqualTo(status));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task ACancelledCallIsHungUpOn([Values] Spoken provider, [Values] bool isStream)
    {
        var script = ProviderScript.Of(provider);
        var hungUp = ClientCases.NewGate();
        await using var upstream = await script.HangAsync(hungUp);
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var client = ClientOf(gateway);
        using var cancel = new CancellationTokenSource();

        await Assert.CatchAsync<OperationCanceledException>(() => isStream
            ? ClientCases.CancelAfterAsync(
                client.Messages.CreateStreaming(Question(), cancel.Token),
                static one => TextOf([one]).Contains(ProviderScript.Beginning), cancel)
            : ClientCases.CancelAsync(client.Messages.Create(Question(), cancel.Token), upstream, cancel));

        await hungUp.Task.WaitAsync(GatewayHost.Patience);
        script.Understood(upstream, isStream);
    }

    [Test]
    public async Task AStreamThatBreaksOffHasNoCleanEnd([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        var isRead = ClientCases.NewGate();
        await using var upstream = await script.BreakOffAsync(isRead.Task);
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var client = ClientOf(gateway);
        List<RawMessageStreamEvent> events = [];

        await Assert.CatchAsync<AnthropicException>(async () =>
        {
            await foreach (var one in client.Messages.CreateStreaming(Question()))
            {
                events.Add(one);
                if (TextOf([one]).Count > 0)
                    isRead.SetResult();
            }
        });

        Assert.That(TextOf(events), Is.EqualTo([ProviderScript.Beginning]));
        Assert.That(events.Select(static one => one.Value),
            Has.None.InstanceOf<RawMessageDeltaEvent>().And.None.InstanceOf<RawMessageStopEvent>());
    }

    private static async Task<List<RawMessageStreamEvent>> ReadAsync(AnthropicClient client, MessageCreateParams question)
    {
        List<RawMessageStreamEvent> events = [];
        await foreach (var one in client.Messages.CreateStreaming(question))
            events.Add(one);
        return events;
    }

    private static List<string> TextOf(IEnumerable<RawMessageStreamEvent> events) =>
        [.. events.Select(static one => one.Value).OfType<RawContentBlockDeltaEvent>().Select(static one => one.Delta.Value)
            .OfType<TextDelta>().Select(static delta => delta.Text)];

    /// <summary>The calls of a stream, as they are sent back.</summary>
    private static List<ToolUseBlockParam> CallsOf(IEnumerable<RawMessageStreamEvent> events)
    {
        var calls = new SortedDictionary<long, (ToolUseBlock Block, StringBuilder Input)>();
        foreach (var one in events)
        {
            if (one.Value is RawContentBlockStartEvent { ContentBlock.Value: ToolUseBlock block } start)
                calls.Add(start.Index, (block, new()));
            else if (one.Value is RawContentBlockDeltaEvent { Delta.Value: InputJsonDelta piece } delta)
                calls[delta.Index].Input.Append(piece.PartialJson);
            else if (one.Value is RawMessageDeltaEvent end)
                Assert.That(end.Delta.StopReason!.Value(), Is.EqualTo(StopReason.ToolUse));
        }
        return [.. calls.Values.Select(static call => SentBack(call.Block, Members(call.Input.ToString())))];
    }

    /// <summary>A call of an answer as a part of the talk so far.</summary>
    private static ToolUseBlockParam SentBack(ToolUseBlock call, IReadOnlyDictionary<string, JsonElement> input) => new()
    {
        ID = call.ID,
        Name = call.Name,
        Input = input,
        Caller = new ToolUseBlockParamCaller(call.Caller.Json),
    };
}
