using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// Writes a streamed answer as Anthropic's events (https://platform.claude.com/docs/en/build-with-claude/streaming). One block is open at a
/// time; what other dialects say in passing (a refusal, a seal of a call) becomes a block of its own.
/// </summary>
internal sealed class AnthropicStreamWriter(HubShown shown) : HubStreamWriter
{
    private enum Block { None, Text, Thinking, Call }

    private Utf8JsonWriter? _json;
    private bool _hasStarted;
    private Block _open;

    /// <summary>How many blocks have begun; the last of them is the one that is open.</summary>
    private int _blocks;

    /// <summary>The block of each call, by the hub's index.</summary>
    private readonly Dictionary<int, int> _calls = [];

    /// <summary>A call that is not written yet, as its seal may follow and must stand before it.</summary>
    private HubEvent? _pending;

    private bool _refuses;
    private HubFinish _finish;
    private string? _stopSequence;
    private Usage? _usage;
    private ServiceTier? _service;
    private ReportedBill? _bill;

    public override void Write(in HubEvent step, IBufferWriter<byte> output)
    {
        if (step.Choice != 0)
            return; // this dialect cannot ask for several
        if (_pending is { } call && step is not { Kind: HubEventKind.CallSignature or HubEventKind.Usage or HubEventKind.Start })
            WriteCall(call, output);
        switch (step.Kind)
        {
            case HubEventKind.Start:
                Learn(step);
                Start(step.Id, output);
                break;
            case HubEventKind.Usage:
                Learn(step);
                break;
            case HubEventKind.Text or HubEventKind.Refusal when step.Text is { Length: > 0 } text:
                _refuses |= step.Kind == HubEventKind.Refusal;
                WriteText(text, output);
                break;
            case HubEventKind.Thinking when step.Text is { Length: > 0 } thought:
                Open(Block.Thinking, output);
                WriteDelta("thinking_delta"u8, "thinking"u8, thought, _blocks - 1, output);
                break;
            case HubEventKind.ThinkingEnd when _open == Block.Thinking:
                Close(output);
                break;
            case HubEventKind.Finish:
                (_finish, _stopSequence) = (step.Finish, step.StopSequence);
                break;
            default:
                WriteRest(step, output);
                break;
        }
    }

    private void WriteRest(in HubEvent step, IBufferWriter<byte> output)
    {
        switch (step.Kind)
        {
            case HubEventKind.Signature when step.Signature is { } seal:
                Open(Block.Thinking, output);
                WriteDelta("signature_delta"u8, "signature"u8, seal.WrittenIn(WireFormat.Anthropic), _blocks - 1, output);
                break;
            case HubEventKind.HiddenThinking when step.Signature is { } seal:
                WriteHidden(seal, output);
                break;
            case HubEventKind.ToolCall:
                _pending = step;
                break;
            case HubEventKind.CallSignature when _pending is { } call:
                WriteCall(call with { Signature = step.Signature }, output);
                break;
            case HubEventKind.ToolArguments when step.Text is { Length: > 0 } text && _calls.TryGetValue(step.Call, out var block):
                // Of a call before the last, too, should a provider mix them: clients know it by its index.
                WriteDelta("input_json_delta"u8, "partial_json"u8, text, block, output);
                break;
            case HubEventKind.Citation when step.Json is { } citations:
                WriteCitations(step.Format, citations, output);
                break;
        }
    }

    private void Learn(in HubEvent step) =>
        (_usage, _service, _bill) = (step.Usage ?? _usage, step.Service ?? _service, step.Bill ?? _bill);

    private void Start(string? id, IBufferWriter<byte> output)
    {
        if (_hasStarted)
            return;
        _hasStarted = true;
        var json = Begin("message_start"u8, output);
        json.WriteStartObject("message"u8);
        json.WriteString("id"u8, AnthropicAnswerWriter.IdOf(id, shown));
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("model"u8, shown.Model);
        json.WriteStartArray("content"u8);
        json.WriteEndArray();
        json.WriteNull("stop_reason"u8);
        json.WriteNull("stop_sequence"u8);
        json.WritePropertyName("usage"u8);
        AnthropicUsageWriter.Write(json, _usage.GetValueOrDefault(), _service, null);
        json.WriteEndObject();
        End(json, output);
    }

