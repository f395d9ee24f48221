using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// The answer to <c>POST /v1/messages/count_tokens</c> where no provider counts: how many tokens the input probably has. Anthropic's
/// tokenizer is not public, so this is the estimate that rates and budgets are kept by, not a count.
/// </summary>
public static class AnthropicTokenCount
{
    /// <summary>About how many tokens, from the size of text, tools and media.</summary>
    public static long Estimate(ClientRequest request) => Math.Max(1, request.Size.Estimate);

    /// <summary>Writes the answer's body.</summary>
    public static void Write(IBufferWriter<byte> output, long inputTokens)
    {
        using var json = new Utf8JsonWriter(output, HubJson.WriteOptions);
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, inputTokens);
        json.WriteEndObject();
    }
}
