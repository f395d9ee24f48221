using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Gemini;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Ollama;

/// <summary>What Ollama's whole answers and the lines of its streams have in common (https://docs.ollama.com/api/chat).</summary>
internal static class OllamaChunk
{
    private const long MostTokens = 1_000_000_000;

    /// <summary>Null: it has not ended. A model that was loaded or unloaded has answered nothing.</summary>
    public static HubFinish FinishOf(JsonElement chunk, bool hasCalls)
    {
        if (chunk.Find("done"u8)?.ValueKind != JsonValueKind.True)
            return HubFinish.None;
        return chunk.FindText("done_reason"u8) switch
        {
            "length" => HubFinish.Length,
            "load" or "unload" => HubFinish.None,
            _ => hasCalls ? HubFinish.ToolCalls : HubFinish.Stop,
        };
    }

    /// <summary>Null: it counts nothing.</summary>
    public static Usage? UsageOf(JsonElement chunk)
    {
        if (chunk.Find("prompt_eval_count"u8) is null && chunk.Find("eval_count"u8) is null)
            return null;
        return new Usage { Input = Count(chunk, "prompt_eval_count"u8), Output = Count(chunk, "eval_count"u8) };
    }

    private static long Count(JsonElement chunk, ReadOnlySpan<byte> name) =>
        chunk.FindCount(name) is >= 0 and <= MostTokens and var count ? count : 0;

    /// <summary>The members of a chunk that count, as one object.</summary>
    public static string RawUsageOf(in Usage usage) => $$"""{"prompt_eval_count":{{usage.Input}},"eval_count":{{usage.Output}}}""";

    /// <summary>Ids for the calls of an answer: of the moment at which it was made, which is exact to a millionth of a second.</summary>
    public static GeminiCallIds IdsOf(JsonElement chunk) => new(chunk.FindText("created_at"u8));

    /// <summary>A call, whole in one chunk. Newer versions give it an id.</summary>
    public static HubToolCall CallOf(JsonElement call, GeminiCallIds ids)
    {
        var function = call.Find("function"u8) ?? default;
        var id = call.FindText("id"u8) is { Length: > 0 } given ? given : ids.Next();
        return new HubToolCall(id, function.FindText("name"u8) ?? "", function.Find("arguments"u8)?.GetRawText() ?? "{}");
    }

    /// <summary>Probabilities, which are OpenAI's but for the object around them. Null: none.</summary>
    public static JsonElement? LogprobsOf(JsonElement chunk)
    {
        if (chunk.Find("logprobs"u8) is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() == 0)
            return null;
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            json.WritePropertyName("content"u8);
            list.WriteTo(json);
            json.WriteNull("refusal"u8);
            json.WriteEndObject();
        }
        return HubJson.TryParse(output.WrittenSpan);
    }
}
