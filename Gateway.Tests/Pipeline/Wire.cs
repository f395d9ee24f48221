namespace Gateway.Tests.Pipeline;

/// <summary>Configs, questions and answers that many tests of whole gateways share.</summary>
internal static class Wire
{
    /// <summary>One model at the scripted upstream: 1 USD per million tokens in, 2 out; a failed call is not made again.</summary>
    public const string OneModel = """
        model_list:
          - model_name: gpt-4o
            litellm_params:
              model: openai/gpt-4o-2024
              api_base: "{upstream}/v1"
              api_key: sk-upstream-secret
              input_cost_per_token: 0.000001
              output_cost_per_token: 0.000002
              num_retries: 0
            model_info: {id: deployment-1}

        """;

    /// <summary>
    /// An admin, and Alice, whose money lasts for one <see cref="DearAnswer"/>: what a <see cref="Question"/> can cost at most is set aside
    /// before it is asked, 1,130 input tokens and 16 of output at least.
    /// </summary>
    public const string Keys = """
        general_settings: {master_key: sk-master-1234}
        user_access:
          - {user_id: alice, api_key: sk-alice-1234, max_budget: 0.0012}
          - {user_id: bob, api_key: sk-bob-12345678, models: [other-model]}

        """;

    public const string Alice = "sk-alice-1234", Bob = "sk-bob-12345678", Master = "sk-master-1234";

    public const string Question = """{"model":"gpt-4o","messages":[{"role":"user","content":"a-secret-prompt"}]}""";
    public const string StreamQuestion = """{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"a-secret-prompt"}]}""";

    /// <summary>10 tokens in, 5 out: 0.00002 USD at <see cref="OneModel"/>.</summary>
    public const string Answer = """
        {"id":"chatcmpl-1", "object":"chat.completion","created":1,"model":"gpt-4o-2024","choices":[{"index":0,"message":
        {"role":"assistant","content":"a-secret-answer \u00e9"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,
        "total_tokens":15},"x_unknown":[1.50,{"kept":null}]}
        """;

    /// <summary>An answer that takes nearly all of Alice's money: 0.00112 USD.</summary>
    public static readonly string DearAnswer = Answer.Replace("\"prompt_tokens\":10", "\"prompt_tokens\":1110");

    public const string Finish =
        """{"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-2024","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    /// <summary>The usage of <see cref="Answer"/>.</summary>
    public const string UsageChunk = """
        {"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-2024","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5}}
        """;

    /// <summary>A chunk of a stream with some text.</summary>
    public static string Chunk(string text) =>
        """{"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-2024","choices":[{"index":0,"delta":{"content":"TEXT"}}]}"""
            .Replace("TEXT", text);

    /// <summary>What the client gets of an upstream's text.</summary>
    public static string Restamped(string upstream, string model = "gpt-4o") => upstream.Replace("gpt-4o-2024", model);

    /// <summary>The message and the rest of an error body.</summary>
    public static async Task<(string Message, string? Type, string? Param, string? Code)> ErrorAsync(this HttpResponseMessage response)
    {
        var error = (await response.JsonAsync()).GetProperty("error");
        return (error.GetProperty("message").GetString()!, error.GetProperty("type").GetString(),
            error.GetProperty("param").GetString(), error.GetProperty("code").GetString());
    }
}
