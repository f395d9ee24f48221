using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>What clients of Anthropic's Messages send and get.</summary>
internal sealed class AnthropicClient : HubClient
{
    public override WireFormat Format => WireFormat.Anthropic;

    public override ApiError? Read(JsonElement body, out HubRequest hub)
    {
        hub = new HubRequest();
        return AnthropicRequestReader.Read(body, hub);
    }

    public override void WriteAnswer(HubAnswer answer, HubShown shown, Utf8JsonWriter json) =>
        AnthropicAnswerWriter.Write(answer, shown, json);

    public override HubStreamWriter OpenStream(HubShown shown) => new AnthropicStreamWriter(shown);
}
