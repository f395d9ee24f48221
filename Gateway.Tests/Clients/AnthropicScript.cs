using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Clients;

/// <summary>A provider of Anthropic's messages (https://platform.claude.com/docs/en/api/messages).</summary>
internal sealed class AnthropicScript : ProviderScript
{
    private const string Name = "claude-sonnet-4-5";

    protected override string Entry => $$"""
        litellm_params: {model: anthropic/{{Name}}, api_base: "{upstream}", api_key: {{ProviderKey}}}
        """;

    protected override void AssertCalled(UpstreamRequest request, bool isStream)
    {
        Assert.That(request.Path, Is.EqualTo("/v1/messages"));
        AssertHeaders(request, "x-api-key", ProviderKey);
        Assert.That(request.Headers.Keys, Has.None.EqualTo("Authorization").And.Some.EqualTo("anthropic-version"));
        Assert.That(JsonElement.Parse(request.Body).GetProperty("model").GetString(), Is.EqualTo(Name));
        Assert.That(IsStream(request), Is.EqualTo(isStream));
    }

    protected override bool AsksForStream(UpstreamRequest request) => IsStream(request);

    protected override UnderstoodRequest Read(JsonElement body)
    {
        var read = new UnderstoodRequest
        {
            MaxTokens = body.GetProperty("max_tokens").GetInt64(),
            Schema = body.Get("output_config")?.Get("format")?.Get("schema"),
        };
        foreach (var part in body.Get("system").AsParts("text"))
            read.System += part.Text("text");
        foreach (var message in body.GetProperty("messages").EnumerateArray())
        {
            foreach (var part in message.Get("content").AsParts("text"))
                ReadPart(message.Text("role"), part, read);
        }
        foreach (var tool in body.Each("tools"))
            read.Tools.Add(tool.Text("name"), tool.GetProperty("input_schema"));
        return read;
    }

    private static void ReadPart(string role, JsonElement part, UnderstoodRequest read)
    {
        switch (part.Text("type"))
        {
            case "text" when role == "user":
                read.Said.Add(part.Text("text"));
                break;
            case "image":
                var source = part.GetProperty("source");
                read.Images.Add((source.Text("media_type"), source.Text("data")));
                break;
            case "tool_use":
                read.Calls.Add(new(part.Text("id"), part.Text("name"), part.GetProperty("input").GetRawText()));
                break;
            case "tool_result":
                var texts = part.Get("content").AsParts("text").Select(static one => one.Text("text"));
                read.AddResult(part.Text("tool_use_id"), string.Concat(texts));
                break;
        }
    }

    protected override JsonNode Whole(ScriptedTurn turn)
    {
        var content = new JsonArray();
        if (turn.Text.Length > 0)
            content.Add((JsonNode)new JsonObject { ["type"] = "text", ["text"] = string.Concat(turn.Text), ["citations"] = null });
        foreach (var call in turn.Calls)
            content.Add((JsonNode)Call(call, JsonNode.Parse(call.Arguments)));
        return Message(content, Stop(turn), OutputTokens);
    }

    private static JsonObject Call(ScriptedCall call, JsonNode? input) => new()
    {
        ["type"] = "tool_use",
        ["id"] = call.Id,
        ["name"] = call.Name,
        ["input"] = input,
        ["caller"] = new JsonObject { ["type"] = "direct" },
    };

    private static string Stop(ScriptedTurn turn) => turn.Calls.Length > 0 ? "tool_use" : "end_turn";

    private static JsonObject Message(JsonArray content, string? stop, int outputTokens) => new()
    {
        ["id"] = "msg_1",
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = Name,
        ["content"] = content,
        ["stop_reason"] = stop,
        ["stop_sequence"] = null,
        ["usage"] = new JsonObject { ["input_tokens"] = InputTokens, ["output_tokens"] = outputTokens },
    };

    protected override IEnumerable<(string? Event, string Data)> Events(ScriptedTurn turn) => Named(Stream(turn));

    private static IEnumerable<JsonObject> Stream(ScriptedTurn turn)
    {
        yield return new() { ["type"] = "message_start", ["message"] = Message([], null, 1) };
        var index = 0;
        if (turn.Text.Length > 0)
        {
            var block = new JsonObject { ["type"] = "text", ["text"] = "" };
            foreach (var json in Block(index++, block, "text_delta", "text", turn.Text))
                yield return json;
        }
        foreach (var call in turn.Calls)
        {
            string[] pieces = [call.Arguments[..3], call.Arguments[3..]];
            foreach (var json in Block(index++, Call(call, new JsonObject()), "input_json_delta", "partial_json", pieces))
                yield return json;
        }
        yield return new()
        {
            ["type"] = "message_delta",
            ["delta"] = new JsonObject { ["stop_reason"] = Stop(turn), ["stop_sequence"] = null },
            ["usage"] = new JsonObject { ["output_tokens"] = OutputTokens },
        };
        yield return new() { ["type"] = "message_stop" };
    }

    private static IEnumerable<JsonObject> Block(int index, JsonObject block, string type, string member, string[] pieces)
    {
        yield return new() { ["type"] = "content_block_start", ["index"] = index, ["content_block"] = block };
        foreach (var piece in pieces)
        {
            var delta = new JsonObject { ["type"] = type, [member] = piece };
            yield return new() { ["type"] = "content_block_delta", ["index"] = index, ["delta"] = delta };
        }
        yield return new() { ["type"] = "content_block_stop", ["index"] = index };
    }

    protected override JsonNode Error(int status, string message) => new JsonObject
    {
        ["type"] = "error",
        ["error"] = new JsonObject { ["type"] = "upstream_type", ["message"] = message },
    };
}
