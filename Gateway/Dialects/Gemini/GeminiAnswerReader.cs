using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads a whole answer: what its one chunk comes to, put together.</summary>
internal static class GeminiAnswerReader
{
    /// <returns>Null: it is not what Google answers with.</returns>
    public static HubAnswer? Read(ReadOnlyMemory<byte> body)
    {
        var steps = new List<HubEvent>();
        var mark = OpenAi.OpenAiAnswer.ByteOrderMark;
        var bytes = body.Span.StartsWith(mark) ? body.Span[mark.Length..] : body.Span;
        try
        {
            if (HubJson.TryParse(bytes) is not { ValueKind: JsonValueKind.Object } root || !new GeminiChunkReader().Read(root, steps))
                return null;
        }
        catch (InvalidOperationException)
        {
            return null; // a text in it is half a surrogate pair
        }
        var answer = new HubAnswer();
        foreach (var step in steps)
        {
            if (step.Kind == HubEventKind.Error)
                return null;
            Take(answer, step);
        }
        foreach (var choice in answer.Choices)
        {
            var parts = GeminiThoughts.Join([.. choice.Parts]);
            choice.Parts.Clear();
            choice.Parts.AddRange(parts);
        }
        return answer.Choices.Count > 0 ? answer : null;
    }

    private static void Take(HubAnswer answer, in HubEvent step)
    {
        switch (step.Kind)
        {
            case HubEventKind.Start:
                answer.Id = step.Id;
                break;
            case HubEventKind.Usage:
                answer.Usage = step.Usage ?? answer.Usage;
                answer.RawUsage = step.RawUsage ?? answer.RawUsage;
                answer.Service = step.Service ?? answer.Service;
                answer.Bill = step.Bill ?? answer.Bill;
                break;
            default:
                while (answer.Choices.Count <= step.Choice)
                    answer.Choices.Add(new());
                Take(answer.Choices[step.Choice], step);
                break;
        }
    }

    private static void Take(HubChoice choice, in HubEvent step)
    {
        var parts = choice.Parts;
        switch (step.Kind)
        {
            case HubEventKind.Text:
                parts.Add(new HubText(step.Text!));
                break;
            case HubEventKind.Refusal:
                parts.Add(new HubRefusal(step.Text!));
                break;
            case HubEventKind.Thinking:
                parts.Add(new HubThinking(step.Text!));
                break;
            case HubEventKind.Signature:
                parts[^1] = ((HubThinking)parts[^1]) with { Signature = step.Signature };
                break;
            case HubEventKind.HiddenThinking:
                parts.Add(new HubThinking("") { Signature = step.Signature, IsHidden = true });
                break;
            case HubEventKind.ToolCall:
                parts.Add(new HubToolCall(step.Id!, step.Name!, "") { Signature = step.Signature });
                break;
            case HubEventKind.ToolArguments:
                parts[^1] = ((HubToolCall)parts[^1]) with { Arguments = step.Text! };
                break;
            case HubEventKind.Media:
                parts.Add(step.Media!);
                break;
            case HubEventKind.Citation:
                Cite(parts, step.Json!.Value);
                break;
            case HubEventKind.Logprobs:
                choice.Logprobs = step.Json;
                break;
            case HubEventKind.Finish:
                choice.Finish = step.Finish;
                break;
        }
    }

    /// <summary>The annotations speak of the whole text; where it came in several parts they are joined.</summary>
    private static void Cite(List<HubPart> parts, JsonElement annotations)
    {
        var texts = parts.OfType<HubText>().ToArray();
        if (texts.Length == 0)
            return;
        var at = parts.IndexOf(texts[0]);
        parts.RemoveAll(static part => part is HubText);
        parts.Insert(at, new HubText(string.Concat(texts.Select(static text => text.Text)))
        {
            Citations = annotations,
            CitationFormat = WireFormat.OpenAi,
        });
    }
}
