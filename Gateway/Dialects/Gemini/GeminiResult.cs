using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Reads what a function gave: an object, of which <c>output</c> is all of it where it stands alone, and <c>error</c> a failure.
/// </summary>
internal static class GeminiResult
{
    public static List<HubPart> Read(JsonElement? response, out bool isError)
    {
        isError = false;
        if (response is not { ValueKind: JsonValueKind.Object } given)
            return response is { } odd ? [new HubText(Text(odd))] : [];
        if (given.GetPropertyCount() == 1)
        {
            isError = given.Find("error"u8) is not null;
            // Google's own SDKs put what a function returned under "result".
            if ((given.Find("error"u8) ?? given.Find("output"u8) ?? given.Find("result"u8)) is { } alone)
                return [new HubText(Text(alone))];
        }
        return [new HubText(given.GetRawText())];
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