    private void WriteText(string text, IBufferWriter<byte> output)
    {
        Open(Block.Text, output);
        WriteDelta("text_delta"u8, "text"u8, text, _blocks - 1, output);
    }

    /// <summary>Makes sure that a block of this kind is open: a text or a thought goes on where one is.</summary>
    private void Open(Block kind, IBufferWriter<byte> output)
    {
        if (_open == kind)
            return;
        var json = BeginBlock(output);
        if (kind == Block.Text)
        {
            AnthropicBlocks.Start(json, "text"u8);
            json.WriteString("text"u8, ""u8);
        }
        else
        {
            AnthropicBlocks.Start(json, "thinking"u8);
            json.WriteString("thinking"u8, ""u8);
            json.WriteString("signature"u8, ""u8);
        }
        json.WriteEndObject();
        End(json, output);
        _open = kind;
    }

    private void WriteHidden(ThoughtSignature seal, IBufferWriter<byte> output)
    {
        var json = BeginBlock(output);
        AnthropicBlocks.WriteThinking(json, new HubThinking("") { IsHidden = true, Signature = seal });
        End(json, output);
        _open = Block.Thinking;
        Close(output);
    }

    private void WriteCall(in HubEvent call, IBufferWriter<byte> output)
    {
        _pending = null;
        if (call.Signature is { } seal)
            WriteHidden(seal, output);
        var json = BeginBlock(output);
        AnthropicBlocks.WriteAnsweredCall(json, new HubToolCall(call.Id ?? "", call.Name ?? "", ""));
        End(json, output);
        _calls[call.Call] = _blocks - 1;
        _open = Block.Call;
        if (call.Text is { Length: > 0 } arguments)
            WriteDelta("input_json_delta"u8, "partial_json"u8, arguments, _blocks - 1, output);
    }

    private void WriteCitations(WireFormat format, JsonElement citations, IBufferWriter<byte> output)
    {
        foreach (var citation in AnthropicCitations.Each(format, citations))
        {
            Open(Block.Text, output);
            var json = BeginDelta("citations_delta"u8, _blocks - 1, output);
            json.WritePropertyName("citation"u8);
            citation.WriteTo(json);
            json.WriteEndObject();
            End(json, output);
        }
    }

    private Utf8JsonWriter BeginBlock(IBufferWriter<byte> output)
    {
        Start(null, output);
        Close(output);
        var json = Begin("content_block_start"u8, output);
        json.WriteNumber("index"u8, _blocks++);
        json.WritePropertyName("content_block"u8);
        return json;
    }

    private void Close(IBufferWriter<byte> output)
    {
        if (_open == Block.None)
            return;
        _open = Block.None;
        var json = Begin("content_block_stop"u8, output);
        json.WriteNumber("index"u8, _blocks - 1);
        End(json, output);
    }

    private void WriteDelta(
        ReadOnlySpan<byte> type, ReadOnlySpan<byte> name, string text, int block, IBufferWriter<byte> output)
    {
        var json = BeginDelta(type, block, output);
        json.WriteString(name, text);
        json.WriteEndObject();
        End(json, output);
    }

    private Utf8JsonWriter BeginDelta(ReadOnlySpan<byte> type, int block, IBufferWriter<byte> output)
    {
        var json = Begin("content_block_delta"u8, output);
        json.WriteNumber("index"u8, block);
        json.WriteStartObject("delta"u8);
        json.WriteString("type"u8, type);
        return json;
    }

    public override void End(IBufferWriter<byte> output)
    {
        if (_pending is { } call)
            WriteCall(call, output);
        Start(null, output);
        Close(output);
        var json = Begin("message_delta"u8, output);
        json.WriteStartObject("delta"u8);
        json.WriteString("stop_reason"u8, AnthropicStops.Write(_finish, _calls.Count > 0, _refuses));
        json.WriteString("stop_sequence"u8, _stopSequence);
        json.WriteEndObject();
        json.WritePropertyName("usage"u8);
        AnthropicUsageWriter.Write(json, _usage.GetValueOrDefault(), _service, _bill);
        End(json, output);
        End(Begin("message_stop"u8, output), output);
    }

    private Utf8JsonWriter Begin(ReadOnlySpan<byte> type, IBufferWriter<byte> output)
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
        return _json;
    }

    private static void End(Utf8JsonWriter json, IBufferWriter<byte> output)
    {
        json.WriteEndObject();
        json.Flush();
        output.Write("\n\n"u8);
    }
}
