using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Clients;

/// <summary>A provider of OpenAI's chat completions (https://platform.openai.com/docs/api-reference/chat).</summary>
internal sealed class OpenAiScript : ProviderScript
{
    private const string Name = "gpt-4o";

    // Another provider than OpenAI itself, which clients of the Responses API would reach by that API.
    protected override string Entry => $$"""
        litellm_params: {model: custom_openai/{{Name}}, api_base: "{upstream}/v1", api_key: {{ProviderKey}}}
        """;

    protected override void AssertCalled(UpstreamRequest request, bool isStream)
    {
        Assert.That(request.Path, Is.EqualTo("/v1/chat/completions"));
        AssertHeaders(request, "Authorization", "Bearer " + ProviderKey);
        Assert.That(JsonElement.Parse(request.Body).GetProperty("model").GetString(), Is.EqualTo(Name));
        Assert.That(IsStream(request), Is.EqualTo(isStream));
    }

    protected override bool AsksForStream(UpstreamRequest request) => IsStream(request);

    protected override UnderstoodRequest Read(JsonElement body)
    {
        var read = new UnderstoodRequest
        {
            MaxTokens = (body.Get("max_completion_tokens") ?? body.Get("max_tokens"))?.GetInt64(),
            Schema = body.Get("response_format")?.Get("json_schema")?.Get("schema"),
        };
        foreach (var message in body.GetProperty("messages").EnumerateArray())
            ReadMessage(message, read);
        foreach (var tool in body.Each("tools"))
            read.Tools.Add(tool.GetProperty("function").Text("name"), tool.GetProperty("function").GetProperty("parameters"));
        return read;
    }

    private static void ReadMessage(JsonElement message, UnderstoodRequest read)
    {
        var role = message.GetProperty("role").GetString();
        foreach (var call in message.Each("tool_calls"))
        {
            var function = call.GetProperty("function");
            read.Calls.Add(new(call.Text("id"), function.Text("name"), function.Text("arguments")));
        }
        foreach (var part in message.Get("content").AsParts("text"))
        {
            if (part.Get("image_url") is { } image)
                read.AddImage(image.Text("url"));
            else if (role == "tool")
                read.AddResult(message.Text("tool_call_id"), part.Text("text"));
            else if (role == "user")
                read.Said.Add(part.Text("text"));
            else if (role is "system" or "developer")
                read.System += part.Text("text");
        }
    }

    protected override JsonNode Whole(ScriptedTurn turn) => new JsonObject
    {
        ["id"] = "chatcmpl-1",
        ["object"] = "chat.completion",
        ["created"] = 1_790_000_000,
        ["model"] = Name,
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["message"] = Message(turn),
            ["finish_reason"] = Finish(turn),
        }),
        ["usage"] = Usage(),
    };

    private static JsonObject Message(ScriptedTurn turn)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = turn.Text.Length > 0 ? string.Concat(turn.Text) : null };
        if (turn.Calls.Length > 0)
            message["tool_calls"] = new JsonArray([.. turn.Calls.Select((call, i) => Call(call, null, call.Arguments))]);
        return message;
    }

    private static JsonObject Call(ScriptedCall call, int? index, string arguments)
    {
        var json = new JsonObject
        {
            ["id"] = call.Id,
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = arguments },
        };
        if (index is not null)
            json["index"] = index;
        return json;
    }

    private static string Finish(ScriptedTurn turn) => turn.Calls.Length > 0 ? "tool_calls" : "stop";

    private static JsonObject Usage() => new()
    {
        ["prompt_tokens"] = InputTokens,
        ["completion_tokens"] = OutputTokens,
        ["total_tokens"] = InputTokens + OutputTokens,
    };

    protected override IEnumerable<(string? Event, string Data)> Events(ScriptedTurn turn)
    {
        foreach (var text in turn.Text)
            yield return (null, Chunk(new JsonObject { ["role"] = "assistant", ["content"] = text }, null));
        for (var i = 0; i < turn.Calls.Length; i++)
        {
            var arguments = turn.Calls[i].Arguments;
            yield return (null, Chunk(Delta(Call(turn.Calls[i], i, "")), null));
            foreach (var piece in (string[])[arguments[..3], arguments[3..]])
            {
                var function = new JsonObject { ["arguments"] = piece };
                yield return (null, Chunk(Delta(new JsonObject { ["index"] = i, ["function"] = function }), null));
            }
        }
        yield return (null, Chunk([], Finish(turn)));
        yield return (null, new JsonObject
        {
            ["id"] = "chatcmpl-1",
            ["object"] = "chat.completion.chunk",
            ["created"] = 1_790_000_000,
            ["model"] = Name,
            ["choices"] = new JsonArray(),
            ["usage"] = Usage(),
        }.ToJsonString());
        yield return (null, "[DONE]");
    }

    private static JsonObject Delta(JsonObject call) => new() { ["tool_calls"] = new JsonArray(call) };

    private static string Chunk(JsonObject delta, string? finish) => new JsonObject
    {
        ["id"] = "chatcmpl-1",
        ["object"] = "chat.completion.chunk",
        ["created"] = 1_790_000_000,
        ["model"] = Name,
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }),
    }.ToJsonString();

    protected override JsonNode Error(int status, string message) => new JsonObject
    {
        ["error"] = new JsonObject { ["message"] = message, ["type"] = "upstream_type", ["param"] = null, ["code"] = null },
    };
}
