using System.Text;
using System.Text.Json;

namespace Gateway.Upstream;

/// <summary>What can be read from a provider's error body, whatever its shape.</summary>
internal readonly record struct ProviderError(string? Message, string? Type, string? Param, string? Code)
{
    /// <summary>A provider's text is passed on up to this many characters.</summary>
    private const int MaxText = 2000;

    /// <summary>How providers say that the prompt is too long (OpenAI and vLLM, xAI, Anthropic, Bedrock, Gemini).</summary>
    private static readonly string[] ContextWindowTexts =
        ["context_length_exceeded", "maximum context length", "maximum prompt length", "prompt is too long", "input is too long", "exceeds the maximum number of tokens"];

    private static readonly string[] ContentPolicyTexts =
        ["content_policy_violation", "content_filter", "content management policy", "responsibleaipolicyviolation", "safety system"];

    public bool IsContextWindow => Says(ContextWindowTexts);
    public bool IsContentPolicy => Says(ContentPolicyTexts);

    /// <summary>For an error that came with a 200: the status that it names as its code, or that its code is known for, else 500.</summary>
    public int Status => Code switch
    {
        "rate_limit_exceeded" or "insufficient_quota" => 429, // of OpenAI's failed responses
        "invalid_prompt" or "context_length_exceeded" => 400,
        _ => int.TryParse(Code, out var status) && status is >= 400 and <= 599 ? status : 500,
    };

    private bool Says(string[] texts)
    {
        foreach (var text in texts)
        {
            if (Code?.Contains(text, StringComparison.OrdinalIgnoreCase) == true || Message?.Contains(text, StringComparison.OrdinalIgnoreCase) == true)
                return true;
        }
        return false;
    }

    /// <summary>Reads <c>{"error": {…}}</c>, <c>{"error": "text"}</c>, <c>{"message": …}</c>, <c>{"detail": …}</c>, a list of one of these, or plain text.</summary>
    public static ProviderError Read(ReadOnlySpan<byte> body)
    {
        if (body.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) // a byte order mark
            body = body[3..];
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 32 });
            using var document = JsonDocument.ParseValue(ref reader);
            if (!reader.Read()) // throws where more follows: "404 page not found" is no number
                return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON: an HTML page of a proxy, or plain text. InvalidOperationException: a text that is not Unicode.
        }
        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, MaxText)]).Trim();
        return text.Length == 0 || text.StartsWith('<') ? default : new(text, null, null, null);
    }

    private static ProviderError Read(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array && element.GetArrayLength() > 0)
            element = element[0]; // Gemini wraps its errors in a list
        if (element.ValueKind != JsonValueKind.Object)
            return new(element.ValueKind == JsonValueKind.Array ? null : Shorten(element.ToString()), null, null, null);
        if (element.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String)
            element = error;
        if (element.ValueKind == JsonValueKind.String)
            return new(Shorten(element.GetString()!), null, null, null);
        var message = Text(element, "message") ?? Text(element, "detail") ?? (element.EnumerateObject().Any() ? Shorten(element.GetRawText()) : null);
        return new(message, Text(element, "type"), Text(element, "param"), Text(element, "code"));
    }

    private static string? Text(JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out var value))
            return null;
        return value.ValueKind switch
        {
            JsonValueKind.String => Shorten(value.GetString()!),
            JsonValueKind.Object when !value.EnumerateObject().Any() => null,
            JsonValueKind.Number or JsonValueKind.Object or JsonValueKind.Array => Shorten(value.GetRawText()),
            _ => null,
        };
    }

    private static string? Shorten(string text) => text.Length == 0 ? null : RecordedText.Shorten(text, MaxText);
}
