using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Gateway.Catalog;
using Gateway.Dialects;

namespace Gateway.Pipeline;

/// <summary>How many choices a stream must finish before it is whole: <c>n</c> for each prompt; pure.</summary>
internal static class AnswerChoices
{
    /// <summary>As many choices as a stream's translator tells apart. With more, only the sign of a clean end will do.</summary>
    private const int MostTold = 128;

    /// <summary>The number of choices that a deployment was asked for. What is no number the provider will refuse.</summary>
    public static int ExpectedOf(ClientRequest request, Operation operation, Deployment deployment)
    {
        var perPrompt = NumberIn(deployment.Params.ExtraBody) ?? NumberIn(request) ?? NumberIn(deployment.Params.Defaults) ?? 1;
        var prompts = operation == Operation.Completions ? PromptsOf(request) : 1;
        return (long)perPrompt * prompts <= MostTold ? perPrompt * prompts : int.MaxValue;
    }

    private static int? NumberIn(ImmutableArray<KeyValuePair<string, string>> members)
    {
        foreach (var (name, json) in members)
            if (name == "n")
                return NumberOf(new(Encoding.UTF8.GetBytes(json)));
        return null;
    }

    private static int? NumberIn(ClientRequest request)
    {
        if (request.Find("n") is { } member)
            return NumberOf(request.ValueOf(member));
        if (request.Find("extra_body") is not { } extra)
            return null;
        var reader = new Utf8JsonReader(request.ValueOf(extra));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isCount = reader.ValueTextEquals("n"u8);
            reader.Read();
            if (isCount)
                return Number(ref reader);
            reader.Skip();
        }
        return null;
    }

    private static int? NumberOf(ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        return reader.Read() ? Number(ref reader) : null;
    }

    private static int? Number(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var count) ? Math.Max(count, 1) : null;

    /// <summary>A prompt is a text or a list of tokens; a list of those is several.</summary>
    private static int PromptsOf(ClientRequest request)
    {
        if (request.Find("prompt") is not { } member)
            return 1;
        var reader = new Utf8JsonReader(request.ValueOf(member));
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            return 1;
        var prompts = 0;
        while (reader.Read() && reader.TokenType is JsonTokenType.String or JsonTokenType.StartArray)
        {
            reader.Skip();
            prompts++;
        }
        return Math.Max(prompts, 1);
    }
}
