using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads <c>contents</c> and <c>systemInstruction</c> into the hub.</summary>
internal sealed class GeminiContentReader(HubRequest hub)
{
    private readonly GeminiCallReader _calls = new(hub);

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
            hub.Messages.Add(new(HubRole.Assistant, GeminiThoughts.Join(parts)));
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

    internal static IEnumerable<JsonElement> PartsOf(JsonElement content) =>
        content.Find("parts"u8) is { } parts ? GeminiJson.Items(parts) : [];

    private ApiError? ReadPart(JsonElement part, string path, bool isModel, List<HubPart> parts)
    {
        if (part.ValueKind != JsonValueKind.Object)
            return ApiError.InvalidParameter(path, "must be a part: an object");
        var seal = GeminiSeal.Read(GeminiJson.FindText(part, "thoughtSignature"u8, "thought_signature"u8));
        if (GeminiJson.Find(part, "functionCall"u8, "function_call"u8) is { } call)
            parts.Add(_calls.Read(call, seal));
        else if (GeminiJson.Find(part, "functionResponse"u8, "function_response"u8) is { } response)
            parts.Add(_calls.ReadResult(response, path));
        else if (part.Find("thought"u8)?.ValueKind == JsonValueKind.True)
            AddThought(part.FindText("text"u8) ?? "", seal, parts);
        else
            return ReadContentPart(part, path, isModel, isModel ? seal : null, parts);
        return null;
    }

    private ApiError? ReadContentPart(JsonElement part, string path, bool isModel, ThoughtSignature? seal, List<HubPart> parts)
    {
        if (part.FindText("text"u8) is { } text)
        {
            if (text.Length > 0 || !isModel) // a stream's last piece is empty, and not every provider takes that back
                parts.Add(new HubText(text));
        }
        else if (GeminiJson.Find(part, "inlineData"u8, "inline_data"u8) is { } data)
        {
            parts.Add(GeminiMediaReader.ReadInline(hub, data, path));
        }
        else if (GeminiJson.Find(part, "fileData"u8, "file_data"u8) is { } file)
        {
            if (GeminiMediaReader.ReadFile(hub, file, path) is not { } media)
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
            var name = GeminiJson.Camel(member.Name);
            if (name is "videoMetadata" or "mediaResolution" or "mediaProcessing" or "speechMetadata" or "partMetadata"
                && member.Value.ValueKind != JsonValueKind.Null)
                hub.Use(Feature.Unknown, $"{path}.{name}");
        }
    }

    private void AddThought(string text, ThoughtSignature? seal, List<HubPart> parts)
    {
        hub.Use(Feature.ThinkingHistory, "contents[].parts[].thought");
        parts.Add(new HubThinking(text) { Signature = seal, IsHidden = text.Length == 0 && seal is not null });
    }
}
