using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>
/// Reads Cohere's stream of events, which ends with <c>message-end</c> (https://docs.cohere.com/docs/streaming, /tool-use-streaming).
/// </summary>
internal sealed class CohereStreamReader : SseStreamReader
{
    /// <summary>The calls that have begun, by the index that the events give them.</summary>
    private readonly Dictionary<long, int> _calls = [];
    private bool _isPlanning;

    protected override void ReadData(ReadOnlySpan<byte> data, List<HubEvent> steps)
    {
        if (data.SequenceEqual("[DONE]"u8))
            return; // some versions send it behind the end
        if (HubJson.TryParse(data) is not { ValueKind: JsonValueKind.Object } root)
        {
            IsMalformed = true;
            return;
        }
        try
        {
            Read(root, steps);
        }
        catch (InvalidOperationException)
        {
            IsMalformed = true; // half of a surrogate pair
        }
    }

    private void Read(JsonElement root, List<HubEvent> steps)
    {
        var delta = root.Find("delta"u8) ?? default;
        var message = delta.Find("message"u8) ?? default;
        switch (root.FindText("type"u8))
        {
            case "message-start":
                steps.Add(new(HubEventKind.Start) { Id = root.FindText("id"u8) });
                break;
            case "content-start" or "content-delta":
                ReadContent(message.Find("content"u8) ?? default, root.Find("logprobs"u8), steps);
                break;
            case "content-end":
                EndThought(steps);
                break;
            case "tool-plan-delta" when message.FindText("tool_plan"u8) is { Length: > 0 } plan:
                _isPlanning = true;
                steps.Add(HubEvent.OfThinking(0, plan));
                break;
            case "tool-call-start":
                ReadCall(root.FindCount("index"u8), message.Find("tool_calls"u8) ?? default, steps);
                break;
            case "tool-call-delta":
                ReadArguments(root.FindCount("index"u8), message.Find("tool_calls"u8)?.Find("function"u8) ?? default, steps);
                break;
            case "citation-start" when message.Find("citations"u8) is { } citation:
                steps.Add(new(HubEventKind.Citation) { Json = citation, Format = WireFormat.Cohere });
                break;
            case "message-end":
                ReadEnd(delta, steps);
                break;
            case null when root.Find("message"u8) is not null || root.Find("error"u8) is not null:
                steps.Add(new(HubEventKind.Error) { Json = root });
                break;
        }
    }

    private void ReadContent(JsonElement content, JsonElement? logprobs, List<HubEvent> steps)
    {
        if (content.FindText("thinking"u8) is { Length: > 0 } thought)
        {
            _isPlanning = true;
            steps.Add(HubEvent.OfThinking(0, thought));
        }
        if (content.FindText("text"u8) is { Length: > 0 } text)
        {
            EndThought(steps);
            steps.Add(HubEvent.OfText(0, text));
        }
        if (CohereLogprobs.Read(logprobs) is { } probabilities)
            steps.Add(new(HubEventKind.Logprobs) { Json = probabilities });
    }

    private void EndThought(List<HubEvent> steps)
    {
        if (_isPlanning)
            steps.Add(new(HubEventKind.ThinkingEnd));
        _isPlanning = false;
    }

    private void ReadCall(long index, JsonElement call, List<HubEvent> steps)
    {
        EndThought(steps);
        var function = call.Find("function"u8) ?? default;
        if (!_calls.TryAdd(index, _calls.Count))
            return;
        steps.Add(HubEvent.OfToolCall(0, _calls[index], call.FindText("id"u8) ?? "", function.FindText("name"u8) ?? ""));
        ReadArguments(index, function, steps);
    }

    private void ReadArguments(long index, JsonElement function, List<HubEvent> steps)
    {
        if (_calls.TryGetValue(index, out var call) && function.FindText("arguments"u8) is { Length: > 0 } arguments)
            steps.Add(HubEvent.OfArguments(0, call, arguments));
    }

    private void ReadEnd(JsonElement delta, List<HubEvent> steps)
    {
        EndThought(steps);
        if (delta.Find("usage"u8) is { } usage && CohereUsage.Read(usage) is { } read)
            steps.Add(new(HubEventKind.Usage)
            {
                Usage = read,
                RawUsage = StreamTranslator.KeepRawUsage(JsonMarshal.GetRawUtf8Value(usage)),
            });
        var reason = delta.FindText("finish_reason"u8);
        if (CohereFinish.IsFailure(reason))
        {
            steps.Add(new(HubEventKind.Error) { Json = ErrorOf(reason!, delta.FindText("error"u8)) });
            return;
        }
        if (CohereFinish.Read(reason) is not HubFinish.None and var finish)
        {
            steps.Add(HubEvent.OfFinish(0, finish));
            steps.Add(new(HubEventKind.End));
        }
    }

    private static JsonElement? ErrorOf(string reason, string? text)
    {
        var message = JsonEncodedText.Encode(text ?? $"The generation ended with {reason}.");
        return HubJson.TryParse(Encoding.UTF8.GetBytes($$$"""{"error":{"message":"{{{message}}}","type":"{{{reason}}}"}}"""));
    }
}
