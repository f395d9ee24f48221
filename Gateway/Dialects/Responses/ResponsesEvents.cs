using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>Writes the events of a stream, in their framing and numbered from 0 on.</summary>
internal sealed class ResponsesEvents
{
    private Utf8JsonWriter? _json;
    private int _number;

    public void Response(IBufferWriter<byte> output, ReadOnlySpan<byte> type, ResponseObject response, IReadOnlyList<ResponsesItem> items)
    {
        var json = Begin(output, type);
        json.WritePropertyName("response"u8);
        response.Write(json, items);
        End(output);
    }

    public void ItemAdded(IBufferWriter<byte> output, ResponsesItem item) => Item(output, "response.output_item.added"u8, item);

    public void ItemDone(IBufferWriter<byte> output, ResponsesItem item) => Item(output, "response.output_item.done"u8, item);

    private void Item(IBufferWriter<byte> output, ReadOnlySpan<byte> type, ResponsesItem item)
    {
        var json = Begin(output, type);
        json.WriteNumber("output_index"u8, item.Index);
        json.WritePropertyName("item"u8);
        item.Write(json);
        End(output);
    }

    /// <summary>The last part of a message, or a thought, begins.</summary>
    public void PartAdded(IBufferWriter<byte> output, ResponsesItem item)
    {
        var isSummary = item is { Kind: ItemKind.Reasoning, IsSummary: true };
        var json = BeginIn(output, isSummary ? "response.reasoning_summary_part.added"u8 : "response.content_part.added"u8, item);
        WriteIndex(json, item, item.Parts.Count - 1);
        json.WritePropertyName("part"u8);
        if (item.Kind == ItemKind.Reasoning)
            item.WriteThoughtPart(json, "");
        else
            item.Parts[^1].Write(json, isNew: true);
        End(output);
    }

    /// <summary>A part grows: the last one of a message, a thought, or what a tool is called with.</summary>
    public void Delta(IBufferWriter<byte> output, ResponsesItem item, string text, List<JsonElement>? logprobs = null)
    {
        var isText = item.Kind == ItemKind.Message && !item.Parts[^1].IsRefusal;
        var json = BeginIn(output, item.Kind switch
        {
            ItemKind.Message => isText ? "response.output_text.delta"u8 : "response.refusal.delta"u8,
            ItemKind.Reasoning => item.IsSummary ? "response.reasoning_summary_text.delta"u8 : "response.reasoning_text.delta"u8,
            ItemKind.CustomToolCall => "response.custom_tool_call_input.delta"u8,
            _ => "response.function_call_arguments.delta"u8,
        }, item);
        WriteIndex(json, item, item.Parts.Count - 1);
        json.WriteString("delta"u8, text);
        if (isText)
            ResponsesPart.WriteList(json, "logprobs"u8, logprobs ?? []);
        End(output);
    }

    /// <summary>A part is whole.</summary>
    /// <param name="index">Which part of a message; 0 otherwise.</param>
    public void PartDone(IBufferWriter<byte> output, ResponsesItem item, int index)
    {
        switch (item.Kind)
        {
            case ItemKind.Message:
                MessagePartDone(output, item, index);
                break;
            case ItemKind.Reasoning:
                ThoughtDone(output, item);
                break;
            default:
                CallDone(output, item);
                break;
        }
    }

    private void MessagePartDone(IBufferWriter<byte> output, ResponsesItem item, int index)
    {
        var part = item.Parts[index];
        var json = BeginIn(output, part.IsRefusal ? "response.refusal.done"u8 : "response.output_text.done"u8, item);
        WriteIndex(json, item, index);
        json.WriteString(part.IsRefusal ? "refusal"u8 : "text"u8, part.Text.ToString());
        if (!part.IsRefusal)
            ResponsesPart.WriteList(json, "logprobs"u8, part.Logprobs);
        End(output);
        json = BeginIn(output, "response.content_part.done"u8, item);
        WriteIndex(json, item, index);
        json.WritePropertyName("part"u8);
        part.Write(json);
        End(output);
    }

    private void ThoughtDone(IBufferWriter<byte> output, ResponsesItem item)
    {
        var text = item.Text.ToString();
        var json = BeginIn(output, item.IsSummary ? "response.reasoning_summary_text.done"u8 : "response.reasoning_text.done"u8, item);
        WriteIndex(json, item, 0);
        json.WriteString("text"u8, text);
        End(output);
        json = BeginIn(output, item.IsSummary ? "response.reasoning_summary_part.done"u8 : "response.content_part.done"u8, item);
        WriteIndex(json, item, 0);
        json.WritePropertyName("part"u8);
        item.WriteThoughtPart(json, text);
        End(output);
    }

    private void CallDone(IBufferWriter<byte> output, ResponsesItem item)
    {
        var isCustom = item.Kind == ItemKind.CustomToolCall;
        var json = BeginIn(
            output, isCustom ? "response.custom_tool_call_input.done"u8 : "response.function_call_arguments.done"u8, item);
        json.WriteString(isCustom ? "input"u8 : "arguments"u8, item.Text.ToString());
        if (!isCustom)
            json.WriteString("name"u8, item.Name);
        End(output);
    }

    public void Annotation(IBufferWriter<byte> output, ResponsesItem item, JsonElement annotation)
    {
        var json = BeginIn(output, "response.output_text.annotation.added"u8, item);
        WriteIndex(json, item, item.Parts.Count - 1);
        json.WriteNumber("annotation_index"u8, item.Parts[^1].Annotations.Count - 1);
        json.WritePropertyName("annotation"u8);
        annotation.WriteTo(json);
        End(output);
    }

    private static void WriteIndex(Utf8JsonWriter json, ResponsesItem item, int index)
    {
        if (item.Kind == ItemKind.Message)
            json.WriteNumber("content_index"u8, index);
        else if (item.Kind == ItemKind.Reasoning)
            json.WriteNumber(item.IsSummary ? "summary_index"u8 : "content_index"u8, 0);
    }

    private Utf8JsonWriter BeginIn(IBufferWriter<byte> output, ReadOnlySpan<byte> type, ResponsesItem item)
    {
        var json = Begin(output, type);
        json.WriteString("item_id"u8, item.Id);
        json.WriteNumber("output_index"u8, item.Index);
        return json;
    }

    private Utf8JsonWriter Begin(IBufferWriter<byte> output, ReadOnlySpan<byte> type)
    {
        output.Write("event: "u8);
        output.Write(type);
        output.Write("\ndata: "u8);
        if (_json is null)
            _json = new Utf8JsonWriter(output, HubJson.WriteOptions);
        else
            _json.Reset(output);
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
        _json.WriteNumber("sequence_number"u8, _number++);
        return _json;
    }

    private void End(IBufferWriter<byte> output)
    {
        _json!.WriteEndObject();
        _json.Flush();
        output.Write("\n\n"u8);
    }
}
