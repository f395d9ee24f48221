using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Upstream;

/// <summary>One server-sent event with its blank line, and how many tokens the stream has sent with it.</summary>
/// <param name="Bytes">Valid until the next event is asked for.</param>
internal readonly record struct MockEvent(ReadOnlyMemory<byte> Bytes, int Tokens);

/// <summary>What a mock says, as a JSON body or as the events of a stream.</summary>
internal sealed class MockAnswer
{
    /// <summary>LiteLLM's <c>mock_response</c> for a stream that fails after it began.</summary>
    public const string StreamingError = "Exception: mock_streaming_error";

    /// <summary>How much of a message is echoed, in UTF-16 units: enough to recognize it.</summary>
    private const int MaxEcho = 240;

    /// <summary>LiteLLM's usage of every <c>mock_response</c>.</summary>
    private const int FixedPrompt = 10, FixedCompletion = 20;

    // Providers send letters of all scripts as they are; only what JSON demands is escaped.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly MockCall _call;
    private readonly MockRequest _request;
    private readonly long _created;
    private readonly bool _isFixed;
    private readonly List<Choice> _choices = [];
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>One answer in words, each with the white space before it.</summary>
    private sealed record Choice(List<string> Words, bool IsCut)
    {
        public string FinishReason => IsCut ? "length" : "stop";
    }

    public MockAnswer(in MockCall call, MockRequest request, DateTimeOffset now)
    {
        (_call, _request, _created) = (call, request, now.ToUnixTimeSeconds());
        var fixedText = call.Deployment.Params.MockResponse;
        _isFixed = fixedText is not null;
        if (call.Operation == Operation.Embeddings)
            return;
        foreach (var text in request.Texts)
        {
            var choice = fixedText is not null ? new Choice(Words(fixedText), false) : Cut(Words(Echo(text)), request.MaxTokens);
            for (var i = 0; i < request.Choices; i++)
                _choices.Add(choice);
        }
    }

    /// <summary>The whole answer.</summary>
    public ReadOnlyMemory<byte> Json()
    {
        using (var json = new Utf8JsonWriter(_buffer, Plain))
        {
            if (_call.Operation == Operation.Embeddings)
                WriteEmbeddings(json);
            else
                WriteCompletion(json);
        }
        return _buffer.WrittenMemory;
    }

    /// <summary>
    /// The stream: a role chunk per choice (chat only), the words, a finish chunk per choice, a usage chunk when the request asks
    /// for it, <c>[DONE]</c>. A streaming error comes after the first word and ends the stream.
    /// </summary>
    public IEnumerable<MockEvent> Events()
    {
        var tokens = 0;
        for (var index = 0; _call.Operation == Operation.Chat && index < _choices.Count; index++)
            yield return new(Chunk(index, "", null, isFirst: true), 0);

        for (var word = 0; _choices.Any(c => word < c.Words.Count); word++)
        {
            for (var index = 0; index < _choices.Count; index++)
            {
                if (word < _choices[index].Words.Count)
                    yield return new(Chunk(index, _choices[index].Words[word], null), ++tokens);
                if (tokens == 1 && _call.Deployment.Params.MockResponse == StreamingError)
                {
                    yield return new(Event(MockError.OfStatus(500).Json().Span), tokens);
                    yield break;
                }
            }
        }

        for (var index = 0; index < _choices.Count; index++)
            yield return new(Chunk(index, null, _choices[index].FinishReason), tokens);
        if (_request.IncludeUsage)
            yield return new(UsageChunk(), tokens);
        yield return new(Event("[DONE]"u8), tokens);
    }

