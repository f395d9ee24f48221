namespace Gateway.Dialects;

/// <summary>How large the input of a request is: what it probably counts, and what an upper bound of its tokens is made of.</summary>
public readonly record struct InputSize
{
    /// <summary>
    /// What a file, a video or a server's own search counts where the model's context window is not known: the largest window that a
    /// provider in the price book offers is two million tokens.
    /// </summary>
    public const long UnknownAtMost = 2_097_152;

    /// <summary>About how many tokens the input has. Not a bound.</summary>
    public long Estimate { get; init; }

    /// <summary>An upper bound of the tokens of all text, of tools and of what providers add; media are not in it.</summary>
    public long TextAtMost { get; init; }

    /// <summary>Pictures, given inline or by URL.</summary>
    public int Images { get; init; }

    /// <summary>An upper bound of the tokens of all inline recordings.</summary>
    public long AudioAtMost { get; init; }

    /// <summary>
    /// What may fill the context window: files, videos, media of unknown kinds, stored conversations, tools that a server runs.
    /// </summary>
    public int Files { get; init; }

    /// <summary>An upper bound of the output tokens billed beyond the answer: those of a predicted output that were rejected.</summary>
    public long ExtraOutputAtMost { get; init; }

    /// <summary>
    /// An upper bound of the input tokens as this model counts them, never above its context window, since providers refuse more.
    /// </summary>
    /// <param name="model">
    /// The model's name at the provider, or the base model where that name says nothing (Azure): pictures count by it.
    /// </param>
    /// <param name="contextWindow">Tokens, input and output together. Null: not known.</param>
    public long AtMost(string model, long? contextWindow)
    {
        var images = Images == 0 ? 0 : Images * ImageTokens.AtMost(model);
        var known = TextAtMost + images + AudioAtMost;
        return contextWindow is not { } window || window <= 0 ? known + (Files > 0 ? UnknownAtMost : 0)
            : Files > 0 ? window
            : Math.Min(known, window);
    }

    /// <summary>The size of both together, where a deployment's config adds members to a body.</summary>
    public static InputSize operator +(InputSize a, InputSize b) => new()
    {
        Estimate = a.Estimate + b.Estimate,
        TextAtMost = a.TextAtMost + b.TextAtMost,
        Images = a.Images + b.Images,
        AudioAtMost = a.AudioAtMost + b.AudioAtMost,
        Files = a.Files + b.Files,
        ExtraOutputAtMost = a.ExtraOutputAtMost + b.ExtraOutputAtMost,
    };
}
