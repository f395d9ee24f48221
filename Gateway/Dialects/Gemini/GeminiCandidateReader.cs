using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads one candidate, whole or piece by piece.</summary>
internal sealed class GeminiCandidateReader(int index, GeminiCallIds ids)
{
    /// <summary>The text so far, which a grounding's offsets speak of.</summary>
    private readonly StringBuilder _text = new();
    private int _calls;
    private bool _isThinking, _hasContent;

    public void Read(JsonElement candidate, List<HubEvent> steps)
    {
        if (candidate.Find("content"u8) is { } content)
        {
            foreach (var part in content.Items("parts"u8))
                ReadPart(part, steps);
        }
        if (candidate.Find("logprobsResult"u8) is { } logprobs && GeminiLogprobs.Read(logprobs) is { } read)
            steps.Add(new(HubEventKind.Logprobs) { Choice = index, Json = read });
        if (candidate.Find("groundingMetadata"u8) is { } grounding)
            ReadGrounding(grounding, steps);
        ReadFinish(candidate, steps);
    }

    private void ReadPart(JsonElement part, List<HubEvent> steps)
    {
        var seal = GeminiSeal.Read(part.FindText("thoughtSignature"u8));
        if (part.Find("thought"u8)?.ValueKind == JsonValueKind.True)
        {
            ReadThought(part.FindText("text"u8) ?? "", seal, steps);
            return;
        }
        if (_isThinking)
            steps.Add(new(HubEventKind.ThinkingEnd) { Choice = index });
        _isThinking = false;
        if (part.Find("functionCall"u8) is { } call)
        {
            ReadCall(call, seal, steps);
            return;
        }
        if (TextOf(part) is { Length: > 0 } text)
        {
            _hasContent = true;
            _text.Append(text);
            steps.Add(HubEvent.OfText(index, text));
        }
        else if (part.Find("inlineData"u8) is { } media)
        {
            _hasContent = true;
            steps.Add(new(HubEventKind.Media) { Choice = index, Media = GeminiMedia.ReadInline(media) });
        }
        // A seal on what is no thought and no call seals the thoughts before it, which are not shown.
        if (seal is not null)
            steps.Add(new(HubEventKind.HiddenThinking) { Choice = index, Signature = seal });
    }

    private void ReadThought(string text, ThoughtSignature? seal, List<HubEvent> steps)
    {
        _isThinking = true;
        if (text.Length > 0)
            steps.Add(HubEvent.OfThinking(index, text));
        if (seal is not null)
            steps.Add(new(text.Length > 0 ? HubEventKind.Signature : HubEventKind.HiddenThinking) { Choice = index, Signature = seal });
    }

    private void ReadCall(JsonElement call, ThoughtSignature? seal, List<HubEvent> steps)
    {
        _hasContent = true;
        var number = _calls++;
        var id = call.FindText("id"u8) is { Length: > 0 } given ? given : ids.Next();
        steps.Add(HubEvent.OfToolCall(index, number, id, call.FindText("name"u8) ?? "") with { Signature = seal });
        steps.Add(HubEvent.OfArguments(index, number, call.Find("args"u8) is { } args ? GeminiJson.Compact(args) : "{}"));
    }

    /// <summary>Text, or what Google's own code tool wrote and gave, in a fence.</summary>
    private static string? TextOf(JsonElement part)
    {
        if (part.Find("executableCode"u8) is { } code)
            return $"\n```{(code.FindText("language"u8) ?? "").ToLowerInvariant()}\n{code.FindText("code"u8)}\n```\n";
        return part.Find("codeExecutionResult"u8) is { } result ? $"\n```\n{result.FindText("output"u8)}\n```\n" : part.FindText("text"u8);
    }

    private void ReadGrounding(JsonElement grounding, List<HubEvent> steps)
    {
        if (GeminiGrounding.Read(grounding, _text.ToString()) is { } annotations)
            steps.Add(new(HubEventKind.Citation) { Choice = index, Json = annotations, Format = WireFormat.OpenAi });
        if (GeminiGrounding.Bill(grounding) is { } bill)
            steps.Add(new(HubEventKind.Usage) { Bill = bill });
    }

    private void ReadFinish(JsonElement candidate, List<HubEvent> steps)
    {
        var reason = candidate.FindText("finishReason"u8);
        var finish = GeminiFinish.Read(reason, _calls > 0);
        if (finish == HubFinish.None)
            return;
        if (GeminiFinish.IsFailure(reason) && !_hasContent)
            steps.Add(new(HubEventKind.Refusal)
            {
                Choice = index,
                Text = candidate.FindText("finishMessage"u8) ?? $"The model gave no answer: {RecordedText.Shorten(reason!)}.",
            });
        steps.Add(HubEvent.OfFinish(index, finish));
    }
}
