namespace Gateway;

/// <summary>
/// The tokens of one answer in disjoint buckets: each token is in exactly one, and the buckets add up to what the provider
/// reported. (Providers report overlapping figures: cached tokens are part of the prompt, reasoning is part of the completion.)
/// </summary>
public readonly record struct Usage
{
    /// <summary>Plain input tokens: neither cached, nor written to a cache, nor audio, nor an image's.</summary>
    public long Input { get; init; }

    /// <summary>Input tokens read from the provider's prompt cache.</summary>
    public long CachedRead { get; init; }

    /// <summary>Input tokens written to a prompt cache that lives 5 minutes (or whose life is not known).</summary>
    public long CacheWrite { get; init; }

    /// <summary>Input tokens written to a prompt cache that lives an hour.</summary>
    public long CacheWriteHour { get; init; }

    /// <summary>Audio input tokens.</summary>
    public long InputAudio { get; init; }

    /// <summary>Input tokens of images, where the provider counts them apart.</summary>
    public long InputImage { get; init; }

    /// <summary>Plain output tokens: neither reasoning, nor audio, nor an image's.</summary>
    public long Output { get; init; }

    /// <summary>Reasoning tokens, billed as output by most providers.</summary>
    public long Reasoning { get; init; }

    /// <summary>Audio output tokens.</summary>
    public long OutputAudio { get; init; }

    /// <summary>Output tokens of images.</summary>
    public long OutputImage { get; init; }

    /// <summary>All input tokens.</summary>
    public long Prompt => Input + CachedRead + CacheWrite + CacheWriteHour + InputAudio + InputImage;

    /// <summary>All output tokens.</summary>
    public long Completion => Output + Reasoning + OutputAudio + OutputImage;

    /// <summary>All tokens.</summary>
    public long Total => Prompt + Completion;
}
