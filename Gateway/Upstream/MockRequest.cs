using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gateway.Upstream;

/// <summary>What a mock reads of a request body.</summary>
internal sealed class MockRequest
{
    /// <summary>OpenAI's limits: 128 choices, 2,048 inputs of one embeddings call.</summary>
    private const int MaxChoices = 128, MaxInputs = 2048;

    /// <summary>Above the largest vector that is sold today (4,096 numbers).</summary>
    private const int MaxDimensions = 8192;

    /// <summary>All vectors of one answer together; as JSON about 20 MB.</summary>
    private const int MaxNumbers = 1_000_000;

    /// <summary>The size of OpenAI's small embedding model.</summary>
    private const int DefaultDimensions = 1536;

    /// <summary>Deep enough for whatever the gateway lets through.</summary>
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1024 };

    /// <summary>24 hex digits of the body's SHA-256.</summary>
    public required string Id { get; init; }

    public required bool Stream { get; init; }
    public bool IncludeUsage { get; private init; }

    /// <summary>Answers per prompt.</summary>
    public int Choices { get; private init; } = 1;

    /// <summary>The most tokens of one answer. Null: no limit.</summary>
    public int? MaxTokens { get; private init; }

    /// <summary>What is echoed: the last user message, each prompt, each input.</summary>
    public List<string> Texts { get; } = [];

    /// <summary>About a quarter of the prompt's bytes; the tokens themselves where they were sent.</summary>
    public long PromptTokens => Math.Max(1, _tokens + _bytes / 4);

    public int Dimensions { get; private init; } = DefaultDimensions;
    public bool Base64 { get; private init; }

    private long _bytes, _tokens;

    /// <summary>Reads the body; returns what is wrong with it, as OpenAI would say it.</summary>
    public static MockError? Read(in MockCall call, out MockRequest request)
    {
        request = new MockRequest { Id = "", Stream = false };
        try
        {
            using var body = JsonDocument.Parse(call.Body, Deep);
            return Read(call, body.RootElement, ref request);
        }
        // InvalidOperationException: a string that is not Unicode (half of a surrogate pair, broken UTF-8).
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new MockError(400, "invalid_request_error", "We could not parse the JSON body of your request.");
        }
    }

    private static MockError? Read(in MockCall call, JsonElement root, ref MockRequest request)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return new MockError(400, "invalid_request_error", "The body must be a JSON object.");

        var choices = Number(root, "n") ?? 1;
        var dimensions = Number(root, "dimensions") ?? DefaultDimensions;
        if (choices is < 1 or > MaxChoices)
            return MockError.OfParameter("n", $"'n' must be between 1 and {MaxChoices}.");
        if (dimensions is < 1 or > MaxDimensions)
            return MockError.OfParameter("dimensions", $"'dimensions' must be between 1 and {MaxDimensions}.");

        request = new MockRequest
        {
            Id = Hash(call.Body),
            Stream = call.Operation != Operation.Embeddings && IsTrue(root, "stream"),
            IncludeUsage = Find(root, "stream_options", JsonValueKind.Object, out var options) && IsTrue(options, "include_usage"),
            Choices = (int)choices,
            MaxTokens = (Number(root, "max_completion_tokens") ?? Number(root, "max_tokens")) is { } max
                ? (int)Math.Clamp(max, 1, int.MaxValue) : null,
            Dimensions = (int)dimensions,
            Base64 = Find(root, "encoding_format", JsonValueKind.String, out var format) && format.ValueEquals("base64"u8),
        };
        return call.Operation switch
        {
            Operation.Chat => request.ReadMessages(root),
            Operation.Completions => request.ReadTexts(root, "prompt"),
            _ => request.ReadInputs(root),
        };
    }

    private MockError? ReadInputs(JsonElement root) =>
        ReadTexts(root, "input") ?? (Texts.Count * Dimensions > MaxNumbers
            ? MockError.OfParameter("input", $"'input' times 'dimensions' must not make more than {MaxNumbers} numbers.")
            : null);

    private MockError? ReadMessages(JsonElement root)
    {
        if (!Find(root, "messages", JsonValueKind.Array, out var messages))
            return MockError.OfParameter("messages", "Missing required parameter: 'messages'.");

        var last = "";
        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("content"u8, out var content))
                continue;
            var isUser = Find(message, "role", JsonValueKind.String, out var role) && role.ValueEquals("user"u8);
            if (ReadContent(content, isUser) is { } text)
                last = text;
        }
        Texts.Add(last);
        return null;
    }

    /// <summary>Counts a message's text; gives it when <paramref name="wanted"/>, else null.</summary>
    private string? ReadContent(JsonElement content, bool wanted)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            Count(content);
            return wanted ? content.GetString() : null;
        }
        if (content.ValueKind != JsonValueKind.Array)
            return null;

        var text = wanted ? new StringBuilder() : null;
        foreach (var part in content.EnumerateArray())
        {
            if (part.ValueKind != JsonValueKind.Object || !Find(part, "text", JsonValueKind.String, out var words))
                continue;
            Count(words);
            text?.Append(text.Length > 0 ? " " : "").Append(words.GetString());
        }
        return text?.ToString();
    }

    /// <summary>A prompt or input: a text, a list of texts, a list of tokens or a list of lists of tokens.</summary>
    private MockError? ReadTexts(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
            return MockError.OfParameter(name, $"Missing required parameter: '{name}'.");
        if (value.ValueKind == JsonValueKind.String || (value.GetArrayLength() > 0 && value[0].ValueKind == JsonValueKind.Number))
        {
            AddText(value);
            return null;
        }
        if (value.GetArrayLength() is 0 or > MaxInputs || value.GetArrayLength() * Choices > MaxInputs)
            return MockError.OfParameter(name, $"'{name}' must have between 1 and {MaxInputs} entries.");
        foreach (var entry in value.EnumerateArray())
        {
            if (entry.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
                return MockError.OfParameter(name, $"'{name}' must hold texts or lists of tokens.");
            AddText(entry);
        }
        return null;
    }

    private void AddText(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            Count(value);
            Texts.Add(value.GetString()!);
            return;
        }
        _tokens += value.GetArrayLength();
        Texts.Add(value.GetRawText());
    }

    private void Count(JsonElement text) => _bytes += JsonMarshal.GetRawUtf8Value(text).Length - "\"\"".Length;

    private static bool Find(JsonElement element, string name, JsonValueKind kind, [NotNullWhen(true)] out JsonElement value) =>
        element.TryGetProperty(name, out value) && value.ValueKind == kind;

    private static bool IsTrue(JsonElement element, string name) => Find(element, name, JsonValueKind.True, out _);

    private static long? Number(JsonElement element, string name) =>
        Find(element, name, JsonValueKind.Number, out var value) && value.TryGetInt64(out var number) ? number : null;

    private static string Hash(in ReadOnlySequence<byte> body)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var segment in body)
            sha.AppendData(segment.Span);
        return Convert.ToHexStringLower(sha.GetHashAndReset().AsSpan(0, 12));
    }
}
