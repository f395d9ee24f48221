using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>The output of an answer, as it grows.</summary>
internal sealed class ResponsesItems(HubShown shown)
{
    private readonly List<ResponsesItem> _all = [];

    /// <summary>A summary is what was asked for, or the thought as it is, which OpenAI's own models do not show.</summary>
    private readonly bool _showsSummary = shown.Request.Reasoning?.Summary is not null;

    public IReadOnlyList<ResponsesItem> All => _all;
    public bool HasRefusal => _all.Exists(static item => item.Parts.Exists(static part => part.IsRefusal));

    public ResponsesItem OpenMessage() => Open(new ResponsesItem(ItemKind.Message, IdOf("msg"), _all.Count));

    public ResponsesItem OpenThought() =>
        Open(new ResponsesItem(ItemKind.Reasoning, IdOf("rs"), _all.Count) { IsSummary = _showsSummary });

    /// <summary>A picture that the model made: OpenAI's models make them with a tool.</summary>
    public ResponsesItem AddImage(HubMedia image) =>
        Open(new ResponsesItem(ItemKind.Image, IdOf("ig"), _all.Count) { Image = image.Base64, Status = "completed" });

    public ResponsesItem OpenCall(string? callId, string name, bool isCustom)
    {
        var (space, local) = ToolNamespace.Unflatten(shown.Request, name);
        var id = IdOf(isCustom ? "ctc" : "fc");
        return Open(new ResponsesItem(isCustom ? ItemKind.CustomToolCall : ItemKind.FunctionCall, id, _all.Count)
        {
            CallId = callId ?? $"call_{shown.RandomId}{_all.Count:x2}",
            Name = local,
            Namespace = space,
        });
    }

    /// <summary>Adds a part of a whole answer.</summary>
    public void Add(HubPart part)
    {
        switch (part)
        {
            case HubText text:
                AddText(text);
                break;
            case HubRefusal refusal:
                PartOf(Message(), isRefusal: true).Text.Append(refusal.Text);
                break;
            case HubThinking thought:
                var item = OpenThought();
                item.Text.Append(thought.Text);
                item.Seal = thought.Signature is null ? null : ReasoningSeal.Write(thought);
                break;
            case HubToolCall call:
                if (call.Signature is { } seal)
                    OpenThought().Seal = ReasoningSeal.OfCall(call.Id, seal);
                OpenCall(call.Id, call.Name, call.IsCustom).Text.Append(call.Arguments);
                break;
            case HubMedia { Kind: HubMediaKind.Image, Base64.Length: > 0 } image:
                AddImage(image);
                break;
            case HubForeignPart { Format: WireFormat.Responses } foreign:
                Open(new ResponsesItem(ItemKind.Foreign, "", _all.Count) { Foreign = foreign.Json });
                break;
        }
    }

    private void AddText(HubText text)
    {
        var part = PartOf(Message(), isRefusal: false);
        var start = part.Text.Length;
        part.Text.Append(text.Text);
        if (text is { Citations: { } citations, CitationFormat: { } format })
            part.Annotations.AddRange(ResponsesCitations.Read(format, citations, start, part.Text.Length));
    }

    /// <summary>Adds the probabilities of a whole answer to its first text.</summary>
    public void AddLogprobs(JsonElement logprobs)
    {
        var part = _all.Find(static item => item.Kind == ItemKind.Message)?.Parts.Find(static part => !part.IsRefusal);
        part?.Logprobs.AddRange(logprobs.Items("content"u8));
    }

    /// <summary>The part of that kind at the end of a message; a new one where the last is of the other kind.</summary>
    public static ResponsesPart PartOf(ResponsesItem message, bool isRefusal)
    {
        if (message.Parts is not [.., { } last] || last.IsRefusal != isRefusal)
            message.Parts.Add(last = new ResponsesPart(isRefusal));
        return last;
    }

    private ResponsesItem Message() => _all is [.., { Kind: ItemKind.Message } last] ? last : OpenMessage();

    private ResponsesItem Open(ResponsesItem item)
    {
        _all.Add(item);
        return item;
    }

    private string IdOf(string prefix) => $"{prefix}_{shown.RandomId}{_all.Count:x2}";
}
