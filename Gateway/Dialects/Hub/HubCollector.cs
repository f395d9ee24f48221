using System.Text;

namespace Gateway.Dialects.Hub;

/// <summary>Puts the first answer of a stream together again, for those who keep conversations.</summary>
internal sealed class HubCollector
{
    private readonly List<HubPart> _parts = [];
    private readonly Dictionary<int, (int At, StringBuilder Arguments)> _calls = [];
    private readonly StringBuilder _text = new(), _thought = new();
    private ThoughtSignature? _seal;

    /// <summary>Takes a step; those of other answers than the first are passed over.</summary>
    public void Take(in HubEvent step)
    {
        if (step.Choice != 0)
            return;
        switch (step.Kind)
        {
            case HubEventKind.Text or HubEventKind.Refusal:
                FlushThought();
                _text.Append(step.Text);
                break;
            case HubEventKind.Thinking:
                FlushText();
                _thought.Append(step.Text);
                break;
            case HubEventKind.Signature:
                _seal = step.Signature;
                FlushThought();
                break;
            case HubEventKind.HiddenThinking:
                Flush();
                _parts.Add(new HubThinking("") { Signature = step.Signature, IsHidden = true });
                break;
            case HubEventKind.ThinkingEnd:
                FlushThought();
                break;
            case HubEventKind.ToolCall:
                Flush();
                _calls[step.Call] = (_parts.Count, new(step.Text));
                _parts.Add(new HubToolCall(step.Id ?? "", step.Name ?? "", "") { IsCustom = step.IsCustom, Signature = step.Signature });
                break;
            case HubEventKind.ToolArguments when _calls.TryGetValue(step.Call, out var call):
                call.Arguments.Append(step.Text);
                break;
            case HubEventKind.CallSignature when _calls.TryGetValue(step.Call, out var sealedCall):
                _parts[sealedCall.At] = (HubToolCall)_parts[sealedCall.At] with { Signature = step.Signature };
                break;
        }
    }

    /// <summary>What was said.</summary>
    public IReadOnlyList<HubPart> Parts
    {
        get
        {
            Flush();
            foreach (var (at, arguments) in _calls.Values)
                _parts[at] = (HubToolCall)_parts[at] with { Arguments = arguments.ToString() };
            return _parts;
        }
    }

    private void Flush()
    {
        FlushThought();
        FlushText();
    }

    private void FlushText()
    {
        if (_text.Length > 0)
            _parts.Add(new HubText(_text.ToString()));
        _text.Clear();
    }

    private void FlushThought()
    {
        if (_thought.Length > 0 || _seal is not null)
            _parts.Add(new HubThinking(_thought.ToString()) { Signature = _seal });
        _thought.Clear();
        _seal = null;
    }
}
