using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Pipeline;

/// <summary>Google's clients at models that speak OpenAI's dialect, through the whole gateway.</summary>
public sealed class GeminiPathTests
{
    private const string Config = """
        model_list:
          - model_name: gpt
            litellm_params: {model: openai/gpt-4o, api_base: "{upstream}/v1", api_key: sk-provider}
        """;

    private const string Body = """{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"A river?"}]}]}""";

    private static readonly string[] Chunks =
    [
        """{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"The Elbe."},"finish_reason":null}]}""",
        """{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
        """{"id":"c1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15}}""",
        "[DONE]",
    ];

    [Test]
    public async Task AWholeAnswerIsGoogles()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync(
            """{"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"The Elbe."},"finish_reason":"stop"}]}""");
        await using var gateway = await GatewayHost.StartAsync(Config, upstream);

        using var response = await gateway.ChatAsync(Body, path: "/v1beta/models/gpt:generateContent");
        var answer = await response.JsonAsync();

        Assert.That(Text(answer), Is.EqualTo("The Elbe."));
        Assert.That(answer.GetProperty("modelVersion").GetString(), Is.EqualTo("gpt"));
        var sent = JsonNode.Parse(upstream.Request.Body)!;
        Assert.That(sent["messages"]![0]!["content"]!.GetValue<string>(), Is.EqualTo("Be brief."));
        Assert.That(sent["model"]!.GetValue<string>(), Is.EqualTo("gpt-4o"));
    }

    [Test]
    public async Task AStreamIsOfEventsWhereTheClientAsksForThem()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Chunks);
        await using var gateway = await GatewayHost.StartAsync(Config, upstream);

        using var response = await gateway.ChatAsync(Body, path: "/v1beta/models/gpt:streamGenerateContent?alt=sse");
        var events = (await response.TextAsync()).Split("\r\n\r\n", StringSplitOptions.RemoveEmptyEntries);
        JsonElement[] chunks = [.. events.Select(static data => JsonDocument.Parse(data["data: ".Length..]).RootElement)];

        Assert.That(Text(chunks[0]), Is.EqualTo("The Elbe."));
        Assert.That(chunks[^1].GetProperty("candidates")[0].GetProperty("finishReason").GetString(), Is.EqualTo("STOP"));
        Assert.That(chunks[^1].GetProperty("usageMetadata").GetProperty("totalTokenCount").GetInt32(), Is.EqualTo(15));
    }

    [Test]
    public async Task AStreamIsOneArrayWhereTheClientDoesNot()
    {
        await using var upstream = await ScriptedUpstream.StreamsAsync(Chunks);
        await using var gateway = await GatewayHost.StartAsync(Config, upstream);

        using var response = await gateway.ChatAsync(Body, path: "/v1beta/models/gpt:streamGenerateContent");
        var array = await response.JsonAsync();

        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
        Assert.That(Text(array[0]), Is.EqualTo("The Elbe."));
        Assert.That(array[array.GetArrayLength() - 1].GetProperty("candidates")[0].GetProperty("finishReason").GetString(), Is.EqualTo("STOP"));
    }

    [Test]
    public async Task AnErrorIsGoogles()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("{}");
        await using var gateway = await GatewayHost.StartAsync(Config, upstream);

        using var response = await gateway.ChatAsync("""{"contents":[{"role":"king","parts":[]}]}""", path: "/v1beta/models/gpt:generateContent");
        var error = (await response.JsonAsync()).GetProperty("error");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(error.GetProperty("status").GetString(), Is.EqualTo("INVALID_ARGUMENT"));
        Assert.That(error.GetProperty("message").GetString(), Does.Contain("contents[0].role"));
        Assert.That(upstream.Requests, Is.Empty);
    }

    private static string? Text(JsonElement answer) =>
        answer.GetProperty("candidates")[0].GetProperty("content").GetProperty("parts")[0].GetProperty("text").GetString();
}
