using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Clients;

/// <summary>Reads bodies of requests as a provider does: what is missing where it must stand fails the test.</summary>
internal static class ScriptedJson
{
    /// <summary>A member. Null: it is not there, or is null.</summary>
    public static JsonElement? Get(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    /// <summary>The items of an array; none where it is missing.</summary>
    public static IEnumerable<JsonElement> Each(this JsonElement json, string name) =>
        json.Get(name) is { } array ? array.EnumerateArray() : [];

    /// <summary>Content as a list of parts: a plain text becomes one part of that type.</summary>
    public static IEnumerable<JsonElement> AsParts(this JsonElement? content, string type) => content switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } text =>
            [JsonElement.Parse(new JsonObject { ["type"] = type, ["text"] = text.GetString() }.ToJsonString())],
        _ => content.Value.EnumerateArray(),
    };

    public static bool DeepEquals(this JsonElement? json, string expected) =>
        json is { } value && JsonElement.DeepEquals(value, JsonElement.Parse(expected));
}
