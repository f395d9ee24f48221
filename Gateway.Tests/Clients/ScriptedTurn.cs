using System.Text.Json;

namespace Gateway.Tests.Clients;

/// <summary>What a provider says in one turn.</summary>
internal sealed record ScriptedTurn
{
    /// <summary>The text, in the pieces in which it is streamed.</summary>
    public string[] Text { get; init; } = [];

    /// <summary>The functions that it calls; their ids only where its format has ids.</summary>
    public ScriptedCall[] Calls { get; init; } = [];

    public static implicit operator ScriptedTurn(string text) => new() { Text = [text[..(text.Length / 2)], text[(text.Length / 2)..]] };

    public static implicit operator ScriptedTurn(ScriptedCall[] calls) => new() { Calls = calls };
}

/// <summary>A call of a function.</summary>
/// <param name="Arguments">A JSON object.</param>
internal sealed record ScriptedCall(string Id, string Name, string Arguments);

/// <summary>What a provider understands of a request, whatever its format.</summary>
internal sealed class UnderstoodRequest
{
    public string? System { get; set; }

    /// <summary>The texts of the user.</summary>
    public List<string> Said { get; } = [];

    public Dictionary<string, JsonElement> Tools { get; } = [];

    /// <summary>Calls that the model made before.</summary>
    public List<ScriptedCall> Calls { get; } = [];

    /// <summary>What came of them: the function's name, found by the call's id where the format has ids, and the text.</summary>
    public List<(string Name, string Text)> Results { get; } = [];

    /// <summary>Pictures: their media type and bytes in base64.</summary>
    public List<(string MediaType, string Base64)> Images { get; } = [];

    /// <summary>The schema that the answer must keep to. Null: none.</summary>
    public JsonElement? Schema { get; set; }

    public long? MaxTokens { get; set; }

    public void AddResult(string callId, string text) => Results.Add((Calls.Single(call => call.Id == callId).Name, text));

    /// <param name="url"><c>data:MEDIA_TYPE;base64,BYTES</c></param>
    public void AddImage(string url)
    {
        var parts = url["data:".Length..].Split(";base64,");
        Images.Add((parts[0], parts[1]));
    }
}
