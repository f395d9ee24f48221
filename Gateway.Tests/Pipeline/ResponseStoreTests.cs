using System.Text.Json;
using Gateway.Dialects;
using Gateway.Dialects.Hub;
using Gateway.Dialects.Responses;
using Gateway.Pipeline;

namespace Gateway.Tests.Pipeline;

/// <summary>Conversations that the gateway keeps for a while, each for the key that had it.</summary>
public sealed class ResponseStoreTests
{
    private readonly SafeClock _time = new(new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero));

    [Test]
    public void AConversationGoesOnWithWhatWasSaidAndAnswered()
    {
        using var store = new ResponseStore(_time);
        store.Keep("ann", "resp_1", Read("""{"instructions":"Be brief.","input":"Two and two?"}"""), [new HubText("Four.")]);

        var next = Read("""{"instructions":"Be verbose.","input":"And three?","previous_response_id":"resp_1"}""");
        Assert.That(store.Resume("ann", next), Is.Null);

        Assert.That(next.Messages.Select(message => $"{message.Role}: {message.Text}"),
            Is.EqualTo(["System: Be verbose.", "User: Two and two?", "Assistant: Four.", "User: And three?"]));
        Assert.That(next.PreviousResponseId, Is.Null);
        Assert.That(next.Uses.Select(use => use.Feature), Has.None.EqualTo(Feature.StoredConversation));
    }

    [Test]
    public void AChainOfAnswersIsOneConversation()
    {
        using var store = new ResponseStore(_time);
        store.Keep("ann", "resp_1", Read("""{"input":"one"}"""), [new HubText("1")]);
        var second = Read("""{"input":"two","previous_response_id":"resp_1"}""");
        store.Resume("ann", second);
        store.Keep("ann", "resp_2", second, [new HubText("2")]);

        var third = Read("""{"input":"three","previous_response_id":"resp_2"}""");
        store.Resume("ann", third);

        Assert.That(string.Join(" ", third.Messages.Select(message => message.Text)), Is.EqualTo("one 1 two 2 three"));
    }

    [TestCase("bob", "resp_1", Description = "another caller's")]
    [TestCase("ann", "resp_2", Description = "nobody's")]
    public void WhatIsNotTheCallersIsNotFound(string caller, string id)
    {
        using var store = new ResponseStore(_time);
        store.Keep("ann", "resp_1", Read("""{"input":"a secret"}"""), []);

        var error = store.Resume(caller, Read($$"""{"input":"x","previous_response_id":"{{id}}"}"""))!;

        Assert.That((error.Status, error.Code, error.Param), Is.EqualTo((400, "previous_response_not_found", "previous_response_id")));
        Assert.That(error.Message, Does.StartWith($"Previous response with id '{id}' not found.").And.Not.Contain("secret"));
    }

    private const string Answer = "0123456789abcdef0123456789abcdef";

    [Test]
    public void AReferenceToAnItemOfAnAnswerIsTheItem()
    {
        using var store = new ResponseStore(_time);
        var seal = new ThoughtSignature(WireFormat.Gemini, "sealed");
        store.Keep("ann", $"resp_{Answer}", Read("""{"input":"Two and two?"}"""),
        [
            new HubThinking("First."), new HubText("I "), new HubText("count."), new HubThinking("Second."),
            new HubToolCall("call_1", "add", "{}") { Signature = seal }, new HubToolCall("call_2", "add", "{}"),
        ]);

        var next = Read("""
            {"input":[{"role":"user","content":"Two and two?"},
             {"type":"item_reference","id":"rs_ANSWER00"},{"type":"item_reference","id":"msg_ANSWER01"},
             {"type":"item_reference","id":"rs_ANSWER02"},{"type":"item_reference","id":"rs_ANSWER03"},
             {"type":"function_call","call_id":"call_1","name":"add","arguments":"{}"},{"type":"item_reference","id":"fc_ANSWER05"},
             {"type":"function_call_output","call_id":"call_1","output":"4"}]}
            """.Replace("ANSWER", Answer));
        var second = next.Messages[1].Parts;
        Assert.That(store.Resume("ann", next), Is.Null);

        Assert.That(next.Messages.Select(message => message.Role), Is.EqualTo([HubRole.User, HubRole.Assistant, HubRole.Tool]));
        Assert.That(second.Select(part => part switch
        {
            HubThinking thought => $"thought {thought.Text}",
            HubText text => $"text {text.Text}",
            HubToolCall call => $"call {call.Id} {call.Signature?.Value}",
            _ => part.ToString(),
        }), Is.EqualTo(["thought First.", "text I ", "text count.", "thought Second.", "call call_1 sealed", "call call_2 "]));
        Assert.That(next.Uses.Select(use => use.Feature), Has.None.EqualTo(Feature.StoredConversation));
    }

    [TestCase("bob", "msg_ANSWER00", Description = "another caller's")]
    [TestCase("ann", "rs_ANSWER00", Description = "the answer has none of that kind")]
    [TestCase("ann", "msg_1", Description = "nobody's")]
    [TestCase("ann", "msg", Description = "no id")]
    [TestCase("ann", "", Description = "nothing")]
    public void AReferenceToWhatIsNotKeptIsRefusedByName(string caller, string id)
    {
        using var store = new ResponseStore(_time);
        store.Keep("ann", $"resp_{Answer}", Read("""{"input":"a secret"}"""), [new HubText("a secret")]);

        var error = store.Resume(caller, Read($$"""
            {"input":[{"role":"user","content":"x"},{"type":"item_reference","id":"{{id.Replace("ANSWER", Answer)}}"}]}
            """))!;

        Assert.That((error.Status, error.Param), Is.EqualTo((400, "input[1]")));
        Assert.That(error.Message, Does.Contain("refers to an item that is not kept").And.Not.Contain("secret"));
    }

    [Test]
    public void ARequestThatBeginsAConversationIsLeftAlone()
    {
        using var store = new ResponseStore(_time);
        var request = Read("""{"input":"x"}""");

        Assert.That(store.Resume("ann", request), Is.Null);
        Assert.That(request.Messages, Has.Count.EqualTo(1));
    }

    [Test]
    public void AfterAnHourItIsGoneAndItsMemoryToo()
    {
        using var store = new ResponseStore(_time);
        store.Keep("ann", "resp_1", Read("""{"input":"x"}"""), []);
        _time.Advance(ResponseStore.DefaultLifetime - TimeSpan.FromSeconds(1));
        Assert.That(IsKept(store, "resp_1"), Is.True);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(IsKept(store, "resp_1"), Is.False);
        _time.Advance(ResponseStore.DefaultLifetime);
        Assert.That(store.Bytes, Is.Zero);
    }

    [Test]
    public void WhatWasNotAskedForLongestMakesRoom()
    {
        using var store = new ResponseStore(_time, maxBytes: 30_000);
        var text = new string('x', 5_000); // 10,000 bytes in memory
        store.Keep("ann", "resp_1", Read("""{"input":"x"}"""), [new HubText(text)]);
        store.Keep("ann", "resp_2", Read("""{"input":"x"}"""), [new HubText(text)]);
        Assert.That(IsKept(store, "resp_1"), Is.True); // asked for

        store.Keep("ann", "resp_3", Read("""{"input":"x"}"""), [new HubText(text)]);

        Assert.That((IsKept(store, "resp_1"), IsKept(store, "resp_2"), IsKept(store, "resp_3")), Is.EqualTo((true, false, true)));
        Assert.That(store.Bytes, Is.InRange(20_000, 30_000));
    }

    [Test]
    public void WhatIsLargerThanAllRoomIsNotKeptAndThrowsNothingOut()
    {
        using var store = new ResponseStore(_time, maxBytes: 10_000);
        store.Keep("ann", "resp_1", Read("""{"input":"x"}"""), []);
        store.Keep("ann", "resp_2", Read("""{"input":"x"}"""), [new HubText(new string('x', 10_000))]);

        Assert.That((IsKept(store, "resp_1"), IsKept(store, "resp_2")), Is.EqualTo((true, false)));
    }

    [Test]
    public void KeptAgainItCountsOnce()
    {
        using var store = new ResponseStore(_time);
        store.Keep("ann", "resp_1", Read("""{"input":"x"}"""), [new HubText("a")]);
        var bytes = store.Bytes;
        store.Keep("ann", "resp_1", Read("""{"input":"x"}"""), [new HubText("b")]);

        Assert.That(store.Bytes, Is.EqualTo(bytes));
    }

    [Test]
    public void WhatIsKeptOutlivesTheRequestsMemory()
    {
        using var store = new ResponseStore(_time);
        using (var body = JsonDocument.Parse("""
            {"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,QUJD"},{"type":"input_text","text":"What?"}]},
             {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"ok"},
             {"type":"web_search_call","id":"ws_1","status":"completed"}]}
            """))
        {
            new ResponsesClient().Read(body.RootElement, out var hub);
            store.Keep("ann", "resp_1", hub, [new HubThinking("hm")]);
        }

        var next = Read("""{"input":"x","previous_response_id":"resp_1"}""");
        store.Resume("ann", next);

        var parts = next.Messages.SelectMany(message => message.Parts).ToList();
        Assert.That(parts.OfType<HubMedia>().Single().Base64.ToArray(), Is.EqualTo("QUJD"u8.ToArray()));
        Assert.That(parts.OfType<HubForeignPart>().Single().Json.GetRawText(), Does.Contain("ws_1"));
        Assert.That(parts.OfType<HubToolResult>().Single().Name, Is.EqualTo("f"));
    }

    private static bool IsKept(ResponseStore store, string id) =>
        store.Resume("ann", Read($$"""{"input":"x","previous_response_id":"{{id}}"}""")) is null;

    private static HubRequest Read(string body)
    {
        Assert.That(new ResponsesClient().Read(JsonElement.Parse(body), out var hub), Is.Null);
        return hub;
    }
}
