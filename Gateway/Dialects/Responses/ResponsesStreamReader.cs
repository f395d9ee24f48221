using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>Reads a stream of Responses into the hub. What only announces, and what repeats the deltas before it, is passed over.</summary>
internal sealed class ResponsesStreamReader : SseStreamReader
{
    /// <summary>More items no answer has; those beyond are passed over.</summary>
    private const int MostItems = 10_000;

    private readonly Dictionary<long, Item> _items = [];
    private int _calls;
    private bool _callsTools, _isOver;

    /// <summary>What is known of an item of the output that has begun.</summary>
    private sealed class Item
    {
        /// <summary>The number of the call among all calls; -1: it is none.</summary>
        public int Call = -1;

        /// <summary>True once some of it came as a delta.</summary>
        public bool HasDelta;

        /// <summary>True once a thought came as a summary; false: as it is. Null: neither.</summary>
        public bool? IsSummary;
    }

    protected override void ReadData(ReadOnlySpan<byte> data, List<HubEvent> steps)
    {
        if (_isOver || data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
            return; // the latter is not OpenAI's, but some imitators end so
        try
        {
            if (HubJson.TryParse(data) is { ValueKind: JsonValueKind.Object } step)
            {
                Read(step, steps);
                return;
            }
        }
        catch (InvalidOperationException)
        {
            // A text in it is not Unicode.
        }
        IsMalformed = true;
    }

    private void Read(JsonElement step, List<HubEvent> steps)
    {
        switch (step.FindText("type"u8))
        {
            case "response.created":
                steps.Add(new HubEvent(HubEventKind.Start) { Id = step.Find("response"u8)?.FindText("id"u8) });
                break;
            case "response.output_item.added" when step.Find("item"u8) is { } item:
                BeginItem(ItemOf(step), item, steps);
                break;
            case "response.output_text.delta":
                ReadTextDelta(step, steps);
                break;
            case "response.refusal.delta" when Delta(step) is { } refusal:
                steps.Add(new HubEvent(HubEventKind.Refusal) { Text = refusal });
                break;
            case "response.reasoning_summary_text.delta":
                ReadThought(step, isSummary: true, steps);
                break;
            case "response.reasoning_text.delta":
                ReadThought(step, isSummary: false, steps);
                break;
            case "response.reasoning_summary_part.added" when step.FindCount("summary_index"u8) > 0:
                steps.Add(HubEvent.OfThinking(0, "\n\n"));
                break;
            case "response.function_call_arguments.delta" or "response.custom_tool_call_input.delta" when Delta(step) is { } arguments:
                if (ItemOf(step) is { Call: >= 0 } call)
                    steps.Add(HubEvent.OfArguments(0, call.Call, arguments));
                break;
            case "response.output_text.annotation.added" when step.Find("annotation"u8) is { } annotation:
                steps.Add(new HubEvent(HubEventKind.Citation)
                {
                    Format = WireFormat.OpenAi,
                    Json = ResponsesCitations.AsChat(annotation),
                });
                break;
            case "response.output_item.done" when step.Find("item"u8) is { } item:
                EndItem(ItemOf(step), item, steps);
                break;
            case "response.completed" or "response.incomplete" when step.Find("response"u8) is { } response:
                End(response, steps);
                break;
            case "response.failed" or "error" or null:
                Fail(step, steps);
                break;
        }
    }

    /// <summary>The text by which something grows; notes that its item did. Null: none.</summary>
    private string? Delta(JsonElement step)
    {
        if (step.FindText("delta"u8) is not { Length: > 0 } text)
            return null;
        ItemOf(step).HasDelta = true;
        return text;
    }

    private Item ItemOf(JsonElement step)
    {
        var index = step.FindCount("output_index"u8);
        if (_items.TryGetValue(index, out var item))
            return item;
        item = new Item();
        if (_items.Count < MostItems)
            _items[index] = item;
        return item;
    }

    private void BeginItem(Item state, JsonElement item, List<HubEvent> steps)
    {
        if (state.Call >= 0 || item.FindText("type"u8) is not ("function_call" or "custom_tool_call"))
            return;
        var call = ResponsesAnswerReader.CallOf(item);
        state.Call = _calls++;
        _callsTools = true;
        steps.Add(HubEvent.OfToolCall(0, state.Call, call.Id, call.Name) with { IsCustom = call.IsCustom });
    }

    private void ReadTextDelta(JsonElement step, List<HubEvent> steps)
    {
        if (Delta(step) is { } text)
            steps.Add(HubEvent.OfText(0, text));
        if (step.Find("logprobs"u8) is { ValueKind: JsonValueKind.Array } logprobs && logprobs.GetArrayLength() > 0)
            steps.Add(new HubEvent(HubEventKind.Logprobs) { Json = ResponsesAnswerReader.AsChat(logprobs) });
    }

    /// <summary>A thought comes as a summary or as it is; where both come, the first kind counts.</summary>
    private void ReadThought(JsonElement step, bool isSummary, List<HubEvent> steps)
    {
        var item = ItemOf(step);
        item.IsSummary ??= isSummary;
        if (item.IsSummary == isSummary && Delta(step) is { } text)
            steps.Add(HubEvent.OfThinking(0, text));
    }

    /// <summary>An item is whole: what did not come as deltas comes now.</summary>
    private void EndItem(Item state, JsonElement item, List<HubEvent> steps)
    {
        switch (item.FindText("type"u8))
        {
            case "reasoning":
                EndThought(state, item, steps);
                break;
            case "function_call" or "custom_tool_call":
                BeginItem(state, item, steps);
                if (!state.HasDelta && ResponsesAnswerReader.CallOf(item) is { Arguments.Length: > 0 } call)
                    steps.Add(HubEvent.OfArguments(0, state.Call, call.Arguments));
                break;
            case "message" when !state.HasDelta:
                foreach (var part in item.Items("content"u8))
                {
                    if (part.FindText("text"u8) is { Length: > 0 } text)
                        steps.Add(HubEvent.OfText(0, text));
                    else if (part.FindText("refusal"u8) is { Length: > 0 } refusal)
                        steps.Add(new HubEvent(HubEventKind.Refusal) { Text = refusal });
                }
                break;
        }
        state.HasDelta = true;
    }

    private static void EndThought(Item state, JsonElement item, List<HubEvent> steps)
    {
        var thought = ResponsesAnswerReader.ThoughtOf(item);
        if (!state.HasDelta && thought.IsHidden)
        {
            steps.Add(new HubEvent(HubEventKind.HiddenThinking) { Id = thought.Id, Signature = thought.Signature });
            return;
        }
        if (!state.HasDelta && thought.Text.Length > 0)
            steps.Add(HubEvent.OfThinking(0, thought.Text));
        if (thought.Signature is { } seal)
            steps.Add(new HubEvent(HubEventKind.Signature) { Id = thought.Id, Signature = seal });
        if (state.HasDelta || thought.Text.Length > 0)
            steps.Add(new HubEvent(HubEventKind.ThinkingEnd));
    }

    private void End(JsonElement response, List<HubEvent> steps)
    {
        _isOver = true;
        steps.Add(HubEvent.OfFinish(0, ResponsesAnswerReader.FinishOf(response, _callsTools)));
        var usage = ResponsesUsage.Read(response);
        if (usage.Tokens is not null || usage.Service is not null)
        {
            steps.Add(new HubEvent(HubEventKind.Usage)
            {
                Usage = usage.Tokens,
                RawUsage = usage.Raw,
                Bill = usage.Bill,
                Service = usage.Service,
            });
        }
        steps.Add(new HubEvent(HubEventKind.End));
    }

    /// <summary>Who fails says so in an event of its own, in the answer, or in an object without a type.</summary>
    private void Fail(JsonElement step, List<HubEvent> steps)
    {
        var error = step.Find("response"u8)?.Find("error"u8) ?? step.Find("error"u8);
        if (error is null && step.FindText("type"u8) is null)
            return;
        _isOver = true;
        steps.Add(new HubEvent(HubEventKind.Error) { Json = error ?? step });
    }
}
