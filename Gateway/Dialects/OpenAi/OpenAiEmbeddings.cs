using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>The client's half of OpenAI's embeddings: requests in, vectors out.</summary>
public static class OpenAiEmbeddings
{
    /// <summary>OpenAI takes as many inputs at most; more are refused before a provider is asked.</summary>
    private const int MostInputs = 2_048;

    /// <summary>Reads a body into the hub, noting each feature that it uses.</summary>
    /// <param name="request">Half read where there is an error.</param>
    /// <returns>Null, or why the request is refused (400).</returns>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode.</exception>
    public static ApiError? Read(JsonElement body, out EmbeddingRequest request)
    {
        request = new EmbeddingRequest();
        foreach (var member in body.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && ReadMember(request, member.Name, member.Value) is { } reason)
                return ApiError.InvalidParameter(member.Name, reason);
        }
        return request.Inputs.Count == 0 ? ApiError.InvalidParameter("input", "must be a text or a list of texts, and not empty") : null;
    }

    /// <returns>Null, or what is wrong with the value.</returns>
    private static string? ReadMember(EmbeddingRequest request, string name, JsonElement value)
    {
        switch (name)
        {
            case "model":
                return null;
            case "input":
                return ReadInput(request, value);
            case "dimensions":
                request.Use(Feature.EmbeddingDimensions, name);
                request.Dimensions =
                    value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) && count > 0 ? count : null;
                return request.Dimensions is null ? "must be a whole number above 0" : null;
            case "encoding_format":
                request.IsBase64 = value.ValueKind == JsonValueKind.String && value.ValueEquals("base64"u8);
                return request.IsBase64 || value.ValueKind == JsonValueKind.String && value.ValueEquals("float"u8)
                    ? null
                    : "must be 'float' or 'base64'";
            case "user" or "input_type" or "truncate":
                return value.ValueKind == JsonValueKind.String ? ReadText(request, name, value.GetString()!) : "must be a text";
            default:
                request.Extras.Add(new(name, value));
                request.Use(Feature.Unknown, name);
                return null;
        }
    }

    private static string? ReadText(EmbeddingRequest request, string name, string text)
    {
        switch (name)
        {
            case "user":
                request.EndUser = text;
                request.Use(Feature.EndUser, name);
                return null;
            case "truncate":
                request.Truncate = text.ToUpperInvariant();
                request.Use(Feature.EmbeddingTruncation, name);
                return null;
            default:
                request.InputType = text.ToLowerInvariant();
                request.Use(Feature.EmbeddingInputType, name);
                return null;
        }
    }

    private static string? ReadInput(EmbeddingRequest request, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            request.Inputs.Add(value.GetString()!);
            return null;
        }
        if (value.ValueKind != JsonValueKind.Array)
            return "must be a text or a list of texts";
        if (value.GetArrayLength() > MostInputs)
            return $"must not have more than {MostInputs} items";
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind is JsonValueKind.Number or JsonValueKind.Array)
                return "holds token numbers, which only providers of OpenAI's wire format take: send texts";
            if (item.ValueKind != JsonValueKind.String)
                return "must be a text or a list of texts";
            request.Inputs.Add(item.GetString()!);
        }
        return null;
    }

    /// <summary>Writes an answer.</summary>
    /// <param name="model">The name that the client knows the model by.</param>
    public static void WriteAnswer(EmbeddingAnswer answer, string model, bool isBase64, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        for (var i = 0; i < answer.Vectors.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "embedding"u8);
            json.WriteNumber("index"u8, i);
            json.WritePropertyName("embedding"u8);
            WriteVector(answer.Vectors[i], isBase64, json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("model"u8, model);
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, answer.Usage?.Prompt ?? 0);
        json.WriteNumber("total_tokens"u8, answer.Usage?.Prompt ?? 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Base64 is of the numbers' bytes as they lie in memory on every machine that .NET runs on: little-endian.</summary>
    private static void WriteVector(float[] vector, bool isBase64, Utf8JsonWriter json)
    {
        if (isBase64)
        {
            json.WriteBase64StringValue(MemoryMarshal.AsBytes<float>(vector));
            return;
        }
        json.WriteStartArray();
        foreach (var number in vector)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
