using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Reads a stream of OpenAI's chat chunks.</summary>
internal sealed class OpenAiChatStreamReader : SseStreamReader
{
    private bool _hasStarted;

    /// <summary>The calls that have begun, by choice and index: the id and the name come with the first piece alone.</summary>
    private readonly HashSet<(int Choice, int Call)> _calls = [];

    protected override void ReadData(ReadOnlySpan<byte> data, List<HubEvent> steps)
    {
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            steps.Add(new(HubEventKind.End));
            return;
        }
        // The figures are read as they are for answers that pass through.
        if (!OpenAiAnswer.TryReadChunk(data, out var chunk) || HubJson.TryParse(data) is not { } root)
        {
            IsMalformed = true;
            return;
        }
        if (chunk.HasError && (!chunk.HasChoices || chunk.FinishesInError))
        {
            steps.Add(new(HubEventKind.Error) { Json = root });
            return;
        }
        if (!_hasStarted)
        {
            _hasStarted = true;
            steps.Add(new(HubEventKind.Start) { Id = root.FindText("id"u8) });
        }
        foreach (var choice in root.Items("choices"u8))
            ReadChoice(choice, steps);
        if (chunk.Usage is { } usage)
            steps.Add(new(HubEventKind.Usage)
            {
                Usage = usage,
                RawUsage = Encoding.UTF8.GetString(data[chunk.RawUsage]),
                Service = chunk.Service,
                Bill = chunk.Bill,
            });
    }

    private void ReadChoice(JsonElement choice, List<HubEvent> steps)
    {
        var index = (int)Math.Clamp(choice.FindCount("index"u8), 0, OpenAiAnswer.MaxChoices - 1);
        if (choice.Find("delta"u8) is { } delta)
            ReadDelta(index, delta, steps);
        if (choice.Find("logprobs"u8) is { } logprobs)
            steps.Add(new(HubEventKind.Logprobs) { Choice = index, Json = logprobs });
        if (OpenAiFinish.Read(choice.FindText("finish_reason"u8)) is not HubFinish.None and var finish)
            steps.Add(HubEvent.OfFinish(index, finish));
    }

    private void ReadDelta(int index, JsonElement delta, List<HubEvent> steps)
    {
        if ((delta.FindText("reasoning_content"u8) ?? delta.FindText("reasoning"u8)) is { Length: > 0 } thought)
            steps.Add(HubEvent.OfThinking(index, thought));
        foreach (var block in delta.Items("thinking_blocks"u8))
            ReadBlock(index, block, steps);
        if (delta.FindText("content"u8) is { Length: > 0 } text)
            steps.Add(HubEvent.OfText(index, text));
        if (delta.FindText("refusal"u8) is { Length: > 0 } refusal)
            steps.Add(new(HubEventKind.Refusal) { Choice = index, Text = refusal });
        if (delta.Find("annotations"u8) is { ValueKind: JsonValueKind.Array } citations && citations.GetArrayLength() > 0)
            steps.Add(new(HubEventKind.Citation) { Choice = index, Json = citations, Format = WireFormat.OpenAi });
        foreach (var call in delta.Items("tool_calls"u8))
            ReadCall(index, call, steps);
    }

    private static void ReadBlock(int index, JsonElement block, List<HubEvent> steps)
    {
        var isHidden = block.FindText("type"u8) == "redacted_thinking";
        if (block.FindText(isHidden ? "data"u8 : "signature"u8) is { Length: > 0 } seal)
            steps.Add(new(isHidden ? HubEventKind.HiddenThinking : HubEventKind.Signature)
            {
                Choice = index,
                Signature = ThoughtSignature.ReadFrom(WireFormat.Anthropic, seal),
            });
    }

    private void ReadCall(int choice, JsonElement call, List<HubEvent> steps)
    {
        var index = (int)Math.Clamp(call.FindCount("index"u8), 0, int.MaxValue);
        var isCustom = call.Find("custom"u8) is not null;
        var function = call.Find("custom"u8) ?? call.Find("function"u8) ?? default;
        if (_calls.Add((choice, index)))
            steps.Add(HubEvent.OfToolCall(choice, index, call.FindText("id"u8) ?? "", function.FindText("name"u8) ?? "") with
            {
                IsCustom = isCustom,
                Signature = OpenAiAnswerReader.ReadSignature(call),
            });
        else if (OpenAiAnswerReader.ReadSignature(call) is { } seal)
            steps.Add(new(HubEventKind.CallSignature) { Choice = choice, Call = index, Signature = seal });
        if (function.FindText(isCustom ? "input"u8 : "arguments"u8) is { Length: > 0 } arguments)
            steps.Add(HubEvent.OfArguments(choice, index, arguments) with { IsCustom = isCustom });
    }
}
