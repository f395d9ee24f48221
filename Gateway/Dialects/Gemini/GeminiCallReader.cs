using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads a conversation's calls of functions and their results, and joins them: Google often gives them no ids.</summary>
internal sealed class GeminiCallReader(HubRequest hub)
{
    /// <summary>A model calls a few functions at once; what was called before so many others has no result any more.</summary>
    private const int MostOpen = 1024;

    /// <summary>The calls so far that have no result yet, and how many calls there were.</summary>
    private readonly List<HubToolCall> _open = [];
    private int _calls;

    /// <summary>Reads a call. One without an id gets its number in the conversation, which stays the same from turn to turn.</summary>
    public HubToolCall Read(JsonElement call, ThoughtSignature? seal)
    {
        _calls++;
        var read = new HubToolCall(call.FindText("id"u8) is { Length: > 0 } id ? id : $"call_{_calls}",
            call.FindText("name"u8) ?? "", call.Find("args"u8) is { } args ? GeminiJson.Compact(args) : "{}")
        {
            Signature = seal,
        };
        if (_open.Count == MostOpen)
            _open.RemoveAt(0);
        _open.Add(read);
        return read;
    }

    /// <summary>Reads a result, the media in it too.</summary>
    public HubToolResult ReadResult(JsonElement response, string path)
    {
        var (id, name) = (response.FindText("id"u8) ?? "", response.FindText("name"u8));
        var callId = CallOf(id, name)?.Id ?? (id.Length > 0 ? id : $"call_{++_calls}");
        var content = GeminiResult.Read(response.Find("response"u8), out var isError);
        if (isError)
            hub.Use(Feature.ToolErrors, $"{path}.functionResponse.response.error");
        foreach (var part in GeminiContentReader.PartsOf(response))
        {
            hub.Use(Feature.ToolResultImages, $"{path}.functionResponse.parts");
            if (GeminiJson.Find(part, "inlineData"u8, "inline_data"u8) is { } data)
                content.Add(GeminiMedia.ReadInline(data));
            else if (GeminiJson.Find(part, "fileData"u8, "file_data"u8) is { } file
                && GeminiMediaReader.ReadFile(hub, file, path) is { } media)
                content.Add(media);
            else
                hub.Use(Feature.UnknownPart, $"{path}.functionResponse.parts");
        }
        return new HubToolResult(callId, content) { Name = name, IsError = isError };
    }

    /// <summary>
    /// Takes the call that a result answers: by its id; else the first open one of that name; where the result has no id, else the first.
    /// </summary>
    private HubToolCall? CallOf(string id, string? name)
    {
        var at = id.Length > 0 ? _open.FindIndex(call => call.Id == id) : -1;
        if (at < 0)
            at = _open.FindIndex(call => call.Name == name);
        if (at < 0 && _open.Count > 0 && id.Length == 0)
            at = 0;
        if (at < 0)
            return null;
        var call = _open[at];
        _open.RemoveAt(at);
        return call;
    }
}
