using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using OpenAI.Responses;

namespace Gateway.Tests.Clients;

/// <summary>OpenAI's own client for responses, in front of every kind of provider.</summary>
public sealed class OpenAiResponsesClientTests
{
    private static readonly BinaryData Schema = BinaryData.FromString(ClientCases.Schema);

    private static ResponsesClient ClientOf(GatewayHost gateway, string key = ProviderScript.CallerKey) => new(
        new ApiKeyCredential(key), new ResponsesClientOptions
        {
            Endpoint = new Uri(gateway.Http.BaseAddress!, "/v1"),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = GatewayHost.Patience,
        });

    private static CreateResponseOptions Question(string text = "A river?", string model = ProviderScript.Model) =>
        new(model, [ResponseItem.CreateUserMessageItem(text)]);

    [Test]
    public async Task AResponseIsAnswered([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("The Elbe.");
        await using var gateway = await script.StartGatewayAsync(upstream);
        var question = Question();
        (question.Instructions, question.MaxOutputTokenCount) = ("Be brief.", 64);

        ResponseResult answer = await ClientOf(gateway).CreateResponseAsync(question);

        Assert.That(answer.GetOutputText(), Is.EqualTo("The Elbe."));
        Assert.That((answer.Status, answer.Model), Is.EqualTo(((ResponseStatus?)ResponseStatus.Completed, ProviderScript.Model)));
        Assert.That(answer.Error, Is.Null);
        AssertUsage(answer.Usage);
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

        var updates = await ReadAsync(ClientOf(gateway), Question());

        Assert.That(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(static one => one.Delta),
            Is.EqualTo(["The ", "Elbe", "."]));
        Assert.That(updates.Select(static one => one.SequenceNumber), Is.EqualTo(Enumerable.Range(0, updates.Count)));
        var end = (StreamingResponseCompletedUpdate)updates[^1];
        Assert.That(end.Response.GetOutputText(), Is.EqualTo("The Elbe."));
        AssertUsage(end.Response.Usage);
        Assert.That(script.Understood(upstream, isStream: true).Said, Is.EqualTo(["A river?"]));
    }

    [Test]
    public async Task ToolsAreCalledAndTheirResultsGoBack([Values] Spoken provider, [Values(1, 2)] int count, [Values] bool isStream)
    {
        var script = ProviderScript.Of(provider);
        var asked = ClientCases.Calls[..count];
        await using var upstream = await script.StartAsync(asked, "Cold.");
        await using var gateway = await script.StartGatewayAsync(upstream);
        var client = ClientOf(gateway);
        var question = WithTools(Question("How is Inari?"));

        var first = isStream
            ? ((StreamingResponseCompletedUpdate)(await ReadAsync(client, question))[^1]).Response
            : (await client.CreateResponseAsync(question)).Value;
        var calls = first.OutputItems.OfType<FunctionCallResponseItem>().ToList();
        var next = WithTools(Question("How is Inari?"));
        foreach (var item in first.OutputItems)
            next.InputItems.Add(item);
        foreach (var call in calls)
            next.InputItems.Add(ResponseItem.CreateFunctionCallOutputItem(call.CallId, $"{call.FunctionName}: 4"));
        ResponseResult answer = await client.CreateResponseAsync(next);

        Assert.That(calls.Select(static call => call.FunctionName), Is.EqualTo(asked.Select(static call => call.Name)));
        Assert.That(calls.Select(static call => call.FunctionArguments.ToString()),
            Is.EqualTo(asked.Select(static call => call.Arguments)));
        Assert.That(answer.GetOutputText(), Is.EqualTo("Cold."));
        ClientCases.AssertToolTalk(script, upstream, asked, isStream);
    }

    private static CreateResponseOptions WithTools(CreateResponseOptions question)
    {
        question.Tools.Add(ResponseTool.CreateFunctionTool("depth", Schema, strictModeEnabled: false, "How deep?"));
        question.Tools.Add(ResponseTool.CreateFunctionTool("heat", Schema, strictModeEnabled: false));
        return question;
    }

    [Test]
    public async Task AResponseIsContinuedByItsId([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("The Elbe.", "The Oder.");
        await using var gateway = await script.StartGatewayAsync(upstream);
        var client = ClientOf(gateway);

        ResponseResult first = await client.CreateResponseAsync(Question());
        ResponseResult second = await client.CreateResponseAsync(ProviderScript.Model, "Another?", first.Id);

        Assert.That(second.GetOutputText(), Is.EqualTo("The Oder."));
        // A provider that keeps responses itself is asked to go on; to others the talk so far is told again.
        var keepsThem = provider == Spoken.Responses;
        var last = upstream.Requests.Last();
        Assert.That(JsonElement.Parse(last.Body).Get("previous_response_id")?.GetString(), Is.EqualTo(keepsThem ? first.Id : null));
        string[] said = keepsThem ? ["Another?"] : ["A river?", "Another?"];
        Assert.That(script.Understood(last, isStream: false).Said, Is.EqualTo(said));
    }

    [Test]
    public async Task AnAnswerKeepsToASchema([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("""{"lake":"Inari"}""");
        await using var gateway = await script.StartGatewayAsync(upstream);
        var question = Question();
        question.TextOptions = new() { TextFormat = ResponseTextFormat.CreateJsonSchemaFormat("lake", Schema, jsonSchemaIsStrict: true) };

        ResponseResult answer = await ClientOf(gateway).CreateResponseAsync(question);

        Assert.That(answer.GetOutputText(), Is.EqualTo("""{"lake":"Inari"}"""));
        Assert.That(script.Understood(upstream).Schema.DeepEquals(ClientCases.Schema));
    }

    [Test]
    public async Task APictureIsShown([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("A dot.");
        await using var gateway = await script.StartGatewayAsync(upstream);

        await ClientOf(gateway).CreateResponseAsync(new CreateResponseOptions(ProviderScript.Model, [ResponseItem.CreateUserMessageItem(
        [
            ResponseContentPart.CreateInputTextPart("What is it?"),
            ResponseContentPart.CreateInputImagePart(new BinaryData(ClientCases.Png, "image/png")),
        ])]));

        var understood = script.Understood(upstream);
        Assert.That(understood.Images, Is.EqualTo([("image/png", Convert.ToBase64String(ClientCases.Png))]));
        Assert.That(understood.Said, Is.EqualTo(["What is it?"]));
    }

    [Test]
    public async Task AProvidersRefusalIsAnExceptionOfItsStatus([Values] Spoken provider, [Values] bool isStream)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.RefuseAsync("No such luck", ClientCases.Refusals);
        await using var gateway = await script.StartGatewayAsync(upstream);

        foreach (var status in ClientCases.Refusals)
        {
            var error = await Assert.ThrowsAsync<ClientResultException>(() => isStream
                ? ReadAsync(ClientOf(gateway), Question())
                : ClientOf(gateway).CreateResponseAsync(Question()));

            Assert.That(error!.Status, Is.EqualTo(status));
            Assert.That(error.Message, Does.Contain("No such luck"));
            script.Understood(upstream.Requests.Last(), isStream);
        }
        Assert.That(upstream.Requests, Has.Count.EqualTo(ClientCases.Refusals.Length));
    }

    [TestCase(ProviderScript.Model, "sk-nobody-1234567", 401, "Invalid proxy server token")]
    [TestCase("brook", ProviderScript.CallerKey, 400, "brook")]
    public async Task TheGatewaysOwnRefusalIsAnExceptionOfItsStatus(string model, string key, int status, string named)
    {
        var script = ProviderScript.Of(Spoken.Responses);
        await using var upstream = await script.StartAsync("The Elbe.");
        await using var gateway = await script.StartGatewayAsync(upstream);

        var error = await Assert.ThrowsAsync<ClientResultException>(() =>
            ClientOf(gateway, key).CreateResponseAsync(Question(model: model)));

        Assert.That(error!.Status, Is.EqualTo(status));
        Assert.That(error.Message, Does.Contain(named));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task ACancelledCallIsHungUpOn([Values] Spoken provider, [Values] bool isStream)
    {
        var script = ProviderScript.Of(provider);
        var hungUp = ClientCases.NewGate();
        await using var upstream = await script.HangAsync(hungUp);
        await using var gateway = await script.StartGatewayAsync(upstream);
        using var cancel = new CancellationTokenSource();

        async Task CancelStreamAsync()
        {
            await using var stream = await ClientOf(gateway).CreateResponseStreamingAsync(Streamed(Question()), cancel.Token);
            await ClientCases.CancelAfterAsync(
                stream, static update => update is StreamingResponseOutputTextDeltaUpdate { Delta: ProviderScript.Beginning }, cancel);
        }
        await Assert.CatchAsync<OperationCanceledException>(() => isStream
            ? CancelStreamAsync()
            : ClientCases.CancelAsync(ClientOf(gateway).CreateResponseAsync(Question(), cancel.Token), upstream, cancel));

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

        var updates = await ReadAsync(ClientOf(gateway), Question(), update =>
        {
            if (update is StreamingResponseOutputTextDeltaUpdate)
                isRead.SetResult();
        });

        Assert.That(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Single().Delta, Is.EqualTo(ProviderScript.Beginning));
        Assert.That(updates[^1], Is.InstanceOf<StreamingResponseErrorUpdate>().Or.InstanceOf<StreamingResponseFailedUpdate>());
    }

    private static void AssertUsage(ResponseTokenUsage? usage) => Assert.That(
        (usage?.InputTokenCount, usage?.OutputTokenCount, usage?.TotalTokenCount),
        Is.EqualTo((ProviderScript.InputTokens, ProviderScript.OutputTokens, ProviderScript.InputTokens + ProviderScript.OutputTokens)));

    private static CreateResponseOptions Streamed(CreateResponseOptions question)
    {
        question.StreamingEnabled = true;
        return question;
    }

    /// <summary>Reads a stream to its end.</summary>
    private static async Task<List<StreamingResponseUpdate>> ReadAsync(
        ResponsesClient client, CreateResponseOptions question, Action<StreamingResponseUpdate>? seen = null)
    {
        List<StreamingResponseUpdate> updates = [];
        await using var stream = await client.CreateResponseStreamingAsync(Streamed(question));
        await foreach (var update in stream)
        {
            updates.Add(update);
            seen?.Invoke(update);
        }
        return updates;
    }
}
