using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>Cohere's embeddings, second version (https://docs.cohere.com/reference/embed).</summary>
internal sealed class CohereEmbeddings : EmbeddingProvider
{
    /// <summary>More texts in one call are refused.</summary>
    private const int MostInputs = 96;

    public override WireFormat Format => WireFormat.Cohere;

    public override FeatureTable Features { get; } = new(
        (Feature.EmbeddingDimensions, Support.Native),
        (Feature.EmbeddingInputType, Support.Native),
        (Feature.EmbeddingTruncation, Support.Native),
        (Feature.EndUser, Support.Implied)); // changes no vector

    public override void Fit(EmbeddingRequest request, HubTarget target, HubLosses losses)
    {
        if (request.Inputs.Count > MostInputs)
            losses.Add("input", $"it takes {MostInputs} texts at most");
        if (request.InputType is not null && TypeOf(request.InputType) is null)
        {
            losses.Add("input_type", "Cohere's are search_query, search_document, classification and clustering");
            request.InputType = null;
        }
        if (request.Truncate is not (null or "NONE" or "START" or "END"))
        {
            losses.Add("truncate", "Cohere's are NONE, START and END");
            request.Truncate = null;
        }
    }

    public override void Write(EmbeddingRequest request, HubTarget target, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, target.Model);
        json.WriteStartArray("texts"u8);
        foreach (var input in request.Inputs)
            json.WriteStringValue(input);
        json.WriteEndArray();
        // Cohere must be told; what is embedded without a word is mostly what will be searched.
        json.WriteString("input_type"u8, TypeOf(request.InputType) ?? "search_document");
        json.WriteStartArray("embedding_types"u8);
        json.WriteStringValue("float"u8);
        json.WriteEndArray();
        if (request.Dimensions is { } dimensions)
            json.WriteNumber("output_dimension"u8, dimensions);
        if (request.Truncate is { } truncate)
            json.WriteString("truncate"u8, truncate);
        json.WriteEndObject();
    }

    private static string? TypeOf(string? type) => type switch
    {
        "search_query" or "query" => "search_query",
        "search_document" or "document" or "passage" => "search_document",
        "classification" or "clustering" => type,
        _ => null,
    };

    public override EmbeddingAnswer? ReadAnswer(ReadOnlyMemory<byte> body, HubTarget target)
    {
        if (HubJson.TryParse(body.Span) is not { } root || root.Find("embeddings"u8) is not { } embeddings)
            return null;
        var answer = new EmbeddingAnswer();
        foreach (var vector in embeddings.Items("float"u8))
        {
            if (!answer.TryAdd(vector))
                return null;
        }
        if (answer.Vectors.Count == 0)
            return null;
        if (root.Find("meta"u8) is { } meta && CohereUsage.Read(meta) is { } usage)
            (answer.Usage, answer.RawUsage) = (usage, StreamTranslator.KeepRawUsage(JsonMarshal.GetRawUtf8Value(meta)));
        return answer;
    }
}
