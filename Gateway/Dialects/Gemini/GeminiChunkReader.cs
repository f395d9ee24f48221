using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads Google's answer, whole or one chunk of a stream after another: both have the same form.</summary>
internal sealed class GeminiChunkReader
{
    /// <summary>More candidates no model gives (8 at most).</summary>
    private const int MaxCandidates = 128;

    private readonly Dictionary<int, GeminiCandidateReader> _candidates = [];
    private bool _hasStarted;
    private GeminiCallIds? _ids;

    /// <summary>Reads one object.</summary>
    /// <param name="raw">The same, as it came.</param>
    /// <returns>False: it is not what Google answers with.</returns>
    public bool Read(JsonElement root, List<HubEvent> steps)
    {
        if (root.Find("error"u8) is not null && root.Find("candidates"u8) is null)
        {
            steps.Add(new(HubEventKind.Error) { Json = root });
            return true;
        }
        var usage = root.Find("usageMetadata"u8);
        var blocked = root.Find("promptFeedback"u8)?.FindText("blockReason"u8);
        if (root.Find("candidates"u8) is not { ValueKind: JsonValueKind.Array } candidates && usage is null && blocked is null)
            return false;
        Start(root, steps);
        if (usage is { } counted)
            ReadUsage(counted, steps);
        foreach (var candidate in root.Items("candidates"u8))
        {
            if (candidate.ValueKind != JsonValueKind.Object)
                return false;
            var index = (int)Math.Clamp(candidate.FindCount("index"u8), 0, MaxCandidates - 1);
            if (!_candidates.TryGetValue(index, out var reader))
                _candidates[index] = reader = new(index, _ids!);
            reader.Read(candidate, steps);
        }
        if (blocked is not null && blocked != "BLOCKED_REASON_UNSPECIFIED" && _candidates.Count == 0)
            ReadBlock(root.Find("promptFeedback"u8)!.Value, blocked, steps);
        return true;
    }

    private void Start(JsonElement root, List<HubEvent> steps)
    {
        if (_hasStarted)
            return;
        var id = root.FindText("responseId"u8); // throws where it is half a surrogate pair: then the next chunk begins the stream
        _hasStarted = true;
        _ids = new GeminiCallIds(id);
        steps.Add(new(HubEventKind.Start) { Id = id });
    }

    private static void ReadUsage(JsonElement usage, List<HubEvent> steps)
    {
        if (GeminiUsage.Read(usage) is { } read)
            steps.Add(new(HubEventKind.Usage)
            {
                Usage = read,
                RawUsage = StreamTranslator.KeepRawUsage(Encoding.UTF8.GetBytes(usage.GetRawText())),
                Service = GeminiUsage.Tier(usage),
            });
    }

    /// <summary>A prompt that was held back has no candidate: the answer is that it was.</summary>
    private static void ReadBlock(JsonElement feedback, string reason, List<HubEvent> steps)
    {
        var message = feedback.FindText("blockReasonMessage"u8) ?? $"The prompt was blocked: {RecordedText.Shorten(reason)}.";
        steps.Add(new(HubEventKind.Refusal) { Text = message });
        steps.Add(HubEvent.OfFinish(0, HubFinish.ContentFilter));
        steps.Add(new(HubEventKind.End)); // however many answers were asked for, none will come
    }
}
