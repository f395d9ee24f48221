using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Clients;

/// <summary>A provider of OpenAI's responses (https://platform.openai.com/docs/api-reference/responses).</summary>
internal sealed class ResponsesScript : ProviderScript
{
    private const string Name = "gpt-4o";

    protected override string Entry => $$"""
        litellm_params: {model: openai/{{Name}}, api_base: "{upstream}/v1", api_key: {{ProviderKey}}}
            model_info: {mode: responses}
        """;

    protected override void AssertCalled(UpstreamRequest request, bool isStream)
    {
        Assert.That(request.Path, Is.EqualTo("/v1/responses"));
        AssertHeaders(request, "Authorization", "Bearer " + ProviderKey);
        Assert.That(JsonElement.Parse(request.Body).GetProperty("model").GetString(), Is.EqualTo(Name));
        Assert.That(IsStream(request), Is.EqualTo(isStream));
    }

    protected override bool AsksForStream(UpstreamRequest request) => IsStream(request);

    protected override UnderstoodRequest Read(JsonElement body)
    {
        var read = new UnderstoodRequest
        {
            System = body.Get("instructions")?.GetString(),
            MaxTokens = body.Get("max_output_tokens")?.GetInt64(),
            Schema = body.Get("text")?.Get("format")?.Get("schema"),
        };
        foreach (var item in body.GetProperty("input").EnumerateArray())
            ReadItem(item, read);
        foreach (var tool in body.Each("tools"))
            read.Tools.Add(tool.Text("name"), tool.GetProperty("parameters"));
        return read;
    }

    private static void ReadItem(JsonElement item, UnderstoodRequest read)
    {
        switch (item.Get("type")?.GetString())
        {
            case "function_call":
                read.Calls.Add(new(item.Text("call_id"), item.Text("name"), item.Text("arguments")));
                return;
            case "function_call_output":
                var texts = item.Get("output").AsParts("input_text").Select(static part => part.Text("text"));
                read.AddResult(item.Text("call_id"), string.Concat(texts));
                return;
        }
        var role = item.Text("role");
        foreach (var part in item.Get("content").AsParts("input_text"))
        {
            if (part.Get("image_url") is { } url)
                read.AddImage(url.GetString()!);
            else if (role == "user")
                read.Said.Add(part.Text("text"));
            else if (role is "system" or "developer")
                read.System += part.Text("text");
        }
    }

    protected override JsonNode Whole(ScriptedTurn turn) => Response("completed", Items(turn), isDone: true);

    private static JsonArray Items(ScriptedTurn turn)
    {
        var items = new JsonArray();
        if (turn.Text.Length > 0)
            items.Add((JsonNode)Message("completed", Part(string.Concat(turn.Text))));
        foreach (var call in turn.Calls)
            items.Add((JsonNode)Call(call, "completed", call.Arguments));
        return items;
    }

    private static JsonObject Message(string status, params JsonNode[] content) => new()
    {
        ["id"] = "msg_1",
        ["type"] = "message",
        ["status"] = status,
        ["role"] = "assistant",
        ["content"] = new JsonArray(content),
    };

    private static JsonObject Part(string text) => new()
    {
        ["type"] = "output_text",
        ["text"] = text,
        ["annotations"] = new JsonArray(),
        ["logprobs"] = new JsonArray(),
    };

    private static JsonObject Call(ScriptedCall call, string status, string arguments) => new()
    {
        ["id"] = "fc_" + call.Id,
        ["type"] = "function_call",
        ["status"] = status,
        ["call_id"] = call.Id,
        ["name"] = call.Name,
        ["arguments"] = arguments,
    };

    private static JsonObject Response(string status, JsonArray output, bool isDone) => new()
    {
        ["id"] = "resp_1",
        ["object"] = "response",
        ["created_at"] = 1_790_000_000,
        ["status"] = status,
        ["error"] = null,
        ["incomplete_details"] = null,
        ["instructions"] = null,
        ["model"] = Name,
        ["output"] = output,
        ["parallel_tool_calls"] = true,
        ["tool_choice"] = "auto",
        ["tools"] = new JsonArray(),
        ["usage"] = !isDone ? null : new JsonObject
        {
            ["input_tokens"] = InputTokens,
            ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
            ["output_tokens"] = OutputTokens,
            ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
            ["total_tokens"] = InputTokens + OutputTokens,
        },
        ["metadata"] = new JsonObject(),
    };

    protected override IEnumerable<(string? Event, string Data)> Events(ScriptedTurn turn) => Named(Stream(turn).Select(static (json, i) =>
    {
        json["sequence_number"] = i;
        return json;
    }));

    private static IEnumerable<JsonObject> Stream(ScriptedTurn turn)
    {
        yield return new() { ["type"] = "response.created", ["response"] = Response("in_progress", [], isDone: false) };
        var index = 0;
        if (turn.Text.Length > 0)
        {
            foreach (var json in TextEvents(index++, turn.Text))
                yield return json;
        }
        foreach (var call in turn.Calls)
        {
            foreach (var json in CallEvents(index++, call))
                yield return json;
        }
        yield return new() { ["type"] = "response.completed", ["response"] = Response("completed", Items(turn), isDone: true) };
    }

    private static IEnumerable<JsonObject> TextEvents(int index, string[] text)
    {
        JsonObject Event(string type) => new()
        {
            ["type"] = "response." + type,
            ["output_index"] = index,
            ["item_id"] = "msg_1",
            ["content_index"] = 0,
        };
        var whole = string.Concat(text);
        yield return Item("added", index, Message("in_progress"));
        yield return With(Event("content_part.added"), "part", Part(""));
        foreach (var piece in text)
            yield return With(With(Event("output_text.delta"), "delta", piece), "logprobs", new JsonArray());
        yield return With(With(Event("output_text.done"), "text", whole), "logprobs", new JsonArray());
        yield return With(Event("content_part.done"), "part", Part(whole));
        yield return Item("done", index, Message("completed", Part(whole)));
    }

    private static IEnumerable<JsonObject> CallEvents(int index, ScriptedCall call)
    {
        JsonObject Event(string type) => new()
        {
            ["type"] = "response.function_call_arguments." + type,
            ["output_index"] = index,
            ["item_id"] = "fc_" + call.Id,
        };
        yield return Item("added", index, Call(call, "in_progress", ""));
        foreach (var piece in (string[])[call.Arguments[..3], call.Arguments[3..]])
            yield return With(Event("delta"), "delta", piece);
        yield return With(Event("done"), "arguments", call.Arguments);
        yield return Item("done", index, Call(call, "completed", call.Arguments));
    }

    private static JsonObject Item(string what, int index, JsonObject item) =>
        new() { ["type"] = "response.output_item." + what, ["output_index"] = index, ["item"] = item };

    private static JsonObject With(JsonObject json, string name, JsonNode value)
    {
        json[name] = value;
        return json;
    }

    protected override JsonNode Error(int status, string message) => new JsonObject
    {
        ["error"] = new JsonObject { ["message"] = message, ["type"] = "upstream_type", ["param"] = null, ["code"] = null },
    };
}
