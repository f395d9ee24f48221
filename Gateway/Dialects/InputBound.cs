using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>
/// Finds in one pass over a request body, which is valid JSON, what bounds the tokens of its input.
/// <para>
/// Text counts by its bytes, with the JSON around it. No token of a byte-level BPE (OpenAI's, Llama's from 3 on, Qwen's, DeepSeek's) or of
/// a SentencePiece model with byte fallback (Gemma's, Mistral's, Llama's before 3) stands for less than a byte of UTF-8, and JSON is never
/// shorter than what it says: an escape has two bytes or more for one, <c>\u0041</c> six for one, <c>\u00e9</c> six for two,
/// <c>\u4f60</c> six for three, a pair of surrogates twelve for four, half a pair six for the three of the replacement character.
/// Only tokenizers that spell a character out (NFKC) may make more of it; those in use are of embedding models with small windows.
/// </para>
/// <para>
/// The markup of a conversation is paid for by the JSON that it stands for: an empty message, <c>{"role":"user","content":""},</c>, has 29
/// bytes for the 3 to 8 tokens of a turn, each input of a list its quotes and comma for the mark at its start.
/// A list of token numbers counts each as one.
/// </para>
/// Where a medium may stand is known from the path: everywhere else, in the arguments of tools say, a <c>data:</c> URL is text.
/// </summary>
public static class InputBound
{
    /// <summary>
    /// Text that a provider puts before a conversation unasked: the default system prompts of chat templates (Mistral Small 3: 400 tokens,
    /// gpt-oss: 80, Qwen and Llama 3: 30) and of xAI's models (about 700 at Grok 4).
    /// </summary>
    public const long ConversationAtMost = 1_024;

    /// <summary>
    /// The hidden instructions for tools: 264 to 804 tokens at Anthropic
    /// (https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview), fewer elsewhere.
    /// </summary>
    public const long ToolsAtMost = 1_024;

    /// <summary>For what is no conversation: the marks around a text.</summary>
    public const long PlainAtMost = 16;

    /// <summary>The size of a body's input.</summary>
    public static InputSize Of(ReadOnlySequence<byte> body)
    {
        Span<InputPlace> places = stackalloc InputPlace[BodyScanner.MaxDepth + 1];
        var scan = new InputScan(body, places, null);
        scan.Run();
        return scan.Size;
    }

    /// <summary>What <see cref="InputSize.TextAtMost"/> is when the text is counted, in a body of OpenAI's wire format.</summary>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode.</exception>
    internal static long CountText(ReadOnlySequence<byte> body, TextCounter counter)
    {
        Span<InputPlace> places = stackalloc InputPlace[BodyScanner.MaxDepth + 1];
        var scan = new InputScan(body, places, counter);
        scan.Run();
        return scan.CountedText;
    }

    /// <summary>The size of members that a deployment's config adds to bodies; they are added to that of a body.</summary>
    public static InputSize OfMembers(IEnumerable<KeyValuePair<string, string>> members)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in members)
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(value);
            }
            writer.WriteEndObject();
        }
        return Of(new ReadOnlySequence<byte>(json.WrittenMemory));
    }
}
