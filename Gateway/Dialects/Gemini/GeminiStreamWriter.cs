using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// Writes a stream of <c>streamGenerateContent</c>: chunks that each are an answer, as server-sent events or as one JSON array. Google's
/// calls of functions are whole, so that a call waits for the end of its arguments; the reasons to finish wait for the usage, which is in
/// the last chunk.
/// </summary>
internal sealed class GeminiStreamWriter(HubShown shown, bool isJsonArray) : HubStreamWriter
{
    private readonly SortedDictionary<(int Choice, int Call), Call> _calls = [];
    private readonly SortedDictionary<int, HubFinish> _finished = [];

    /// <summary>The first candidate's text, in whose bytes Google counts what a citation speaks of.</summary>
    private readonly StringBuilder _text = new();

    /// <summary>The last piece of a thought, which waits for its seal: clients lose a seal that comes with an empty text.</summary>
    private (int Choice, string Text)? _thought;
    private string? _id;
    private Usage? _usage;
    private bool _hasBegun;

    private sealed class Call(string id, string name)
    {
        public readonly StringBuilder Arguments = new();
        public ThoughtSignature? Seal { get; set; }
        public HubToolCall ToPart() => new(id, name, Arguments.ToString()) { Signature = Seal };
    }

    public override void Write(in HubEvent step, IBufferWriter<byte> output)
    {
        if (step.Kind != HubEventKind.Signature || step.Choice != _thought?.Choice)
            WriteThought(output);
        switch (step.Kind)
        {
            case HubEventKind.Start:
                _id ??= step.Id;
                break;
            case HubEventKind.Thinking:
                _thought = step.Text is { Length: > 0 } piece ? (step.Choice, piece) : null;
                break;
            case HubEventKind.Usage:
                _usage = step.Usage ?? _usage;
                break;
            case HubEventKind.ToolCall:
                var call = _calls[(step.Choice, step.Call)] = new Call(step.Id ?? "", step.Name ?? "") { Seal = step.Signature };
                call.Arguments.Append(step.Text);
                break;
            case HubEventKind.ToolArguments:
                _calls.GetValueOrDefault((step.Choice, step.Call))?.Arguments.Append(step.Text);
                break;
            case HubEventKind.CallSignature:
                if (_calls.TryGetValue((step.Choice, step.Call), out var sealedCall))
                    sealedCall.Seal = step.Signature;
                break;
            case HubEventKind.Finish:
                WriteCalls(step.Choice, output);
                _finished[step.Choice] = step.Finish;
                break;
            case HubEventKind.Citation or HubEventKind.Logprobs when step.Json is { } json:
                WriteBeside(step, json, output);
                break;
            default:
                WriteContent(step, output);
                break;
        }
    }

    private void WriteContent(in HubEvent step, IBufferWriter<byte> output)
    {
        HubPart? part = step.Kind switch
        {
            HubEventKind.Text when step.Text is { Length: > 0 } text => new HubText(text),
            HubEventKind.Refusal when step.Text is { Length: > 0 } text => new HubRefusal(text),
            HubEventKind.Signature => new HubThinking(_thought?.Text ?? "") { Signature = step.Signature },
            HubEventKind.HiddenThinking => new HubThinking("") { Signature = step.Signature, IsHidden = true },
            HubEventKind.Media => step.Media,
            _ => null,
        };
        if (part is null)
            return;
        _thought = null;
        if (part is HubText written && step.Choice == 0)
            _text.Append(written.Text);
        WritePart(step.Choice, part, output);
    }

    /// <summary>Writes the piece of a thought that waits, as no seal has come for it.</summary>
    private void WriteThought(IBufferWriter<byte> output)
    {
        if (_thought is not var (choice, text))
            return;
        _thought = null;
        WritePart(choice, new HubThinking(text), output);
    }

    private void WritePart(int choice, HubPart part, IBufferWriter<byte> output) =>
        WriteChunk(output, json => WriteCandidate(json, choice, [part], null));

    private void WriteCalls(int choice, IBufferWriter<byte> output)
    {
        var keys = _calls.Keys.Where(key => key.Choice == choice).ToArray();
        if (keys.Length == 0)
            return;
        HubPart[] parts = [.. keys.Select(key => _calls[key].ToPart())];
        foreach (var key in keys)
            _calls.Remove(key);
        WriteChunk(output, json => WriteCandidate(json, choice, parts, null));
    }

    /// <summary>What stands beside a candidate's content.</summary>
    private void WriteBeside(in HubEvent step, JsonElement value, IBufferWriter<byte> output)
    {
        var (choice, isCitation) = (step.Choice, step.Kind == HubEventKind.Citation);
        if (isCitation && step.Format != WireFormat.OpenAi)
            return; // other dialects' quotes are no sources on the web
        WriteChunk(output, json => WriteCandidate(json, choice, [], writer =>
        {
            if (isCitation)
                GeminiGrounding.Write(writer, GeminiJson.Items(value), _text.ToString());
            else
                GeminiLogprobs.Write(writer, value);
        }));
    }

    private static void WriteCandidate(Utf8JsonWriter json, int choice, IReadOnlyList<HubPart> parts, Action<Utf8JsonWriter>? beside)
    {
        json.WriteStartObject();
        json.WriteStartObject("content"u8);
        json.WriteStartArray("parts"u8);
        foreach (var part in parts)
            GeminiAnswerWriter.WritePart(json, part);
        json.WriteEndArray();
        json.WriteString("role"u8, "model"u8);
        json.WriteEndObject();
        beside?.Invoke(json);
        json.WriteNumber("index"u8, choice);
        json.WriteEndObject();
    }

    /// <summary>Writes one chunk in the stream's framing.</summary>
    /// <param name="candidates">Writes the candidates of it.</param>
    private void WriteChunk(IBufferWriter<byte> output, Action<Utf8JsonWriter> candidates, bool isLast = false)
    {
        output.Write(!isJsonArray ? "data: "u8 : _hasBegun ? ",\r\n"u8 : "["u8);
        _hasBegun = true;
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            json.WriteStartArray("candidates"u8);
            candidates(json);
            json.WriteEndArray();
            GeminiAnswerWriter.WriteTail(json, isLast ? _usage : null, _id, shown);
            json.WriteEndObject();
        }
        if (!isJsonArray)
            output.Write("\r\n\r\n"u8);
    }

    public override void End(IBufferWriter<byte> output)
    {
        WriteThought(output);
        WriteChunk(output, json =>
        {
            foreach (var (choice, finish) in _finished)
            {
                WriteCandidate(json, choice, [new HubText("")],
                    writer => writer.WriteString("finishReason"u8, GeminiFinish.Write(finish) ?? "STOP"));
            }
        }, isLast: true);
        if (isJsonArray)
            output.Write("]"u8);
    }
}
