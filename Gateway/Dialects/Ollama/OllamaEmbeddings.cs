using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Ollama;

/// <summary>Ollama's embeddings (https://docs.ollama.com/api/embed).</summary>
internal sealed class OllamaEmbeddings : EmbeddingProvider
{
    public override WireFormat Format => WireFormat.Ollama;

    public override FeatureTable Features { get; } = new(
        (Feature.EmbeddingDimensions, Support.Native),
        (Feature.EmbeddingTruncation, Support.Translated), // yes or no
        (Feature.EndUser, Support.Implied)); // changes no vector

    public override void Fit(EmbeddingRequest request, HubTarget target, HubLosses losses)
    {
        if (request.Truncate is null or "NONE" or "END")
            return;
        losses.Add("truncate", "only the end of a text is cut off");
        request.Truncate = null;
    }

    public override void Write(EmbeddingRequest request, HubTarget target, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, target.Model);
        json.WriteStartArray("input"u8);
        foreach (var input in request.Inputs)
            json.WriteStringValue(input);
        json.WriteEndArray();
        if (request.Dimensions is { } dimensions)
            json.WriteNumber("dimensions"u8, dimensions);
        if (request.Truncate is { } truncate)
            json.WriteBoolean("truncate"u8, truncate != "NONE");
        json.WriteEndObject();
    }

    public override EmbeddingAnswer? ReadAnswer(ReadOnlyMemory<byte> body, HubTarget target)
    {
        if (HubJson.TryParse(body.Span) is not { } root)
            return null;
        var answer = new EmbeddingAnswer();
        foreach (var vector in root.Items("embeddings"u8))
        {
            if (!answer.TryAdd(vector))
                return null;
        }
        if (answer.Vectors.Count == 0)
            return null;
        if (OllamaChunk.UsageOf(root) is { } usage)
            (answer.Usage, answer.RawUsage) = (usage, OllamaChunk.RawUsageOf(usage));
        return answer;
    }
}
