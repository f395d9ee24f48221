using System.Globalization;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// What a Claude model takes, by its name in the spelling of any provider (<c>claude-opus-4-5-20251101</c>, <c>claude-opus-4.6</c>,
/// <c>us.anthropic.claude-3-5-sonnet-20241022-v2:0</c>, <c>claude-opus-4-1@20250805</c>).
/// </summary>
/// <remarks>
/// https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting (which thinking each model takes), /effort,
/// /structured-outputs, /mid-conversation-system-messages and the models' migration guides.
/// A name without a version (<c>claude-opus-latest</c>) is the newest; a name that is not Claude's is taken by the rules of the first
/// models that think, which is what imitators of this API follow.
/// </remarks>
internal readonly struct ClaudeModel
{
    private const int Newest = 9900;
    private const int FirstThinking = 307;

    /// <summary>Major version × 100 + minor version.</summary>
    private readonly int _version;

    private readonly string _family;

    private ClaudeModel(int version, string family) => (_version, _family) = (version, family);

    public static ClaudeModel Of(string name)
    {
        var start = name.LastIndexOf("claude", StringComparison.OrdinalIgnoreCase);
        if (start < 0)
            return new(FirstThinking, "");
        var (family, major, minor) = ("", -1, -1);
        foreach (var word in name[start..].ToLowerInvariant().Split('-', '@', ':', '/'))
        {
            if (word is "opus" or "sonnet" or "haiku" or "fable" or "mythos" or "instant")
                family = word;
            else if (major < 0 && TryReadVersion(word, out major, out minor))
                continue;
            else if (major >= 0 && minor < 0)
                minor = word.Length <= 2 && TryReadNumber(word, out var number) ? number : 0;
        }
        return new(major < 0 ? (family == "instant" ? 100 : Newest) : major * 100 + Math.Max(0, minor), family);
    }

    /// <summary>True when it thinks at all when told to.</summary>
    public bool Thinks => _version >= FirstThinking;

    /// <summary>True when thinking is measured in tokens; later ones refuse that.</summary>
    public bool TakesBudget => _version is >= FirstThinking and < 407;

    /// <summary>True when it decides itself how much to think, and takes an effort.</summary>
    public bool ThinksAdaptively => _version >= 406;

    /// <summary>True when thinking cannot be turned off, nor the call of a tool be forced.</summary>
    public bool AlwaysThinks => IsOfLargest || (_family is "opus" or "" && _version >= 505);

    /// <summary>True when it thinks unless told not to.</summary>
    public bool ThinksByDefault => _version >= 500;

    /// <summary>How thinking is turned off where it is on by default.</summary>
    public string NoThinking => _family == "sonnet" && _version >= 505 ? "between_tools" : "disabled";

    /// <summary>True when the summary of thoughts must be asked for to be seen.</summary>
    public bool HidesThinking => _version >= 407;

    /// <summary>The word for an effort above high.</summary>
    public string HighestEffort => _version >= 407 ? "xhigh" : "max";

    /// <summary>True when it takes temperature, top_p and top_k.</summary>
    public bool TakesSampling => _version < 407;

    /// <summary>True when it takes temperature or top_p, but not both.</summary>
    public bool TakesOneOfTemperatureAndTopP => _version >= 401;

    /// <summary>True when the answer may be begun by the client.</summary>
    public bool TakesPrefill => _version < 406;

    /// <summary>True when it holds answers and strict tools to a schema.</summary>
    public bool TakesSchemas => _version >= 405;

    /// <summary>True when instructions may stand between messages.</summary>
    public bool TakesSystemWithin => _version >= 408;

    private bool IsOfLargest => _family is "fable" or "mythos" && _version >= 500;

    /// <summary><c>4</c>, <c>4.6</c>; a date is none.</summary>
    private static bool TryReadVersion(string word, out int major, out int minor)
    {
        (major, minor) = (-1, -1);
        var point = word.IndexOf('.');
        if (point < 0)
        {
            if (word.Length > 2 || !TryReadNumber(word, out var number))
                return false;
            major = number;
            return true;
        }
        if (!TryReadNumber(word[..point], out var whole) || !TryReadNumber(word[(point + 1)..], out var part) || whole > 99 || part > 99)
            return false;
        (major, minor) = (whole, part);
        return true;
    }

    private static bool TryReadNumber(string word, out int number) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
