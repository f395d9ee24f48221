using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>
/// Writes one streamed answer: items open and close around what grows. Calls of tools stay open until the answer ends, as providers may
/// write the arguments of several at a time.
/// </summary>
internal sealed class ResponsesStreamWriter(HubShown shown) : HubStreamWriter
{
    private readonly ResponsesItems _items = new(shown);
    private readonly ResponseObject _response = new(shown, shown.Now);
    private readonly ResponsesEvents _events = new();
    private readonly SortedDictionary<int, ResponsesItem> _calls = [];
    private ResponsesItem? _message, _thought;
    private bool _hasBegun;

    public override void Write(in HubEvent step, IBufferWriter<byte> output)
    {
        if (step.Choice > 0)
            return; // there is one answer
        Begin(output);
        switch (step.Kind)
        {
            case HubEventKind.Text or HubEventKind.Refusal:
                WriteText(step.Text!, step.Kind == HubEventKind.Refusal, output);
                break;
            case HubEventKind.Citation when step.Json is { } citation:
                WriteCitation(step.Format, citation, output);
                break;
            case HubEventKind.Logprobs when step.Json is { } logprobs:
                WriteLogprobs(logprobs, output);
                break;
            case HubEventKind.Thinking or HubEventKind.Signature or HubEventKind.HiddenThinking or HubEventKind.ThinkingEnd:
                WriteThinking(step, output);
                break;
            case HubEventKind.ToolCall:
                OpenCall(step, output);
                break;
            case HubEventKind.CallSignature when step.Signature is { } seal && _calls.TryGetValue(step.Call, out var sealedCall):
                WriteSeal(ReasoningSeal.OfCall(sealedCall.CallId!, seal), output);
                break;
            case HubEventKind.ToolArguments when _calls.TryGetValue(step.Call, out var call) && step.Text is { Length: > 0 } text:
                call.Text.Append(text);
                _events.Delta(output, call, text);
                break;
            case HubEventKind.Media when step.Media is { Kind: HubMediaKind.Image, Base64.Length: > 0 } image:
                CloseThought(output);
                CloseMessage(output);
                var item = _items.AddImage(image);
                _events.ItemAdded(output, item);
                _events.ItemDone(output, item);
                break;
            case HubEventKind.Usage:
                (_response.Usage, _response.Service) = (step.Usage ?? _response.Usage, step.Service ?? _response.Service);
                _response.Bill = step.Bill ?? _response.Bill;
                break;
            case HubEventKind.Finish:
                _response.Finish(step.Finish, _items);
                CloseAll(output);
                break;
        }
    }

    public override void End(IBufferWriter<byte> output)
    {
        Begin(output);
        if (_response.Status == "in_progress")
            _response.Finish(HubFinish.None, _items);
        CloseAll(output);
        _events.Response(output, _response.Status == "completed" ? "response.completed"u8 : "response.incomplete"u8, _response, _items.All);
    }

    private void Begin(IBufferWriter<byte> output)
    {
        if (_hasBegun)
            return;
        _hasBegun = true;
        _events.Response(output, "response.created"u8, _response, []);
        _events.Response(output, "response.in_progress"u8, _response, []);
    }

    private void WriteText(string text, bool isRefusal, IBufferWriter<byte> output)
    {
        if (text.Length == 0)
            return;
        CloseThought(output);
        if (_message is null)
        {
            _message = _items.OpenMessage();
            _events.ItemAdded(output, _message);
        }
        var before = _message.Parts.Count;
        var last = before > 0 ? _message.Parts[^1] : null;
        var part = ResponsesItems.PartOf(_message, isRefusal);
        if (_message.Parts.Count > before)
        {
            if (last is not null)
                _events.PartDone(output, _message, before - 1);
            _events.PartAdded(output, _message);
        }
        part.Text.Append(text);
        _events.Delta(output, _message, text);
    }

    private void WriteCitation(WireFormat format, JsonElement citation, IBufferWriter<byte> output)
    {
        if (_message?.Parts is not [.., { IsRefusal: false } part])
            return;
        foreach (var annotation in ResponsesCitations.Read(format, citation, 0, part.Text.Length))
        {
            part.Annotations.Add(annotation);
            _events.Annotation(output, _message, annotation);
        }
    }

    /// <summary>Probabilities come behind their text: in a delta of their own.</summary>
    private void WriteLogprobs(JsonElement logprobs, IBufferWriter<byte> output)
    {
        if (_message?.Parts is not [.., { IsRefusal: false } part])
            return;
        List<JsonElement> items = [.. logprobs.Items("content"u8)];
        part.Logprobs.AddRange(items);
        if (items.Count > 0)
            _events.Delta(output, _message, "", items);
    }

    private void WriteThinking(in HubEvent step, IBufferWriter<byte> output)
    {
        switch (step.Kind)
        {
            case HubEventKind.Thinking when step.Text is { Length: > 0 } text:
                OpenThought(output, hasText: true);
                _thought!.Text.Append(text);
                _events.Delta(output, _thought, text);
                break;
            case HubEventKind.Signature when step.Signature is { } seal:
                OpenThought(output, hasText: false);
                _thought!.Seal = ReasoningSeal.OfThought(seal, isOmitted: _thought.Text.Length == 0);
                break;
            case HubEventKind.HiddenThinking when step.Signature is { } seal:
                CloseThought(output);
                WriteSeal(ReasoningSeal.OfThought(seal, isOmitted: false), output);
                break;
            case HubEventKind.ThinkingEnd:
                CloseThought(output);
                break;
        }
    }

    private void OpenThought(IBufferWriter<byte> output, bool hasText)
    {
        CloseMessage(output);
        if (_thought is null)
        {
            _thought = _items.OpenThought();
            _events.ItemAdded(output, _thought);
        }
        if (hasText && _thought.Text.Length == 0)
            _events.PartAdded(output, _thought);
    }

    /// <summary>Writes an item that holds a seal alone.</summary>
    private void WriteSeal(string seal, IBufferWriter<byte> output)
    {
        CloseMessage(output);
        var item = _items.OpenThought();
        _events.ItemAdded(output, item);
        item.Seal = seal;
        _events.ItemDone(output, item);
    }

    private void OpenCall(in HubEvent step, IBufferWriter<byte> output)
    {
        CloseThought(output);
        CloseMessage(output);
        if (_calls.ContainsKey(step.Call))
            return;
        if (step.Signature is { } seal && step.Id is { } id)
            WriteSeal(ReasoningSeal.OfCall(id, seal), output);
        var call = _items.OpenCall(step.Id, step.Name ?? "", step.IsCustom);
        _calls[step.Call] = call;
        _events.ItemAdded(output, call);
    }

    private void CloseThought(IBufferWriter<byte> output)
    {
        if (_thought is null)
            return;
        if (_thought.Text.Length > 0)
            _events.PartDone(output, _thought, 0);
        _events.ItemDone(output, _thought);
        _thought = null;
    }

    private void CloseMessage(IBufferWriter<byte> output)
    {
        if (_message is null)
            return;
        _message.Status = _response.LastStatus;
        _events.PartDone(output, _message, _message.Parts.Count - 1);
        _events.ItemDone(output, _message);
        _message = null;
    }

    private void CloseAll(IBufferWriter<byte> output)
    {
        CloseThought(output);
        CloseMessage(output);
        foreach (var call in _calls.Values)
        {
            if (call.Status == "in_progress")
                call.Status = _response.LastStatus;
            _events.PartDone(output, call, 0);
            _events.ItemDone(output, call);
        }
        _calls.Clear();
    }
}
