using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Google's <c>logprobsResult</c>, from and to OpenAI's form.</summary>
internal static class GeminiLogprobs
{
    /// <summary>OpenAI's form of it: the chosen tokens, each with the likeliest at its place.</summary>
    public static JsonElement? Read(JsonElement result)
    {
        var top = result.Items("topCandidates"u8);
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            json.WriteStartArray("content"u8);
            foreach (var chosen in result.Items("chosenCandidates"u8))
            {
                WriteToken(json, chosen);
                json.WriteStartArray("top_logprobs"u8);
                if (top.MoveNext())
                {
                    foreach (var other in top.Current.Items("candidates"u8))
                    {
                        WriteToken(json, other);
                        json.WriteEndObject();
                    }
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNull("refusal"u8);
            json.WriteEndObject();
        }
        return HubJson.TryParse(output.WrittenSpan);
    }

    /// <summary>Begins an object that its caller ends.</summary>
    private static void WriteToken(Utf8JsonWriter json, JsonElement candidate)
    {
        var token = candidate.FindText("token"u8) ?? "";
        json.WriteStartObject();
        json.WriteString("token"u8, token);
        WriteProbability(json, "logprob"u8, candidate.Find("logProbability"u8));
        json.WriteStartArray("bytes"u8);
        foreach (var unit in Encoding.UTF8.GetBytes(token))
            json.WriteNumberValue(unit);
        json.WriteEndArray();
    }

    /// <summary>Proto leaves a 0 out: then the token was certain.</summary>
    private static void WriteProbability(Utf8JsonWriter json, ReadOnlySpan<byte> name, JsonElement? value)
    {
        json.WritePropertyName(name);
        if (value is { ValueKind: JsonValueKind.Number } number)
            number.WriteTo(json);
        else
            json.WriteNumberValue(0);
    }

    /// <summary>Writes the member with its name from OpenAI's form.</summary>
    public static void Write(Utf8JsonWriter json, JsonElement logprobs)
    {
        json.WriteStartObject("logprobsResult"u8);
        json.WriteStartArray("topCandidates"u8);
        foreach (var token in logprobs.Items("content"u8))
        {
            json.WriteStartObject();
            json.WriteStartArray("candidates"u8);
            foreach (var other in token.Items("top_logprobs"u8))
                WriteCandidate(json, other);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("chosenCandidates"u8);
        foreach (var token in logprobs.Items("content"u8))
            WriteCandidate(json, token);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteCandidate(Utf8JsonWriter json, JsonElement token)
    {
        json.WriteStartObject();
        json.WriteString("token"u8, token.FindText("token"u8) ?? "");
        WriteProbability(json, "logProbability"u8, token.Find("logprob"u8));
        json.WriteEndObject();
    }
}
