using Gateway.Tests.Pipeline;

namespace Gateway.Tests.Pricing;

/// <summary>Asks one question of one deployment and reads what was booked.</summary>
internal sealed record Billed(Dictionary<string, object?> Row, string? Header, string Text)
{
    public long Nano => (long)Row["cost_nano_usd"]!;
    public string? PriceId => (string?)Row["price_id"];
    public bool IsEstimated => (long)Row["is_estimated"]! == 1;
    public (long Input, long Output) Tokens => ((long)Row["prompt_tokens"]!, (long)Row["completion_tokens"]!);

    /// <param name="deployment">Its litellm_params beside base and key, as a YAML flow map without braces.</param>
    /// <param name="usage">The answer's usage, JSON. Null: it has none.</param>
    /// <param name="asks">Members of the request, JSON with a comma behind.</param>
    /// <param name="says">Members of the answer, JSON with a comma behind.</param>
    /// <param name="settings">More of the config.</param>
    public static async Task<Billed> AskAsync(
        string deployment, string? usage, bool isStream = false, string asks = "", string says = "", string settings = "",
        TimeProvider? time = null)
    {
        var told = usage is null ? "" : $",\"usage\":{usage}";
        await using var upstream = isStream
            ? await ScriptedUpstream.StreamsAsync(
                Chunk(says, """{"index":0,"delta":{"role":"assistant","content":"hello there"}}""", ""),
                Chunk(says, """{"index":0,"delta":{},"finish_reason":"stop"}""", ""),
                Chunk(says, "", told), "[DONE]")
            : await ScriptedUpstream.AnswersAsync($$"""
                {"id":"c","object":"chat.completion",{{says}}"model":"g",
                "choices":[{"index":0,"message":{"role":"assistant","content":"hello there"},"finish_reason":"stop"}]{{told}}}
                """);
        await using var gateway = await GatewayHost.StartAsync($$"""
            model_list:
              - model_name: gpt-4o
                litellm_params: {{{deployment.ReplaceLineEndings(" ")}}, api_base: "{upstream}", api_key: k}
            {{settings}}
            """, upstream, time: time);
        using var response = await gateway.ChatAsync(
            $$"""{"model":"gpt-4o","stream":{{(isStream ? "true" : "false")}},{{asks}}"messages":[{"role":"user","content":"hi"}]}""");
        var text = await response.TextAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(200), text);
        return new((await gateway.StopAndReadAsync()).Single(), response.Header("x-litellm-response-cost"), text);
    }

    private static string Chunk(string says, string choice, string told) =>
        $$"""{"id":"c","object":"chat.completion.chunk",{{says}}"model":"g","choices":[{{choice}}]{{told}}}""";
}