    private void WriteCompletion(Utf8JsonWriter json)
    {
        WriteHead(json, _call.Operation == Operation.Chat ? "chat.completion" : "text_completion");
        json.WriteStartArray("choices"u8);
        for (var index = 0; index < _choices.Count; index++)
        {
            var text = string.Concat(_choices[index].Words);
            json.WriteStartObject();
            json.WriteNumber("index"u8, index);
            if (_call.Operation == Operation.Chat)
            {
                json.WriteStartObject("message"u8);
                json.WriteString("role"u8, "assistant"u8);
                json.WriteString("content"u8, text);
                json.WriteNull("refusal"u8);
                json.WriteEndObject();
            }
            else
                json.WriteString("text"u8, text);
            json.WriteNull("logprobs"u8);
            json.WriteString("finish_reason"u8, _choices[index].FinishReason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteUsage(json);
        json.WriteEndObject();
    }

    /// <summary>A chunk of choice <paramref name="index"/>: words, or, when null, the end.</summary>
    private ReadOnlyMemory<byte> Chunk(int index, string? text, string? finishReason, bool isFirst = false)
    {
        using var json = StartEvent();
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        if (_call.Operation == Operation.Chat)
        {
            json.WriteStartObject("delta"u8);
            if (isFirst)
                json.WriteString("role"u8, "assistant"u8);
            if (text is not null)
                json.WriteString("content"u8, text);
            json.WriteEndObject();
        }
        else
            json.WriteString("text"u8, text ?? "");
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, finishReason);
        json.WriteEndObject();
        json.WriteEndArray();
        // Who asks for usage gets "usage": null in every chunk but the last, as OpenAI has it.
        if (_request.IncludeUsage)
            json.WriteNull("usage"u8);
        return EndEvent(json);
    }

    private ReadOnlyMemory<byte> UsageChunk()
    {
        using var json = StartEvent();
        json.WriteStartArray("choices"u8);
        json.WriteEndArray();
        WriteUsage(json);
        return EndEvent(json);
    }

    private Utf8JsonWriter StartEvent()
    {
        _buffer.ResetWrittenCount();
        _buffer.Write("data: "u8);
        var json = new Utf8JsonWriter(_buffer, Plain);
        WriteHead(json, _call.Operation == Operation.Chat ? "chat.completion.chunk" : "text_completion");
        return json;
    }

    private ReadOnlyMemory<byte> EndEvent(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.Flush();
        _buffer.Write("\n\n"u8);
        return _buffer.WrittenMemory;
    }

    private ReadOnlyMemory<byte> Event(ReadOnlySpan<byte> data)
    {
        _buffer.ResetWrittenCount();
        _buffer.Write("data: "u8);
        _buffer.Write(data);
        _buffer.Write("\n\n"u8);
        return _buffer.WrittenMemory;
    }

    private void WriteHead(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, (_call.Operation == Operation.Chat ? "chatcmpl-" : "cmpl-") + _request.Id);
        json.WriteString("object"u8, type);
        json.WriteNumber("created"u8, _created);
        json.WriteString("model"u8, _call.Model);
        json.WriteString("system_fingerprint"u8, "fp_mock"u8);
    }

    private void WriteUsage(Utf8JsonWriter json)
    {
        var prompt = _isFixed ? FixedPrompt : _request.PromptTokens;
        long completion = _call.Operation == Operation.Embeddings ? 0 : _isFixed ? FixedCompletion : _choices.Sum(c => c.Words.Count);
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, prompt);
        if (_call.Operation != Operation.Embeddings)
            json.WriteNumber("completion_tokens"u8, completion);
        json.WriteNumber("total_tokens"u8, prompt + completion);
        json.WriteEndObject();
    }

    private void WriteEmbeddings(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        for (var index = 0; index < _request.Texts.Count; index++)
        {
            var vector = Vector(_request.Texts[index], _request.Dimensions);
            json.WriteStartObject();
            json.WriteString("object"u8, "embedding"u8);
            json.WriteNumber("index"u8, index);
            if (_request.Base64)
                json.WriteBase64String("embedding"u8, LittleEndian(vector));
            else
            {
                json.WriteStartArray("embedding"u8);
                foreach (var number in vector)
                    json.WriteNumberValue(number);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("model"u8, _call.Model);
        WriteUsage(json);
        json.WriteEndObject();
    }

    private static string Echo(string message)
    {
        if (message.Length == 0)
            return "This is a mock answer.";
        if (message.Length <= MaxEcho)
            return $"This is a mock answer. You said: {message}";
        var end = char.IsHighSurrogate(message[MaxEcho - 1]) ? MaxEcho - 1 : MaxEcho;
        return $"This is a mock answer. You said: {message[..end]} …";
    }

    private static Choice Cut(List<string> words, int? max) =>
        words.Count > max ? new Choice(words[..max.Value], true) : new Choice(words, false);

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var start = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            var isEnd = i == text.Length || (char.IsWhiteSpace(text[i]) && !char.IsWhiteSpace(text[i - 1]));
            if (!isEnd)
                continue;
            words.Add(text[start..i]);
            start = i;
        }
        return words;
    }

    /// <summary>
    /// A vector of length 1 that depends on nothing but the text: SplitMix64 (Steele and others, 2014), seeded with its SHA-256.
    /// </summary>
    private static float[] Vector(string text, int dimensions)
    {
        var state = BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        var vector = new float[dimensions];
        var squares = 0.0;
        for (var i = 0; i < dimensions; i++)
        {
            state += 0x9E3779B97F4A7C15;
            var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            vector[i] = (float)((z >> 11) * (1.0 / (1UL << 52)) - 1);
            squares += vector[i] * vector[i];
        }
        var length = (float)Math.Sqrt(squares);
        for (var i = 0; i < dimensions; i++)
            vector[i] /= length;
        return vector;
    }

    // All machines the gateway is built for are little-endian, as OpenAI's base64 is.
    private static ReadOnlySpan<byte> LittleEndian(float[] vector) => MemoryMarshal.AsBytes<float>(vector);
}
