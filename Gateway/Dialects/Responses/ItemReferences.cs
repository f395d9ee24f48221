using System.Globalization;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Responses;

/// <summary>
/// Puts items of earlier answers in the place of references to them. Of an answer its parts are kept, not the ids of its items: an id says
/// which item it is, except that a stream may have shown the seal of a call behind the call. Then it is the next of its kind.
/// </summary>
public static class ItemReferences
{
    /// <summary>The digits behind an answer's own id in the id of an item (<see cref="ResponsesItems"/>).</summary>
    private const int IndexDigits = 2;

    /// <summary>An item as clients see it.</summary>
    /// <param name="Kind">What its id begins with.</param>
    /// <param name="Parts">None where the item is the seal of a call, which stands with the call.</param>
    private sealed record Item(string Kind, List<HubPart> Parts, HubToolCall? Sealed = null)
    {
        public bool IsTaken { get; set; }
    }

    /// <param name="answerOf">The parts of a kept answer by its id; null where none is kept.</param>
    /// <returns>Null, or which item is not there.</returns>
    public static ApiError? Resolve(HubRequest hub, Func<string, IReadOnlyList<HubPart>?> answerOf)
    {
        if (!hub.Uses.Exists(static use => use.Feature == Feature.StoredConversation))
            return null;
        var answers = new Dictionary<string, List<Item>>();
        var resolved = new HashSet<string>();
        var seals = new Dictionary<string, ThoughtSignature>();
        foreach (var message in hub.Messages)
        {
            if (!message.Parts.Exists(static part => part is HubItemReference))
                continue;
            HubPart[] parts = [.. message.Parts];
            message.Parts.Clear();
            foreach (var part in parts)
            {
                if (part is not HubItemReference reference)
                {
                    message.Parts.Add(part);
                    continue;
                }
                if (Take(reference.Id, answers, answerOf) is not { } item)
                    return NotKept(reference);
                message.Parts.AddRange(item.Parts);
                if (item.Sealed is { Signature: { } seal } call)
                    seals[call.Id] = seal;
                resolved.Add(reference.Param);
            }
        }
        hub.Uses.RemoveAll(use => use.Feature == Feature.StoredConversation && resolved.Contains(use.Param));
        Seal(hub, seals);
        return null;
    }

    private static ApiError NotKept(HubItemReference reference) => ApiError.InvalidParameter(reference.Param,
        "refers to an item that is not kept; where the provider keeps no answers the gateway keeps them in memory, for an hour at most. "
        + "Send the item itself");

    /// <summary>The item of a kept answer that an id names. Null: none, or it was taken.</summary>
    private static Item? Take(string id, Dictionary<string, List<Item>> answers, Func<string, IReadOnlyList<HubPart>?> answerOf)
    {
        var end = id.IndexOf('_');
        if (end < 0 || id.Length - end - 1 <= IndexDigits)
            return null;
        var (kind, answer) = (id[..end], $"resp{id[end..^IndexDigits]}");
        if (!answers.TryGetValue(answer, out var items))
            answers[answer] = items = ItemsOf(answerOf(answer) ?? []);
        var isNumber = int.TryParse(id.AsSpan(id.Length - IndexDigits), NumberStyles.AllowHexSpecifier, null, out var index);
        var item = isNumber && index < items.Count && items[index].Kind == kind && !items[index].IsTaken
            ? items[index]
            : items.Find(item => item.Kind == kind && !item.IsTaken);
        if (item is not null)
            item.IsTaken = true;
        return item;
    }

    private static List<Item> ItemsOf(IReadOnlyList<HubPart> parts)
    {
        var items = new List<Item>();
        foreach (var part in parts)
        {
            switch (part)
            {
                case HubText or HubRefusal:
                    if (items is [.., { Kind: "msg" } message])
                        message.Parts.Add(part);
                    else
                        items.Add(new("msg", [part]));
                    break;
                case HubThinking:
                    items.Add(new("rs", [part]));
                    break;
                case HubToolCall call:
                    if (call.Signature is not null)
                        items.Add(new("rs", [], call));
                    items.Add(new(call.IsCustom ? "ctc" : "fc", [part]));
                    break;
                case HubMedia { Kind: HubMediaKind.Image }:
                    items.Add(new("ig", [part]));
                    break;
                case HubForeignPart { Format: WireFormat.Responses }:
                    items.Add(new("", [part])); // has an id that is not the gateway's
                    break;
            }
        }
        return items;
    }

    /// <summary>Gives calls that the client sent themselves the seals that it only referred to.</summary>
    private static void Seal(HubRequest hub, Dictionary<string, ThoughtSignature> seals)
    {
        if (seals.Count == 0)
            return;
        foreach (var message in hub.Messages)
        {
            for (var i = 0; i < message.Parts.Count; i++)
            {
                if (message.Parts[i] is HubToolCall { Signature: null } call && seals.TryGetValue(call.Id, out var seal))
                    message.Parts[i] = call with { Signature = seal };
            }
        }
    }
}
