using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>What a body asks of an answer that the cost depends on: how long, how many, how urgent, in which form.</summary>
/// <remarks>A null member is one that the body does not have.</remarks>
public readonly record struct AnswerTerms
{
    public const string MaxTokensName = "max_tokens";
    public const string MaxCompletionTokensName = "max_completion_tokens";

    /// <summary>Responses' name; there it is read as <see cref="MaxTokens"/>.</summary>
    public const string MaxOutputTokensName = "max_output_tokens";

    /// <summary>A limit that limits nothing: a negative number, or one beyond all counting.</summary>
    public const long NoLimit = long.MaxValue;

    /// <summary>A limit that is there and null: it keeps a default away and leaves the say to the other name.</summary>
    private const long Unset = 0;

    /// <summary>More is no limit: no model writes as much, and up to here a double is exact.</summary>
    internal const double MostTokens = 1e15;

    /// <summary>No provider gives as many answers (OpenAI: 128); more is refused by whoever is asked for it.</summary>
    private const long MostChoices = 1_000_000;

    /// <summary>The limits of output tokens: positive, <see cref="NoLimit"/>, or 0 for one that is there and null.</summary>
    public long? MaxTokens { get; init; }
    public long? MaxCompletionTokens { get; init; }

    /// <summary><c>n</c>, at least 1.</summary>
    public long? Choices { get; init; }

    /// <summary><c>best_of</c>, at least 1.</summary>
    public long? BestOf { get; init; }

    /// <summary>How many prompts <c>prompt</c> is: a text or a list of token numbers is one, a list of those is several.</summary>
    public long? Prompts { get; init; }

    /// <summary>True when <c>service_tier</c> is there.</summary>
    public bool HasService { get; init; }

    /// <summary>The urgency. Null: not said, or left to the provider (<c>auto</c>).</summary>
    public ServiceTier? Service { get; init; }

    /// <summary>True when <c>modalities</c> names audio; false when it is there and does not.</summary>
    public bool? Speaks { get; init; }

    /// <summary>The larger limit, since a provider may read either; maybe <see cref="NoLimit"/>. Null: there is none.</summary>
    public long? Limit => Math.Max(MaxTokens ?? Unset, MaxCompletionTokens ?? Unset) is > Unset and var limit ? limit : null;

    /// <summary>The same where it does limit something. Null: nothing does.</summary>
    public long? RealLimit => Limit is { } limit and not NoLimit ? limit : null;

    internal bool HasLimitMember => MaxTokens is not null || MaxCompletionTokens is not null;

    /// <summary>How many answers to one prompt are paid for; with <c>best_of</c> more are written than sent.</summary>
    public long PaidPerPrompt => Math.Max(Choices ?? 1, BestOf ?? 1);

    /// <summary>Reads the members of a config: name and JSON value. What is no number counts as absent.</summary>
    public static AnswerTerms Of(IEnumerable<KeyValuePair<string, string>> members)
    {
        var terms = new AnswerTerms();
        foreach (var (name, json) in members)
        {
            var kind = MemberNames.KindOf(Encoding.UTF8.GetBytes(name));
            if (kind is not (MemberKind.MaxTokens or MemberKind.MaxCompletionTokens) && !IsTerm(kind))
                continue;
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
            reader.Read();
            terms.With(kind, ref reader, out terms);
        }
        return terms;
    }

    /// <summary>What leaves when several say something: what a deployment overrules, then the client, then the deployment's defaults.</summary>
    /// <param name="overrides">Where one of its limits is set, no other limit leaves.</param>
    /// <param name="defaults">Its limits fill in only where the client set none that limits.</param>
    /// <param name="dropped">Members that leave neither from the client nor from the defaults.</param>
    /// <param name="renamesLimit">True where a limit leaves under the old name only (<see cref="RequestChanges.RenamesLimit"/>).</param>
    public static AnswerTerms Sent(in AnswerTerms overrides, in AnswerTerms client, in AnswerTerms defaults,
        IReadOnlyCollection<string> dropped, bool renamesLimit)
    {
        var (own, asked, filled) = (overrides, client.Without(dropped), defaults);
        if (renamesLimit)
            (own, asked, filled) = (own.Renamed(), asked.Renamed().Without(dropped), filled.Renamed());
        filled = filled.Without(dropped);
        var isLimited = client.RealLimit is not null;
        var hasOwn = own.HasLimitMember;
        return new AnswerTerms
        {
            MaxTokens = hasOwn ? own.MaxTokens : asked.MaxTokens ?? (isLimited ? null : filled.MaxTokens),
            MaxCompletionTokens =
                hasOwn ? own.MaxCompletionTokens : asked.MaxCompletionTokens ?? (isLimited ? null : filled.MaxCompletionTokens),
            Choices = overrides.Choices ?? asked.Choices ?? filled.Choices,
            BestOf = overrides.BestOf ?? asked.BestOf ?? filled.BestOf,
            Prompts = overrides.Prompts ?? asked.Prompts ?? filled.Prompts,
            HasService = overrides.HasService || asked.HasService || filled.HasService,
            Service = overrides.HasService ? overrides.Service : asked.HasService ? asked.Service : filled.Service,
            Speaks = overrides.Speaks ?? asked.Speaks ?? filled.Speaks,
        };
    }

    /// <summary>True for a member that these terms are made of, in any dialect: Google's clients have theirs in an object.</summary>
    public static bool IsTerm(string name)
    {
        var kind = MemberNames.KindOf(Encoding.UTF8.GetBytes(name));
        return kind is MemberKind.MaxTokens or MemberKind.MaxCompletionTokens or MemberKind.MaxOutputTokens || IsTerm(kind)
            || name.StartsWith("generationConfig", StringComparison.Ordinal) || name.StartsWith("generation_config", StringComparison.Ordinal);
    }

    /// <summary>True for a member that these terms are made of, the limits aside.</summary>
    internal static bool IsTerm(MemberKind kind) => kind is >= MemberKind.Choices and <= MemberKind.Prompt;

    /// <summary>These terms with one member more.</summary>
    /// <param name="reader">At the member's value.</param>
    /// <returns>Null, or what is wrong with the value; then it counts as absent.</returns>
    /// <exception cref="InvalidOperationException">A text in it is not Unicode.</exception>
    internal string? With(MemberKind kind, ref Utf8JsonReader reader, out AnswerTerms terms)
    {
        terms = this;
        switch (kind)
        {
            case MemberKind.MaxTokens or MemberKind.MaxCompletionTokens:
                if (ReadLimit(ref reader, out var limit) is { } wrong)
                    return wrong;
                terms = kind == MemberKind.MaxTokens ? this with { MaxTokens = limit } : this with { MaxCompletionTokens = limit };
                return null;
            case MemberKind.Choices or MemberKind.BestOf:
                if (ReadCount(ref reader, out var count) is { } malformed)
                    return malformed;
                terms = kind == MemberKind.Choices ? this with { Choices = count } : this with { BestOf = count };
                return null;
            case MemberKind.ServiceTier:
                if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
                    return "must be a string";
                terms = this with { HasService = true, Service = ReadService(ref reader) };
                return null;
            case MemberKind.Modalities:
                terms = this with { Speaks = NamesAudio(ref reader) };
                return null;
            default:
                terms = this with { Prompts = ReadPrompts(ref reader) };
                return null;
        }
    }

    /// <summary>
    /// A limit. A negative number limits nothing: servers of one's own take -1 for none. What is no whole number is refused, as by
    /// OpenAI, and so is 0: OpenAI refuses it for a chat, and Ollama takes it for no limit.
    /// </summary>
    private static string? ReadLimit(ref Utf8JsonReader reader, out long limit)
    {
        limit = Unset;
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (!TryReadWhole(ref reader, out var number))
            return "must be a whole number";
        if (number == 0)
            return "must be at least 1";
        limit = number is < 0 or > MostTokens ? NoLimit : (long)number;
        return null;
    }

    /// <summary>A count of answers. Python's readers take 100.0 and "100" for 100, so what is no plain count is refused.</summary>
    private static string? ReadCount(ref Utf8JsonReader reader, out long? count)
    {
        count = null;
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (!TryReadWhole(ref reader, out var number))
            return "must be a whole number";
        count = (long)Math.Clamp(number, 1, MostChoices);
        return null;
    }

    /// <summary>1000.0 is whole too: there are languages without a type for whole numbers.</summary>
    private static bool TryReadWhole(ref Utf8JsonReader reader, out double number)
    {
        number = 0;
        return reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out number) && number == Math.Floor(number);
    }

    /// <summary>
    /// OpenAI's, Anthropic's, Gemini's and Groq's words. An urgency that is not known may be dearer than any that is; it counts as the
    /// dearest, which a price has to know.
    /// </summary>
    private static ServiceTier? ReadService(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.Null
        ? null
        : reader.GetString()!.ToLowerInvariant() switch
        {
            "" or "auto" => null,
            "default" or "standard" or "standard_only" or "on_demand" => ServiceTier.Standard,
            "flex" => ServiceTier.Flex,
            "batch" => ServiceTier.Batch,
            _ => ServiceTier.Priority,
        };

    /// <summary>True unless it is a list of texts none of which is audio.</summary>
    private static bool NamesAudio(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return false;
        if (reader.TokenType != JsonTokenType.StartArray)
            return true;
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            if (!reader.ValueTextEquals("text"u8) && !reader.ValueTextEquals("image"u8))
                return true;
        }
        return reader.TokenType != JsonTokenType.EndArray;
    }

    private static long ReadPrompts(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return 1;
        var (items, areNumbers) = (0L, true);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            areNumbers &= reader.TokenType == JsonTokenType.Number;
            reader.Skip();
            items++;
        }
        return areNumbers ? 1 : items;
    }

    /// <summary>The new limit stands for the old one where that is absent or null.</summary>
    private AnswerTerms Renamed() => MaxCompletionTokens is null
        ? this
        : this with { MaxTokens = MaxTokens is null or Unset ? MaxCompletionTokens : MaxTokens, MaxCompletionTokens = null };

    private AnswerTerms Without(IReadOnlyCollection<string> dropped)
    {
        var terms = this;
        foreach (var name in dropped)
        {
            terms = name switch
            {
                MaxTokensName or MaxOutputTokensName => terms with { MaxTokens = null },
                MaxCompletionTokensName => terms with { MaxCompletionTokens = null },
                "n" => terms with { Choices = null },
                "best_of" => terms with { BestOf = null },
                "prompt" => terms with { Prompts = null },
                "service_tier" => terms with { HasService = false, Service = null },
                "modalities" => terms with { Speaks = null },
                _ => terms,
            };
        }
        return terms;
    }
}
