using System.Text.Json;
using Gateway.Dialects.Gemini;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Ollama;

/// <summary>Reads Ollama's stream: a JSON object on each line, of which the last one says that it is done.</summary>
internal sealed class OllamaStreamReader : HubStreamReader
{
    /// <summary>So many of the bytes that were offered last hold no end of a line.</summary>
    private int _looked;
    private GeminiCallIds? _ids;
    private int _calls;
    private bool _isThinking;

    public override int Read(ReadOnlySpan<byte> received, bool atEnd, List<HubEvent> steps)
    {
        var consumed = 0;
        while (received[(consumed + _looked)..].IndexOf((byte)'\n') is >= 0 and var found)
        {
            var length = _looked + found;
            _looked = 0;
            ReadLine(received.Slice(consumed, length), steps);
            consumed += length + 1;
        }
        if (atEnd)
        {
            if (HubJson.TryParse(received[consumed..]) is not null) // else the stream was cut within it
                ReadLine(received[consumed..], steps);
            consumed = received.Length;
        }
        _looked = received.Length - consumed;
        return consumed;
    }

    private void ReadLine(ReadOnlySpan<byte> line, List<HubEvent> steps)
    {
        line = line.Trim(" \r\t"u8);
        if (line.IsEmpty)
            return;
        if (HubJson.TryParse(line) is not { ValueKind: JsonValueKind.Object } chunk)
        {
            IsMalformed = true;
            return;
        }
        try
        {
            ReadChunk(chunk, steps);
        }
        catch (InvalidOperationException)
        {
            IsMalformed = true; // half of a surrogate pair
        }
    }

    private void ReadChunk(JsonElement chunk, List<HubEvent> steps)
    {
        if (chunk.Find("error"u8) is not null)
        {
            steps.Add(new(HubEventKind.Error) { Json = chunk });
            return;
        }
        if (_ids is null)
        {
            _ids = OllamaChunk.IdsOf(chunk);
            steps.Add(new(HubEventKind.Start));
        }
        if (chunk.Find("message"u8) is { } message)
            ReadMessage(message, steps);
        if (OllamaChunk.LogprobsOf(chunk) is { } logprobs)
            steps.Add(new(HubEventKind.Logprobs) { Json = logprobs });
        if (OllamaChunk.UsageOf(chunk) is { } usage)
            steps.Add(new(HubEventKind.Usage) { Usage = usage, RawUsage = OllamaChunk.RawUsageOf(usage) });
        if (OllamaChunk.FinishOf(chunk, _calls > 0) is HubFinish.None)
            return;
        EndThought(steps);
        steps.Add(HubEvent.OfFinish(0, OllamaChunk.FinishOf(chunk, _calls > 0)));
        steps.Add(new(HubEventKind.End));
    }

    private void ReadMessage(JsonElement message, List<HubEvent> steps)
    {
        if (message.FindText("thinking"u8) is { Length: > 0 } thought)
        {
            _isThinking = true;
            steps.Add(HubEvent.OfThinking(0, thought));
        }
        if (message.FindText("content"u8) is { Length: > 0 } text)
        {
            EndThought(steps);
            steps.Add(HubEvent.OfText(0, text));
        }
        foreach (var item in message.Items("tool_calls"u8))
        {
            EndThought(steps);
            var call = OllamaChunk.CallOf(item, _ids!);
            steps.Add(HubEvent.OfToolCall(0, _calls, call.Id, call.Name));
            steps.Add(HubEvent.OfArguments(0, _calls++, call.Arguments));
        }
    }

    private void EndThought(List<HubEvent> steps)
    {
        if (_isThinking)
            steps.Add(new(HubEventKind.ThinkingEnd));
        _isThinking = false;
    }
}
