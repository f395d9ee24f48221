using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>The client's half of Responses.</summary>
public sealed class ResponsesClient : HubClient
{
    public override WireFormat Format => WireFormat.Responses;

    public override ApiError? Read(JsonElement body, out HubRequest hub)
    {
        hub = new HubRequest();
        return new ResponsesRequestReader(hub).Read(body);
    }

    /// <summary>The id of an answer: always the gateway's own, since it is the gateway that is asked for it later.</summary>
    public static string IdOf(HubShown shown) => $"resp_{shown.RandomId}";

    public override void WriteAnswer(HubAnswer answer, HubShown shown, Utf8JsonWriter json)
    {
        var choice = answer.Choices.Count > 0 ? answer.Choices[0] : new HubChoice();
        var items = new ResponsesItems(shown);
        foreach (var part in choice.Parts)
            items.Add(part);
        if (choice.Logprobs is { } logprobs)
            items.AddLogprobs(logprobs);
        var response = new ResponseObject(shown, answer.CreatedAt ?? shown.Now)
        {
            Usage = answer.Usage,
            Service = answer.Service,
            Bill = answer.Bill,
        };
        response.Finish(choice.Finish, items);
        response.Write(json, items.All);
    }

    public override HubStreamWriter OpenStream(HubShown shown) => new ResponsesStreamWriter(shown);
}
