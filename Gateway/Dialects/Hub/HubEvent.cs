using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>What happens in a stream.</summary>
public enum HubEventKind
{
    /// <summary>The answer begins: <see cref="HubEvent.Id"/>, and the usage so far where it is told.</summary>
    Start,

    /// <summary>More text (<see cref="HubEvent.Text"/>).</summary>
    Text,
    Refusal,

    /// <summary>More of a thought.</summary>
    Thinking,

    /// <summary>The seal of the thought so far (<see cref="HubEvent.Signature"/>).</summary>
    Signature,

    /// <summary>The seal of the tool call of that index, where it comes behind the call.</summary>
    CallSignature,

    /// <summary>A whole hidden thought: its seal holds it.</summary>
    HiddenThinking,

    /// <summary>The thought is at its end; what follows is another part.</summary>
    ThinkingEnd,

    /// <summary>A tool is called: <see cref="HubEvent.Id"/>, <see cref="HubEvent.Name"/>, <see cref="HubEvent.Call"/>.</summary>
    ToolCall,

    /// <summary>More of the arguments of the call of that index.</summary>
    ToolArguments,

    /// <summary>A whole picture or recording (<see cref="HubEvent.Media"/>).</summary>
    Media,

    /// <summary>What the text refers to, in the words of <see cref="HubEvent.Format"/>.</summary>
    Citation,

    /// <summary>Probabilities in OpenAI's form for the text that came with it.</summary>
    Logprobs,

    /// <summary>A choice has ended: <see cref="HubEvent.Finish"/>.</summary>
    Finish,

    /// <summary>The usage (<see cref="HubEvent.Usage"/>); a later one counts instead of an earlier one.</summary>
    Usage,

    /// <summary>The provider failed: its words are in <see cref="HubEvent.Json"/>. Nothing follows.</summary>
    Error,

    /// <summary>The provider said that the stream is complete.</summary>
    End,
}

/// <summary>One step of a streamed answer in no dialect's words.</summary>
public readonly record struct HubEvent(HubEventKind Kind)
{
    /// <summary>Which of several answers.</summary>
    public int Choice { get; init; }

    /// <summary>Which tool call of that answer, from 0 on.</summary>
    public int Call { get; init; }
    public string? Text { get; init; }
    public string? Id { get; init; }
    public string? Name { get; init; }

    /// <summary>True for a call whose arguments are free text.</summary>
    public bool IsCustom { get; init; }
    public ThoughtSignature? Signature { get; init; }
    public HubFinish Finish { get; init; }
    public string? StopSequence { get; init; }
    public Usage? Usage { get; init; }

    /// <summary>The usage as it was sent.</summary>
    public string? RawUsage { get; init; }
    public ServiceTier? Service { get; init; }
    public ReportedBill? Bill { get; init; }
    public WireFormat Format { get; init; }
    public HubMedia? Media { get; init; }

    /// <summary>A JSON value of its own memory (cloned).</summary>
    public JsonElement? Json { get; init; }

    /// <summary>True for what the client would miss: before the first such event a call can be made again unseen.</summary>
    public bool IsMeaningful => Kind switch
    {
        HubEventKind.Start or HubEventKind.Usage or HubEventKind.End or HubEventKind.ThinkingEnd => false,
        HubEventKind.Text or HubEventKind.Thinking or HubEventKind.ToolArguments => Text is { Length: > 0 },
        _ => true,
    };

    public static HubEvent OfText(int choice, string text) => new(HubEventKind.Text) { Choice = choice, Text = text };
    public static HubEvent OfThinking(int choice, string text) => new(HubEventKind.Thinking) { Choice = choice, Text = text };

    public static HubEvent OfToolCall(int choice, int call, string id, string name) =>
        new(HubEventKind.ToolCall) { Choice = choice, Call = call, Id = id, Name = name };

    public static HubEvent OfArguments(int choice, int call, string text) =>
        new(HubEventKind.ToolArguments) { Choice = choice, Call = call, Text = text };

    public static HubEvent OfFinish(int choice, HubFinish finish, string? stopSequence = null) =>
        new(HubEventKind.Finish) { Choice = choice, Finish = finish, StopSequence = stopSequence };
}
