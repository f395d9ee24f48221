using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

internal enum ItemKind { Message, Reasoning, FunctionCall, CustomToolCall, Image, Foreign }

/// <summary>A text that is still being written.</summary>
internal sealed class GrowingText
{
    private readonly StringBuilder _text = new();
    private string? _whole;

    public int Length => _text.Length;

    public void Append(string text)
    {
        _text.Append(text);
        _whole = null;
    }

    public override string ToString() => _whole ??= _text.ToString();
}

/// <summary>A part of a message: what was written, or why not.</summary>
internal sealed class ResponsesPart(bool isRefusal)
{
    public bool IsRefusal => isRefusal;
    public GrowingText Text { get; } = new();
    public List<JsonElement> Annotations { get; } = [];
    public List<JsonElement> Logprobs { get; } = [];

    public void Write(Utf8JsonWriter json, bool isNew = false)
    {
        var text = isNew ? "" : Text.ToString();
        json.WriteStartObject();
        json.WriteString("type"u8, isRefusal ? "refusal"u8 : "output_text"u8);
        if (isRefusal)
        {
            json.WriteString("refusal"u8, text);
        }
        else
        {
            WriteList(json, "annotations"u8, isNew ? [] : Annotations);
            WriteList(json, "logprobs"u8, isNew ? [] : Logprobs);
            json.WriteString("text"u8, text);
        }
        json.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter json, ReadOnlySpan<byte> name, List<JsonElement> items)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
            item.WriteTo(json);
        json.WriteEndArray();
    }
}

/// <summary>An item of an answer's output.</summary>
/// <param name="index">Its place in the output.</param>
internal sealed class ResponsesItem(ItemKind kind, string id, int index)
{
    public ItemKind Kind => kind;
    public string Id => id;
    public int Index => index;

    /// <summary>in_progress, completed, incomplete.</summary>
    public string Status { get; set; } = "in_progress";

    /// <summary>A message's.</summary>
    public List<ResponsesPart> Parts { get; } = [];

    /// <summary>A thought, or what a tool is called with.</summary>
    public GrowingText Text { get; } = new();

    /// <summary>True when the thought is shown as a summary; false: as it is.</summary>
    public bool IsSummary { get; init; }

    /// <summary>A thought's seal as it is written. Null: none.</summary>
    public string? Seal { get; set; }
    public string? CallId { get; init; }
    public string? Name { get; init; }
    public string? Namespace { get; init; }
    public JsonElement Foreign { get; init; }

    /// <summary>A picture that the model made, in base64.</summary>
    public ReadOnlyMemory<byte> Image { get; init; }

    public void Write(Utf8JsonWriter json)
    {
        if (kind == ItemKind.Foreign)
        {
            Foreign.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        switch (kind)
        {
            case ItemKind.Message:
                WriteMessage(json);
                break;
            case ItemKind.Reasoning:
                WriteThought(json);
                break;
            case ItemKind.Image:
                json.WriteString("type"u8, "image_generation_call"u8);
                json.WriteString("status"u8, Status);
                json.WriteString("result"u8, Image.Span);
                break;
            default:
                WriteCall(json);
                break;
        }
        json.WriteEndObject();
    }

    private void WriteMessage(Utf8JsonWriter json)
    {
        json.WriteString("type"u8, "message"u8);
        json.WriteString("status"u8, Status);
        json.WriteStartArray("content"u8);
        foreach (var part in Parts)
            part.Write(json);
        json.WriteEndArray();
        json.WriteString("role"u8, "assistant"u8);
    }

    private void WriteThought(Utf8JsonWriter json)
    {
        json.WriteString("type"u8, "reasoning"u8);
        json.WriteStartArray("summary"u8);
        if (IsSummary && Text.Length > 0)
            WriteThoughtPart(json, Text.ToString());
        json.WriteEndArray();
        if (!IsSummary && Text.Length > 0)
        {
            json.WriteStartArray("content"u8);
            WriteThoughtPart(json, Text.ToString());
            json.WriteEndArray();
        }
        if (Seal is not null)
            json.WriteString("encrypted_content"u8, Seal);
    }

    /// <summary>Writes a part of a thought.</summary>
    public void WriteThoughtPart(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, IsSummary ? "summary_text"u8 : "reasoning_text"u8);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    private void WriteCall(Utf8JsonWriter json)
    {
        var isCustom = kind == ItemKind.CustomToolCall;
        json.WriteString("type"u8, isCustom ? "custom_tool_call"u8 : "function_call"u8);
        json.WriteString("status"u8, Status);
        json.WriteString(isCustom ? "input"u8 : "arguments"u8, Text.ToString());
        json.WriteString("call_id"u8, CallId);
        json.WriteString("name"u8, Name);
        if (Namespace is not null)
            json.WriteString("namespace"u8, Namespace);
    }
}
