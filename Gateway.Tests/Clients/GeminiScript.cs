using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Clients;

/// <summary>A provider of Google's Gemini API (https://ai.google.dev/api/generate-content), which often gives its calls no ids.</summary>
internal sealed class GeminiScript : ProviderScript
{
    private const string Name = "gemini-2.5-flash";

    protected override string Entry => $$"""
        litellm_params: {model: gemini/{{Name}}, api_base: "{upstream}", api_key: {{ProviderKey}}}
        """;

    protected override void AssertCalled(UpstreamRequest request, bool isStream)
    {
        Assert.That(request.Path, Is.EqualTo(
            isStream ? $"/v1beta/models/{Name}:streamGenerateContent?alt=sse" : $"/v1beta/models/{Name}:generateContent"));
        AssertHeaders(request, "x-goog-api-key", ProviderKey);
        Assert.That(request.Headers.Keys, Has.None.EqualTo("Authorization"));
    }

    protected override bool AsksForStream(UpstreamRequest request) => request.Path.Contains(":stream");

    protected override UnderstoodRequest Read(JsonElement body)
    {
        var settings = body.Get("generationConfig");
        var read = new UnderstoodRequest
        {
            MaxTokens = settings?.Get("maxOutputTokens")?.GetInt64(),
            Schema = settings?.Get("responseMimeType")?.GetString() == "application/json" ? settings?.Get("responseJsonSchema") : null,
        };
        foreach (var part in body.Get("systemInstruction")?.Each("parts") ?? [])
            read.System += part.Text("text");
        foreach (var content in body.GetProperty("contents").EnumerateArray())
        {
            foreach (var part in content.Each("parts"))
                ReadPart(content.Text("role"), part, read);
        }
        foreach (var tool in body.Each("tools").SelectMany(static tool => tool.Each("functionDeclarations")))
            read.Tools.Add(tool.Text("name"), tool.GetProperty("parametersJsonSchema"));
        return read;
    }

    private static void ReadPart(string role, JsonElement part, UnderstoodRequest read)
    {
        if (part.Get("functionCall") is { } call)
            read.Calls.Add(new(call.Get("id")?.GetString() ?? "", call.Text("name"), call.GetProperty("args").GetRawText()));
        else if (part.Get("functionResponse") is { } result)
            read.Results.Add((result.Text("name"), result.GetProperty("response").Text("output")));
        else if (part.Get("inlineData") is { } image)
            read.Images.Add((image.Text("mimeType"), image.Text("data")));
        else if (role == "user")
            read.Said.Add(part.Text("text"));
    }

    protected override JsonNode Whole(ScriptedTurn turn)
    {
        var parts = new JsonArray();
        if (turn.Text.Length > 0)
            parts.Add((JsonNode)new JsonObject { ["text"] = string.Concat(turn.Text) });
        foreach (var call in turn.Calls)
            parts.Add((JsonNode)Call(call));
        return Chunk(parts, isLast: true);
    }

    private static JsonObject Call(ScriptedCall call) => new()
    {
        ["functionCall"] = new JsonObject { ["name"] = call.Name, ["args"] = JsonNode.Parse(call.Arguments) },
    };

    private static JsonObject Chunk(JsonArray parts, bool isLast)
    {
        var candidate = new JsonObject { ["content"] = new JsonObject { ["parts"] = parts, ["role"] = "model" }, ["index"] = 0 };
        var chunk = new JsonObject { ["candidates"] = new JsonArray(candidate), ["modelVersion"] = Name, ["responseId"] = "r1" };
        if (!isLast)
            return chunk;
        candidate["finishReason"] = "STOP";
        chunk["usageMetadata"] = new JsonObject
        {
            ["promptTokenCount"] = InputTokens,
            ["candidatesTokenCount"] = OutputTokens,
            ["totalTokenCount"] = InputTokens + OutputTokens,
        };
        return chunk;
    }

    protected override IEnumerable<(string? Event, string Data)> Events(ScriptedTurn turn)
    {
        JsonObject[] parts = [.. turn.Text.Select(static text => new JsonObject { ["text"] = text }), .. turn.Calls.Select(Call)];
        return parts.Select((part, i) => ((string?)null, Chunk([part], isLast: i == parts.Length - 1).ToJsonString()));
    }

    protected override JsonNode Error(int status, string message) => new JsonObject
    {
        ["error"] = new JsonObject { ["code"] = status, ["message"] = message, ["status"] = "UPSTREAM_STATUS" },
    };
}
