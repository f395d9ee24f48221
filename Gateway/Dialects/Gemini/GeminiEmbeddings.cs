using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Google's embeddings: AI Studio's <c>batchEmbedContents</c> (https://ai.google.dev/api/embeddings) and Vertex AI's <c>predict</c>
/// (https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api).
/// </summary>
public sealed class GeminiEmbeddings : EmbeddingProvider
{
    /// <summary>More inputs in one call are refused by AI Studio.</summary>
    private const int MostInputs = 100;

    /// <summary>More inputs in one call are refused by Vertex AI.</summary>
    private const int MostInputsOfVertex = 250;

    public override WireFormat Format => WireFormat.Gemini;

    public override FeatureTable Features { get; } = new(
        (Feature.EmbeddingDimensions, Support.Native),
        (Feature.EmbeddingInputType, Support.Translated), // taskType
        (Feature.EmbeddingTruncation, Support.Translated), // autoTruncate of Vertex AI
        (Feature.EndUser, Support.Implied)); // changes no vector

    public override void Fit(EmbeddingRequest request, HubTarget target, HubLosses losses)
    {
        var most = target.IsVertex() ? MostInputsOfVertex : MostInputs;
        if (request.Inputs.Count > most)
            losses.Add("input", $"it takes {most} texts at most");
        if (request.Truncate is null)
            return;
        // AI Studio cuts a long text's end off unasked, and cannot be told otherwise.
        if (request.Truncate == "START" || request.Truncate == "NONE" && !target.IsVertex())
        {
            losses.Add("truncate", "only the end of a text is cut off");
            request.Truncate = null;
        }
    }

    public override void Write(EmbeddingRequest request, HubTarget target, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray(target.IsVertex() ? "instances"u8 : "requests"u8);
        foreach (var input in request.Inputs)
        {
            json.WriteStartObject();
            if (target.IsVertex())
                WriteInstance(json, request, input);
            else
                WriteRequest(json, request, target, input);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (target.IsVertex())
            WriteParameters(json, request);
        json.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter json, EmbeddingRequest request, HubTarget target, string input)
    {
        json.WriteString("model"u8, target.Model.StartsWith("models/", StringComparison.Ordinal) ? target.Model : $"models/{target.Model}");
        json.WriteStartObject("content"u8);
        json.WriteStartArray("parts"u8);
        json.WriteStartObject();
        json.WriteString("text"u8, input);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        if (TaskType(request.InputType) is { } task)
            json.WriteString("taskType"u8, task);
        if (request.Dimensions is { } dimensions)
            json.WriteNumber("outputDimensionality"u8, dimensions);
    }

    private static void WriteInstance(Utf8JsonWriter json, EmbeddingRequest request, string input)
    {
        json.WriteString("content"u8, input);
        if (TaskType(request.InputType) is { } task)
            json.WriteString("task_type"u8, task);
    }

    private static void WriteParameters(Utf8JsonWriter json, EmbeddingRequest request)
    {
        if (request.Dimensions is null && request.Truncate is null)
            return;
        json.WriteStartObject("parameters"u8);
        if (request.Dimensions is { } dimensions)
            json.WriteNumber("outputDimensionality"u8, dimensions);
        if (request.Truncate is { } truncate)
            json.WriteBoolean("autoTruncate"u8, truncate != "NONE");
        json.WriteEndObject();
    }

    /// <summary>Google's word for what the vectors are for; its own words pass.</summary>
    private static string? TaskType(string? type) => type switch
    {
        null => null,
        "search_query" or "query" => "RETRIEVAL_QUERY",
        "search_document" or "document" or "passage" => "RETRIEVAL_DOCUMENT",
        _ => type.ToUpperInvariant(),
    };

    public override EmbeddingAnswer? ReadAnswer(ReadOnlyMemory<byte> body, HubTarget target)
    {
        if (HubJson.TryParse(body.Span) is not { ValueKind: JsonValueKind.Object } root)
            return null;
        var answer = new EmbeddingAnswer();
        var tokens = 0L;
        foreach (var one in root.Items(target.IsVertex() ? "predictions"u8 : "embeddings"u8))
        {
            var embedding = target.IsVertex() ? one.Find("embeddings"u8) ?? default : one;
            if (!answer.TryAdd(embedding.Find("values"u8)))
                return null;
            tokens += Math.Max(0, embedding.Find("statistics"u8)?.FindCount("token_count"u8) ?? 0);
        }
        if (answer.Vectors.Count == 0)
            return null;
        ReadUsage(root, tokens, answer);
        return answer;
    }

    private static void ReadUsage(JsonElement root, long tokens, EmbeddingAnswer answer)
    {
        if (root.Find("usageMetadata"u8) is { } usage && GeminiUsage.Read(usage) is { } read)
            (answer.Usage, answer.RawUsage) = (read, usage.GetRawText());
        else if (tokens > 0)
            (answer.Usage, answer.RawUsage) = (new Usage { Input = tokens }, $$"""{"token_count":{{tokens}}}""");
    }
}
