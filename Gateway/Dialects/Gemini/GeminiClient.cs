using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>What Google's SDKs and gemini-cli send and get at <c>generateContent</c> and <c>streamGenerateContent</c>.</summary>
/// <param name="isJsonArray">
/// True where a stream is one JSON array, which grows, instead of server-sent events: what Google sends without <c>alt=sse</c>.
/// </param>
public sealed class GeminiClient(bool isJsonArray = false) : HubClient
{
    public override WireFormat Format => WireFormat.Gemini;

    public override ApiError? Read(JsonElement body, out HubRequest hub)
    {
        hub = new HubRequest();
        return new GeminiRequestReader(hub).Read(body);
    }

    public override void WriteAnswer(HubAnswer answer, HubShown shown, Utf8JsonWriter json) =>
        GeminiAnswerWriter.Write(answer, shown, json);

    public override HubStreamWriter OpenStream(HubShown shown) => new GeminiStreamWriter(shown, isJsonArray);
}
