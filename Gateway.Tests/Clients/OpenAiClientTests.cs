using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using OpenAI;
using OpenAI.Chat;

namespace Gateway.Tests.Clients;

/// <summary>OpenAI's own client for chats, in front of every kind of provider.</summary>
public sealed class OpenAiClientTests
{
    private static readonly BinaryData Schema = BinaryData.FromString(ClientCases.Schema);

    private static OpenAIClientOptions Options(GatewayHost gateway) => new()
    {
        Endpoint = new Uri(gateway.Http.BaseAddress!, "/v1"),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
        NetworkTimeout = GatewayHost.Patience,
    };

    private static ChatClient ClientOf(GatewayHost gateway, string model = ProviderScript.Model, string key = ProviderScript.CallerKey) =>
        new(model, new ApiKeyCredential(key), Options(gateway));

    private static ChatMessage[] Question() => [new SystemChatMessage("Be brief."), new UserChatMessage("A river?")];

    [Test]
    public async Task AChatIsAnswered([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("The Elbe.");
        await using var gateway = await script.StartGatewayAsync(upstream);

        ChatCompletion answer = await ClientOf(gateway).CompleteChatAsync(Question(), new() { MaxOutputTokenCount = 64 });

        Assert.That(answer.Content.Single().Text, Is.EqualTo("The Elbe."));
        Assert.That((answer.FinishReason, answer.Model), Is.EqualTo((ChatFinishReason.Stop, ProviderScript.Model)));
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

        var (text, calls, finish, usage) = await ReadAsync(ClientOf(gateway).CompleteChatStreamingAsync(Question()));

        Assert.That(text, Is.EqualTo(["The ", "Elbe", "."]));
        Assert.That((calls, finish), Is.EqualTo((Array.Empty<ChatToolCall>(), ChatFinishReason.Stop)));
        AssertUsage(usage);
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
        var options = new ChatCompletionOptions
        {
            Tools = { ChatTool.CreateFunctionTool("depth", "How deep?", Schema), ChatTool.CreateFunctionTool("heat", null, Schema) },
        };
        List<ChatMessage> talk = [new UserChatMessage("How is Inari?")];

        var calls = isStream
            ? (await ReadAsync(client.CompleteChatStreamingAsync(talk, options), ChatFinishReason.ToolCalls)).Calls
            : [.. (await client.CompleteChatAsync(talk, options)).Value.ToolCalls];
        talk.Add(new AssistantChatMessage(calls));
        talk.AddRange(calls.Select(static call => new ToolChatMessage(call.Id, $"{call.FunctionName}: 4")));
        ChatCompletion answer = await client.CompleteChatAsync(talk, options);

        Assert.That(calls.Select(static call => call.FunctionName), Is.EqualTo(asked.Select(static call => call.Name)));
        Assert.That(calls.Select(static call => call.FunctionArguments.ToString()),
            Is.EqualTo(asked.Select(static call => call.Arguments)));
        Assert.That(answer.Content.Single().Text, Is.EqualTo("Cold."));
        ClientCases.AssertToolTalk(script, upstream, asked, isStream);
    }

    [Test]
    public async Task AnAnswerKeepsToASchema([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("""{"lake":"Inari"}""");
        await using var gateway = await script.StartGatewayAsync(upstream);

        ChatCompletion answer = await ClientOf(gateway).CompleteChatAsync(Question(), new()
        {
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("lake", Schema, jsonSchemaIsStrict: true),
        });

        Assert.That(answer.Content.Single().Text, Is.EqualTo("""{"lake":"Inari"}"""));
        Assert.That(script.Understood(upstream).Schema.DeepEquals(ClientCases.Schema));
    }

    [Test]
    public async Task APictureIsShown([Values] Spoken provider)
    {
        var script = ProviderScript.Of(provider);
        await using var upstream = await script.StartAsync("A dot.");
        await using var gateway = await script.StartGatewayAsync(upstream);

        await ClientOf(gateway).CompleteChatAsync(new UserChatMessage(
            ChatMessageContentPart.CreateTextPart("What is it?"),
            ChatMessageContentPart.CreateImagePart(new BinaryData(ClientCases.Png), "image/png")));

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
                ? ReadAsync(ClientOf(gateway).CompleteChatStreamingAsync(Question()))
                : ClientOf(gateway).CompleteChatAsync(Question()));

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
        var script = ProviderScript.Of(Spoken.OpenAi);
        await using var upstream = await script.StartAsync("The Elbe.");
        await using var gateway = await script.StartGatewayAsync(upstream);

        var error = await Assert.ThrowsAsync<ClientResultException>(() => ClientOf(gateway, model, key).CompleteChatAsync(Question()));

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

        await Assert.CatchAsync<OperationCanceledException>(() => isStream
            ? ClientCases.CancelAfterAsync(
                ClientOf(gateway).CompleteChatStreamingAsync(Question(), cancellationToken: cancel.Token),
                static update => update.ContentUpdate.Any(static part => part.Text == ProviderScript.Beginning), cancel)
            : ClientCases.CancelAsync(ClientOf(gateway).CompleteChatAsync(Question(), cancellationToken: cancel.Token), upstream, cancel));

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
        List<StreamingChatCompletionUpdate> updates = [];

        await foreach (var update in ClientOf(gateway).CompleteChatStreamingAsync(Question()))
        {
            updates.Add(update);
            if (update.ContentUpdate.Count > 0)
                isRead.TrySetResult();
        }

        Assert.That(updates.SelectMany(static update => update.ContentUpdate).Select(static part => part.Text),
            Is.EqualTo([ProviderScript.Beginning]));
        Assert.That(updates.Select(static update => update.FinishReason), Has.All.Null);
        // This client has no exception for an error in a stream: it hands it on as an update that it does not understand.
        Assert.That(ModelReaderWriter.Write(updates[^1]).ToString(), Does.Contain("\"error\":{\"message\":"));
    }

    private static void AssertUsage(ChatTokenUsage? usage) => Assert.That(
        (usage?.InputTokenCount, usage?.OutputTokenCount, usage?.TotalTokenCount),
        Is.EqualTo((ProviderScript.InputTokens, ProviderScript.OutputTokens, ProviderScript.InputTokens + ProviderScript.OutputTokens)));

    /// <summary>Reads a stream to its end.</summary>
    private static async Task<(List<string> Text, ChatToolCall[] Calls, ChatFinishReason? Finish, ChatTokenUsage? Usage)> ReadAsync(
        AsyncCollectionResult<StreamingChatCompletionUpdate> stream, ChatFinishReason expected = ChatFinishReason.Stop)
    {
        List<string> text = [];
        var calls = new SortedDictionary<int, (string Id, string Name, StringBuilder Arguments)>();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in stream)
        {
            text.AddRange(update.ContentUpdate.Select(static part => part.Text).Where(static piece => piece.Length > 0));
            finish ??= update.FinishReason;
            usage ??= update.Usage;
            foreach (var piece in update.ToolCallUpdates)
            {
                if (!calls.ContainsKey(piece.Index))
                    calls[piece.Index] = (piece.ToolCallId, piece.FunctionName, new());
                calls[piece.Index].Arguments.Append(piece.FunctionArgumentsUpdate);
            }
        }
        Assert.That(finish, Is.EqualTo(expected));
        return (text, [.. calls.Values.Select(static call =>
            ChatToolCall.CreateFunctionToolCall(call.Id, call.Name, BinaryData.FromString(call.Arguments.ToString())))], finish, usage);
    }
}
