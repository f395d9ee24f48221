using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads <c>contents</c> and <c>systemInstruction</c> into the hub.</summary>
internal sealed class GeminiContentReader(HubRequest hub)
{
    /// <summary>The calls so far that have no result yet, and how many calls there were.</summary>
    private readonly List<HubToolCall> _open = [];
    private int _calls;

    /// <summary>Reads instructions: a content, or as Vertex AI takes it, a text.</summary>
    public void ReadInstruction(JsonElement instruction)
    {
        var parts = new List<HubPart>();
        if (instruction.ValueKind == JsonValueKind.String)
            parts.Add(new HubText(instruction.GetString()!));
        foreach (var part in PartsOf(instruction))
        {
            if (part.FindText("text"u8) is { } text)
                parts.Add(new HubText(text));
            else
                hub.Use(Feature.UnknownPart, "systemInstruction.parts");
        }
        if (parts.Count == 0)
            return;
        hub.Use(Feature.System, "systemInstruction");
        hub.Messages.Add(new(HubRole.System, parts));
    }

    /// <returns>Null, or what is wrong.</returns>
    public ApiError? ReadContents(JsonElement contents)
    {
        if (contents.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object))
            return ApiError.InvalidParameter("contents", "must be a list of contents");
        var at = 0;
        foreach (var content in GeminiJson.Items(contents))
        {
            if (ReadContent(content, $"contents[{at}]") is { } wrong)
                return wrong;
            at++;
        }
        if (hub.Messages is [.., { Role: HubRole.Assistant } last] && !last.Parts.Exists(static part => part is HubToolCall))
            hub.Use(Feature.Prefill, $"contents[{at - 1}]");
        return null;
    }

    private ApiError? ReadContent(JsonElement content, string path)
    {
        if (content.ValueKind != JsonValueKind.Object)
            return ApiError.InvalidParameter(path, "must be a content: an object with role and parts");
        var role = content.FindText("role"u8);
        if (role is not (null or "" or "user" or "model" or "function" or "tool" or "system"))
            return ApiError.InvalidParameter($"{path}.role", "must be user or model");
        var isModel = role == "model";
        var parts = new List<HubPart>();
        var at = 0;
        foreach (var part in PartsOf(content))
        {
            if (ReadPart(part, $"{path}.parts[{at}]", isModel, parts) is { } wrong)
                return wrong;
            at++;
        }
        if (role == "system")
        {
            hub.Use(hub.Messages.TrueForAll(static m => m.Role == HubRole.System) ? Feature.System : Feature.SystemWithin, $"{path}.role");
            hub.Messages.Add(new(HubRole.System, parts));
            return null;
        }
        if (isModel)
            hub.Messages.Add(new(HubRole.Assistant, parts));
        else
            AddUser(parts);
        return null;
    }

    /// <summary>Google has results and what the user says in one turn; results are messages of their own, and come first.</summary>
    private void AddUser(List<HubPart> parts)
    {
        var results = parts.Where(static part => part is HubToolResult).ToList();
        if (results.Count > 0)
            hub.Messages.Add(new(HubRole.Tool, results));
        if (results.Count == 0 || results.Count < parts.Count)
            hub.Messages.Add(new(HubRole.User, [.. parts.Where(static part => part is not HubToolResult)]));
    }

    private static IEnumerable<JsonElement> PartsOf(JsonElement content) =>
        content.Find("parts"u8) is { } parts ? GeminiJson.Items(parts) : [];

    private ApiError? ReadPart(JsonElement part, string path, bool isModel, List<HubPart> parts)
    {
        if (part.ValueKind != JsonValueKind.Object)
            return ApiError.InvalidParameter(path, "must be a part: an object");
        var seal = GeminiSeal.Read(GeminiJson.FindText(part, "thoughtSignature"u8, "thought_signature"u8));
        if (GeminiJson.Find(part, "functionCall"u8, "function_call"u8) is { } call)
            parts.Add(ReadCall(call, seal));
        else if (GeminiJson.Find(part, "functionResponse"u8, "function_response"u8) is { } response)
            parts.Add(ReadResult(response, path));
        else if (part.Find("thought"u8)?.ValueKind == JsonValueKind.True)
            AddThought(part.FindText("text"u8) ?? "", seal, parts);
        else
            return ReadContentPart(part, path, isModel ? seal : null, parts);
        return null;
    }

    private ApiError? ReadContentPart(JsonElement part, string path, ThoughtSignature? seal, List<HubPart> parts)
    {
        if (part.FindText("text"u8) is { } text)
        {
            if (text.Length > 0 || seal is null)
                parts.Add(new HubText(text));
        }
        else if (GeminiJson.Find(part, "inlineData"u8, "inline_data"u8) is { } data)
        {
            parts.Add(Noted(GeminiMedia.ReadInline(data), path));
        }
        else if (GeminiJson.Find(part, "fileData"u8, "file_data"u8) is { } file)
        {
            if (ReadFile(file, path) is not { } media)
                return ApiError.InvalidParameter($"{path}.fileData.fileUri", "is missing");
            parts.Add(media);
        }
        else
        {
            hub.Use(Feature.UnknownPart, path);
            parts.Add(new HubForeignPart(WireFormat.Gemini, part));
        }
        NoteExtras(part, path);
        if (seal is null)
            return null;
        hub.Use(Feature.ThinkingHistory, "contents[].parts[].thoughtSignature");
        parts.Add(new HubThinking("") { Signature = seal, IsHidden = true });
        return null;
    }

    /// <summary>What a part says of how its medium is to be looked at is Google's alone.</summary>
    private void NoteExtras(JsonElement part, string path)
    {
        foreach (var member in part.EnumerateObject())
        {
            if (GeminiJson.Camel(member.Name) is "videoMetadata" or "mediaResolution" or "mediaProcessing" or "speechMetadata" or "partMetadata"
                && member.Value.ValueKind != JsonValueKind.Null)
                hub.Use(Feature.Unknown, $"{path}.{GeminiJson.Camel(member.Name)}");
        }
    }

    /// <summary>A thought that came in pieces is one: its seal came with the last.</summary>
    private void AddThought(string text, ThoughtSignature? seal, List<HubPart> parts)
    {
        hub.Use(Feature.ThinkingHistory, "contents[].parts[].thought");
        if (parts is [.., HubThinking { Signature: null, IsHidden: false } before])
            parts[^1] = before with { Text = before.Text + text, Signature = seal };
        else
            parts.Add(new HubThinking(text) { Signature = seal, IsHidden = text.Length == 0 && seal is not null });
    }

    private HubToolCall ReadCall(JsonElement call, ThoughtSignature? seal)
    {
        _calls++;
        var read = new HubToolCall(call.FindText("id"u8) is { Length: > 0 } id ? id : $"call_{_calls}",
            call.FindText("name"u8) ?? "", call.Find("args"u8) is { } args ? GeminiJson.Compact(args) : "{}")
        {
            Signature = seal,
        };
        _open.Add(read);
        return read;
    }

    /// <summary>
    /// Finds the call that a result answers: by its id; else, as Google often gives none, the first open one of that name, else the first.
    /// </summary>
    private HubToolResult ReadResult(JsonElement response, string path)
    {
        var (id, name) = (response.FindText("id"u8), response.FindText("name"u8));
        var at = id is { Length: > 0 } ? _open.FindIndex(call => call.Id == id) : -1;
        if (at < 0)
            at = _open.FindIndex(call => call.Name == name);
        if (at < 0 && _open.Count > 0 && string.IsNullOrEmpty(id))
            at = 0;
        var callId = at >= 0 ? _open[at].Id : id is { Length: > 0 } ? id : $"call_{++_calls}";
        if (at >= 0)
            _open.RemoveAt(at);
        var content = GeminiResult.Read(response.Find("response"u8), out var isError);
        if (isError)
            hub.Use(Feature.ToolErrors, $"{path}.functionResponse.response.error");
        foreach (var part in PartsOf(response))
        {
            if (GeminiJson.Find(part, "inlineData"u8, "inline_data"u8) is { } data)
                content.Add(GeminiMedia.ReadInline(data));
            else if (GeminiJson.Find(part, "fileData"u8, "file_data"u8) is { } file && ReadFile(file, path) is { } media)
                content.Add(media);
            hub.Use(Feature.ToolResultImages, $"{path}.functionResponse.parts");
        }
        return new HubToolResult(callId, content) { Name = name, IsError = isError };
    }

    private HubMedia Noted(HubMedia media, string path)
    {
        hub.Use(FeatureOf(media.Kind), path);
        return media;
    }

    private static Feature FeatureOf(HubMediaKind kind) => kind switch
    {
        HubMediaKind.Image => Feature.Images,
        HubMediaKind.Audio => Feature.AudioInput,
        HubMediaKind.Video => Feature.VideoInput,
        _ => Feature.Documents,
    };

    /// <summary>A file of Google's own storage, or a URL.</summary>
    private HubMedia? ReadFile(JsonElement file, string path)
    {
        if (GeminiJson.FindText(file, "fileUri"u8, "file_uri"u8) is not { Length: > 0 } uri)
            return null;
        var type = GeminiJson.FindText(file, "mimeType"u8, "mime_type"u8);
        var media = new HubMedia(GeminiMedia.KindOf(type)) { MediaType = type };
        hub.Use(FeatureOf(media.Kind), path);
        if (GeminiMedia.IsStored(uri))
        {
            hub.Use(Feature.FileIds, path);
            return media with { FileId = uri };
        }
        if (media.Kind is HubMediaKind.Image or HubMediaKind.Document)
            hub.Use(media.Kind == HubMediaKind.Image ? Feature.ImageUrls : Feature.DocumentUrls, path);
        return media with { Url = uri };
    }
}
