using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>
/// Cohere's log probabilities in OpenAI's form. Cohere gives them for pieces of text that may be several tokens: a piece counts as one,
/// with the probability of all.
/// </summary>
internal static class CohereLogprobs
{
    /// <param name="pieces">One piece, or a list of them. Null where there are none.</param>
    public static JsonElement? Read(JsonElement? pieces)
    {
        if (pieces is not { ValueKind: JsonValueKind.Object or JsonValueKind.Array } given)
            return null;
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            json.WriteStartArray("content"u8);
            if (given.ValueKind == JsonValueKind.Array)
            {
                foreach (var piece in given.EnumerateArray())
                    WritePiece(json, piece);
            }
            else
            {
                WritePiece(json, given);
            }
            json.WriteEndArray();
            json.WriteNull("refusal"u8);
            json.WriteEndObject();
        }
        return HubJson.TryParse(output.WrittenSpan);
    }

    private static void WritePiece(Utf8JsonWriter json, JsonElement piece)
    {
        var sum = 0.0;
        foreach (var one in piece.Items("logprobs"u8))
            sum += one.ValueKind == JsonValueKind.Number && one.TryGetDouble(out var value) ? value : 0;
        var text = piece.FindText("text"u8) ?? "";
        json.WriteStartObject();
        json.WriteString("token"u8, text);
        json.WriteNumber("logprob"u8, double.IsFinite(sum) ? sum : 0);
        json.WriteStartArray("bytes"u8);
        foreach (var unit in Encoding.UTF8.GetBytes(text))
            json.WriteNumberValue(unit);
        json.WriteEndArray();
        json.WriteStartArray("top_logprobs"u8);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
