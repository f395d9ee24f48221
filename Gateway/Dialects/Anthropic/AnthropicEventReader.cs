using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// Reads Anthropic's events one by one, however they are framed: as server-sent events, or in the messages of Bedrock's event stream
/// (https://platform.claude.com/docs/en/build-with-claude/streaming).
/// </summary>
internal sealed class AnthropicEventReader
{
    private enum Block { Other, Thinking, Call, Answer }

    private AnthropicUsage _usage;
    private string? _rawUsage;
    private Block _block;
    private int _calls;

    /// <summary>True once arguments of the call came; one without any has an empty object.</summary>
    private bool _hasArguments;

    /// <summary>The arguments that a call began with, which some imitators send whole. Null: none.</summary>
    private string? _input;

    /// <summary>Reads one event.</summary>
    /// <returns>False when it is not what the dialect sends.</returns>
    public bool Read(ReadOnlySpan<byte> data, List<HubEvent> steps)
    {
        try
        {
            return HubJson.TryParse(data) is { ValueKind: JsonValueKind.Object } root && Read(root, steps);
        }
        catch (InvalidOperationException)
        {
            return false; // half of a surrogate pair
        }
    }

    private bool Read(JsonElement root, List<HubEvent> steps)
    {
        switch (root.FindText("type"u8))
        {
            case "message_start":
                ReadStart(root.Find("message"u8) ?? default, steps);
                return true;
            case "content_block_start":
                ReadBlockStart(root.Find("content_block"u8) ?? default, steps);
                return true;
            case "content_block_delta":
                ReadDelta(root.Find("delta"u8) ?? default, steps);
                return true;
            case "content_block_stop":
                ReadBlockStop(steps);
                return true;
            case "message_delta":
                ReadMessageDelta(root, steps);
                return true;
            case "message_stop":
                steps.Add(new(HubEventKind.End));
                return true;
            case "error":
                steps.Add(new(HubEventKind.Error) { Json = root });
                return true;
            case null when root.Find("error"u8) is not null:
                steps.Add(new(HubEventKind.Error) { Json = root });
                return true;
            case null:
                return false;
            default:
                return true; // a keep-alive, or one that came after this was written: "new event types may be added"
        }
    }

    private void ReadStart(JsonElement message, List<HubEvent> steps)
    {
        TakeUsage(message);
        steps.Add(new(HubEventKind.Start)
        {
            Id = message.FindText("id"u8),
            // What is cut off later is counted by what passed: the few tokens of output that this event names are not those.
            Usage = _usage.IsAny ? _usage.ToPromptUsage() : null,
            RawUsage = _rawUsage,
            Service = _usage.Service,
        });
        foreach (var block in message.Items("content"u8)) // empty at Anthropic's; an imitator may begin there
        {
            ReadBlockStart(block, steps);
            ReadBlockStop(steps);
        }
    }

    private void TakeUsage(JsonElement holder)
    {
        if (holder.Find("usage"u8) is not { ValueKind: JsonValueKind.Object } usage)
            return;
        var json = JsonMarshal.GetRawUtf8Value(usage);
        _usage.Read(json);
        _rawUsage = AnthropicUsage.Merge(_rawUsage, json);
    }

    private void ReadBlockStart(JsonElement block, List<HubEvent> steps)
    {
        _block = Block.Other;
        switch (block.FindText("type"u8))
        {
            case "text" when block.FindText("text"u8) is { Length: > 0 } text:
                steps.Add(HubEvent.OfText(0, text));
                break;
            case "thinking":
                _block = Block.Thinking;
                if (block.FindText("thinking"u8) is { Length: > 0 } thought)
                    steps.Add(HubEvent.OfThinking(0, thought));
                AddSeal(block, steps);
                break;
            case "redacted_thinking" when AnthropicAnswerReader.SealOf(block.FindText("data"u8)) is { } seal:
                steps.Add(new(HubEventKind.HiddenThinking) { Signature = seal });
                break;
            case "tool_use":
                ReadCallStart(block, steps);
                break;
        }
    }

