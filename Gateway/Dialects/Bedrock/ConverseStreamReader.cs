using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Dialects.Anthropic;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>
/// Reads ConverseStream's events: a start, blocks with their pieces, a stop with its reason, and last the metadata, behind which nothing
/// comes (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html).
/// </summary>
internal sealed class ConverseStreamReader : AwsStreamReader
{
    private enum Block { Other, Thinking, Call, Answer }

    private Block _block;
    private int _calls;
    private bool _hasArguments;
    private bool _hasStopped;

    protected override void ReadEvent(in AwsEvent message, List<HubEvent> steps)
    {
        if (HubJson.TryParse(message.Payload) is not { ValueKind: JsonValueKind.Object } payload)
        {
            IsMalformed |= !message.Payload.IsEmpty;
            return;
        }
        try
        {
            Read(message.EventType, payload, steps);
        }
        catch (InvalidOperationException)
        {
            IsMalformed = true; // half of a surrogate pair
        }
    }

    private void Read(ReadOnlySpan<byte> type, JsonElement payload, List<HubEvent> steps)
    {
        switch (type)
        {
            case var t when t.SequenceEqual("contentBlockDelta"u8):
                ReadDelta(payload.Find("delta"u8) ?? default, steps);
                break;
            case var t when t.SequenceEqual("contentBlockStart"u8):
                ReadStart(payload.Find("start"u8)?.Find("toolUse"u8), steps);
                break;
            case var t when t.SequenceEqual("contentBlockStop"u8):
                EndBlock(steps);
                break;
            case var t when t.SequenceEqual("messageStart"u8):
                steps.Add(new(HubEventKind.Start));
                break;
            case var t when t.SequenceEqual("messageStop"u8):
                ReadStop(payload, steps);
                break;
            case var t when t.SequenceEqual("metadata"u8):
                ReadMetadata(payload, steps);
                break;
        }
    }

    private void ReadStart(JsonElement? call, List<HubEvent> steps)
    {
        EndBlock(steps);
        if (call is not { } tool)
            return;
        _hasArguments = false;
        var name = tool.FindText("name"u8) ?? "";
        if (name == AnthropicFormat.ToolName)
        {
            _block = Block.Answer;
            return;
        }
        _block = Block.Call;
        steps.Add(HubEvent.OfToolCall(0, _calls++, tool.FindText("toolUseId"u8) ?? "", name));
    }

    private void ReadDelta(JsonElement delta, List<HubEvent> steps)
    {
        if (delta.FindText("text"u8) is { } text)
        {
            if (text.Length > 0)
                steps.Add(HubEvent.OfText(0, text));
        }
        else if (delta.Find("toolUse"u8)?.FindText("input"u8) is { } input)
        {
            AddArguments(input, steps);
        }
        else if (delta.Find("reasoningContent"u8) is { } thought)
        {
            ReadThought(thought, steps);
        }
        else if (delta.Find("citation"u8) is { } citation)
        {
            steps.Add(new(HubEventKind.Citation) { Json = citation, Format = WireFormat.Converse });
        }
    }

    private void ReadThought(JsonElement thought, List<HubEvent> steps)
    {
        if (ConverseAnswerReader.SealOf(thought.FindText("redactedContent"u8)) is { } hidden)
        {
            steps.Add(new(HubEventKind.HiddenThinking) { Signature = hidden });
            return;
        }
        _block = Block.Thinking;
        if (thought.FindText("text"u8) is { Length: > 0 } text)
            steps.Add(HubEvent.OfThinking(0, text));
        if (ConverseAnswerReader.SealOf(thought.FindText("signature"u8)) is { } seal)
            steps.Add(new(HubEventKind.Signature) { Signature = seal });
    }

    private void AddArguments(string input, List<HubEvent> steps)
    {
        if (_block is not (Block.Call or Block.Answer) || input.Length == 0)
            return;
        _hasArguments = true;
        steps.Add(_block == Block.Answer ? HubEvent.OfText(0, input) : HubEvent.OfArguments(0, _calls - 1, input));
    }

    /// <summary>A call without arguments comes without pieces.</summary>
    private void EndBlock(List<HubEvent> steps)
    {
        if (_block == Block.Thinking)
            steps.Add(new(HubEventKind.ThinkingEnd));
        else if (_block != Block.Other && !_hasArguments)
            AddArguments("{}", steps);
        _block = Block.Other;
    }

    private void ReadStop(JsonElement payload, List<HubEvent> steps)
    {
        EndBlock(steps);
        var finish = ConverseStops.Read(payload.FindText("stopReason"u8));
        if (finish == HubFinish.ToolCalls && _calls == 0)
            finish = HubFinish.Stop; // the call was the answer
        if (finish == HubFinish.None)
            return;
        _hasStopped = true;
        steps.Add(HubEvent.OfFinish(0, finish));
    }

    private void ReadMetadata(JsonElement payload, List<HubEvent> steps)
    {
        if (payload.Find("usage"u8) is { } usage && ConverseUsage.Read(usage) is { } read)
            steps.Add(new(HubEventKind.Usage)
            {
                Usage = read,
                RawUsage = StreamTranslator.KeepRawUsage(JsonMarshal.GetRawUtf8Value(usage)),
                Service = ConverseUsage.ServiceOf(ConverseUsage.TierOf(payload)),
            });
        if (_hasStopped)
            steps.Add(new(HubEventKind.End));
    }
}
