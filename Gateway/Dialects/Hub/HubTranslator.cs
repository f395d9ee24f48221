using System.Buffers;
using System.Text;

namespace Gateway.Dialects.Hub;

/// <summary>Turns a provider's stream into one of another dialect, step by step.</summary>
/// <param name="keep">Gets the first answer once the stream is complete. Null: nobody keeps it.</param>
internal sealed class HubTranslator(
    HubStreamReader reader, HubStreamWriter writer, int choices, Action<IReadOnlyList<HubPart>>? keep = null) : StreamTranslator
{
    private readonly List<HubEvent> _steps = [];
    private readonly HashSet<int> _finished = [];
    private readonly HubCollector? _collected = keep is null ? null : new();
    private bool _hasEnded;

    public override int Translate(ReadOnlySpan<byte> received, bool atEnd, IBufferWriter<byte> output)
    {
        if (ErrorEvent is not null || _hasEnded)
            return received.Length;
        _steps.Clear();
        var consumed = reader.Read(received, atEnd, _steps);
        IsMalformed |= reader.IsMalformed && MeaningfulEvents == 0;
        foreach (var step in _steps)
        {
            if (ErrorEvent is not null || _hasEnded)
                break;
            Take(step, output);
        }
        if (atEnd && IsFinished && ErrorEvent is null)
            End(output);
        return consumed;
    }

    private void Take(in HubEvent step, IBufferWriter<byte> output)
    {
        Events++;
        if (step.IsMeaningful)
            MeaningfulEvents++;
        Learn(step);
        if (step.Kind == HubEventKind.Error)
        {
            // Whoever relays the stream tells of it, in the client's dialect and without the provider's secrets.
            ErrorEvent = Encoding.UTF8.GetBytes(step.Json is { } json ? json.GetRawText() : "{}");
            return;
        }
        _collected?.Take(step);
        writer.Write(step, output);
        if (step.Kind == HubEventKind.End)
            End(output);
    }

    private void Learn(in HubEvent step)
    {
        Usage = step.Usage ?? Usage;
        RawUsage = step.RawUsage ?? RawUsage;
        Service = step.Service ?? Service;
        Bill = step.Bill ?? Bill;
        if (step.Kind is HubEventKind.Text or HubEventKind.Thinking or HubEventKind.Refusal or HubEventKind.ToolArguments or HubEventKind.ToolCall)
            OutputBytes += Encoding.UTF8.GetByteCount(step.Text ?? "") + Encoding.UTF8.GetByteCount(step.Name ?? "");
        if (step.Kind == HubEventKind.Finish)
            _finished.Add(step.Choice);
        IsFinished = _finished.Count >= choices;
    }

    private void End(IBufferWriter<byte> output)
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        IsComplete = true;
        writer.End(output);
        if (_collected is not null)
            keep!(_collected.Parts);
    }
}