    private void ReadCallStart(JsonElement block, List<HubEvent> steps)
    {
        _hasArguments = false;
        _input = block.Find("input"u8) is { ValueKind: JsonValueKind.Object } input && input.EnumerateObject().Any()
            ? input.GetRawText()
            : null;
        var name = block.FindText("name"u8) ?? "";
        if (name == AnthropicFormat.ToolName)
        {
            _block = Block.Answer;
            return;
        }
        _block = Block.Call;
        steps.Add(HubEvent.OfToolCall(0, _calls++, block.FindText("id"u8) ?? "", name));
    }

    private static void AddSeal(JsonElement holder, List<HubEvent> steps)
    {
        if (AnthropicAnswerReader.SealOf(holder.FindText("signature"u8)) is { } seal)
            steps.Add(new(HubEventKind.Signature) { Signature = seal });
    }

    private void ReadDelta(JsonElement delta, List<HubEvent> steps)
    {
        switch (delta.FindText("type"u8))
        {
            case "text_delta" when delta.FindText("text"u8) is { Length: > 0 } text:
                steps.Add(HubEvent.OfText(0, text));
                break;
            case "thinking_delta" when delta.FindText("thinking"u8) is { Length: > 0 } thought:
                steps.Add(HubEvent.OfThinking(0, thought));
                break;
            case "signature_delta":
                AddSeal(delta, steps);
                break;
            case "input_json_delta" when delta.FindText("partial_json"u8) is { Length: > 0 } arguments:
                AddArguments(arguments, steps);
                break;
            case "citations_delta" when delta.Find("citation"u8) is { } citation:
                steps.Add(new(HubEventKind.Citation) { Json = citation, Format = WireFormat.Anthropic });
                break;
        }
    }

    private void AddArguments(string arguments, List<HubEvent> steps)
    {
        if (_block is not (Block.Call or Block.Answer))
            return; // of a tool that the provider runs itself
        _hasArguments = true;
        steps.Add(_block == Block.Answer ? HubEvent.OfText(0, arguments) : HubEvent.OfArguments(0, _calls - 1, arguments));
    }

    private void ReadBlockStop(List<HubEvent> steps)
    {
        if (_block == Block.Thinking)
            steps.Add(new(HubEventKind.ThinkingEnd));
        if (!_hasArguments)
            AddArguments(_input ?? "{}", steps);
        _block = Block.Other;
    }

    private void ReadMessageDelta(JsonElement root, List<HubEvent> steps)
    {
        TakeUsage(root);
        var delta = root.Find("delta"u8) ?? default;
        var finish = AnthropicStops.Read(delta.FindText("stop_reason"u8));
        if (finish == HubFinish.ToolCalls && _calls == 0)
            finish = HubFinish.Stop; // the call was the answer
        if (finish == HubFinish.Refusal && AnthropicAnswerReader.ExplanationOf(delta) is { } explanation)
            steps.Add(new(HubEventKind.Refusal) { Text = explanation });
        if (finish != HubFinish.None)
            steps.Add(HubEvent.OfFinish(0, finish, delta.FindText("stop_sequence"u8)));
        if (_usage.IsAny)
            steps.Add(new(HubEventKind.Usage)
            {
                Usage = _usage.ToUsage(),
                RawUsage = _rawUsage,
                Service = _usage.Service,
                Bill = _usage.Bill,
            });
    }
}

/// <summary>Reads Anthropic's stream of server-sent events.</summary>
internal sealed class AnthropicStreamReader : SseStreamReader
{
    private readonly AnthropicEventReader _events = new();

    protected override void ReadData(ReadOnlySpan<byte> data, List<HubEvent> steps) => IsMalformed |= !_events.Read(data, steps);
}
