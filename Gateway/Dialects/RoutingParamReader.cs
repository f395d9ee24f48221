using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>Reads what a client says about how its request is tried, and refuses what cannot be meant.</summary>
internal static class RoutingParamReader
{
    /// <summary>Of a value that is wrong, so much is told.</summary>
    private const int QuotedLength = 40;

    /// <summary>Twice the longest names that are allowed, should each letter be escaped.</summary>
    private const int MostFallbackBytes = 2 * RoutingParams.MostFallbacks * RecordedText.MaxLength * 6;

    /// <summary>The parameter's name in messages.</summary>
    public static string NameOf(MemberKind kind) => kind switch
    {
        MemberKind.Timeout => "timeout",
        MemberKind.RequestTimeout => "request_timeout",
        MemberKind.StreamTimeout => "stream_timeout",
        MemberKind.NumRetries => "num_retries",
        MemberKind.Fallbacks => "fallbacks",
        MemberKind.ContextWindowFallbacks => "context_window_fallbacks",
        MemberKind.ContentPolicyFallbacks => "content_policy_fallbacks",
        MemberKind.DefaultFallbacks => "default_fallbacks",
        MemberKind.DisableFallbacks => "disable_fallbacks",
        MemberKind.Tags => "tags",
        MemberKind.LiteLlmMetadata => "litellm_metadata",
        _ => "metadata",
    };

    /// <summary>Takes over one member, which is not null.</summary>
    /// <returns>Null, or why the request is refused.</returns>
    /// <exception cref="InvalidOperationException">A text in it is not Unicode.</exception>
    public static ApiError? Read(ClientRequest request, in JsonMember member)
    {
        var json = request.ValueOf(member);
        var name = NameOf(member.Kind);
        var known = request.Routing ?? RoutingParams.None;
        ApiError? error;
        switch (member.Kind)
        {
            case MemberKind.Timeout:
                error = ReadSeconds(name, json, out var timeout);
                request.Routing = known with { Timeout = timeout };
                return error;
            case MemberKind.RequestTimeout:
                error = ReadSeconds(name, json, out var requestTimeout);
                request.Routing = known with { Timeout = known.Timeout ?? requestTimeout };
                return error;
            case MemberKind.StreamTimeout:
                error = ReadSeconds(name, json, out var streamTimeout);
                request.Routing = known with { StreamTimeout = streamTimeout };
                return error;
            case MemberKind.NumRetries:
                error = Retries(name, NumberText(json), Quote(json), out var retries);
                request.Routing = known with { NumRetries = retries };
                return error;
            case MemberKind.DisableFallbacks:
                var isFlag = Text(json) is "true" or "false";
                request.Routing = known with { DisableFallbacks = Text(json) == "true" };
                return isFlag ? null : ApiError.InvalidParameter(name, $"must be true or false, not {Quote(json)}");
            case MemberKind.Tags or MemberKind.Metadata or MemberKind.LiteLlmMetadata:
                return ReadTags(request, member.Kind, json);
            default:
                return ReadFallbacks(request, member.Kind, json);
        }
    }

    /// <summary>A time limit in seconds.</summary>
    /// <param name="text">Null: it was no number.</param>
    /// <param name="quoted">What the client sent, for the message.</param>
    public static ApiError? Seconds(string name, string? text, string quoted, out TimeSpan value)
    {
        value = default;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && seconds > 0 && seconds <= RoutingParams.LongestTimeout.TotalSeconds)
            value = TimeSpan.FromSeconds(seconds);
        return value > TimeSpan.Zero
            ? null
            : ApiError.InvalidParameter(
                name, $"must be a number of seconds above 0 and up to {RoutingParams.LongestTimeout.TotalSeconds}, not {quoted}");
    }

    /// <summary>A number of retries.</summary>
    /// <inheritdoc cref="Seconds"/>
    public static ApiError? Retries(string name, string? text, string quoted, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= RoutingParams.MostRetries
            ? null
            : ApiError.InvalidParameter(name, $"must be a whole number from 0 to {RoutingParams.MostRetries}, not {quoted}");

    /// <summary>Adds tags to those that are known, each once.</summary>
    public static ApiError? AddTags(string name, IEnumerable<string> tags, ref IReadOnlyList<string> known)
    {
        var all = new List<string>(known);
        foreach (var tag in tags)
        {
            if (tag.Length is 0 or > RoutingParams.LongestTag)
                return ApiError.InvalidParameter(
                    name, $"has a tag of {tag.Length} characters: 1 to {RoutingParams.LongestTag} are allowed");
            if (!all.Contains(tag))
                all.Add(tag);
            if (all.Count > RoutingParams.MostTags)
                return ApiError.InvalidParameter(name, $"makes more than {RoutingParams.MostTags} tags");
        }
        known = all;
        return null;
    }

    /// <summary>A client's text in quotes, cut.</summary>
    public static string Quote(string text) =>
        text.Length <= QuotedLength ? $"'{text}'" : $"'{RecordedText.Shorten(text, QuotedLength)}…'";

    private static string Quote(ReadOnlySequence<byte> json) =>
        Quote(Encoding.UTF8.GetString(json.Slice(0, Math.Min(json.Length, QuotedLength + 1))));

    private static ApiError? ReadSeconds(string name, ReadOnlySequence<byte> json, out TimeSpan value) =>
        Seconds(name, NumberText(json), Quote(json), out value);

    /// <summary>A number as it is written. Null: something else.</summary>
    private static string? NumberText(ReadOnlySequence<byte> json) =>
        Text(json) is ['-' or (>= '0' and <= '9'), ..] and var text ? text : null;

    /// <summary>No number and no word that is meant here is longer.</summary>
    private static string? Text(ReadOnlySequence<byte> json) => json.Length > QuotedLength ? null : Encoding.UTF8.GetString(json);

    private static ApiError? ReadTags(ClientRequest request, MemberKind kind, ReadOnlySequence<byte> json)
    {
        var name = kind == MemberKind.Tags ? "tags" : $"{NameOf(kind)}.tags";
        var reader = BodyScanner.Reader(json);
        reader.Read();
        if (kind != MemberKind.Tags && !FindTags(ref reader))
            return null;
        // OpenAI's metadata is a map of texts, in which "tags" may be one of the provider's business.
        if (kind == MemberKind.Metadata && reader.TokenType != JsonTokenType.StartArray)
            return null;
        if (!TryReadNames(ref reader, out var tags))
            return ApiError.InvalidParameter(name, "must be a list of strings");
        var known = request.Routing ?? RoutingParams.None;
        var all = known.Tags;
        var error = AddTags(name, tags, ref all);
        request.Routing = known with { Tags = all };
        return error;
    }

    /// <summary>Goes to the value of <c>tags</c> in an object.</summary>
    /// <returns>False: there is none.</returns>
    private static bool FindTags(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isTags = reader.ValueTextEquals("tags"u8);
            reader.Read();
            if (isTags)
                return reader.TokenType != JsonTokenType.Null;
            reader.Skip();
        }
        return false;
    }

    /// <summary>Reads a list of strings to its end. False: it is something else.</summary>
    private static bool TryReadNames(ref Utf8JsonReader reader, out List<string> names)
    {
        names = [];
        if (reader.TokenType != JsonTokenType.StartArray)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            if (names.Count <= RoutingParams.MostTags) // one more than allowed says enough
                names.Add(reader.GetString()!);
        }
        return reader.TokenType == JsonTokenType.EndArray;
    }

    private static ApiError? ReadFallbacks(ClientRequest request, MemberKind kind, ReadOnlySequence<byte> json)
    {
        var known = request.Routing ?? RoutingParams.None;
        if (ReadFallbacks(NameOf(kind), json, out var fallbacks) is { } error)
            return error;
        if (kind == MemberKind.DefaultFallbacks && fallbacks.Exists(entry => entry.Group != ClientFallback.EveryGroup))
            return ApiError.InvalidParameter(NameOf(kind), "must be a list of model names; what is for one group belongs in 'fallbacks'");
        request.Routing = kind switch
        {
            MemberKind.ContextWindowFallbacks => known with { ContextWindowFallbacks = fallbacks },
            MemberKind.ContentPolicyFallbacks => known with { ContentPolicyFallbacks = fallbacks },
            MemberKind.DefaultFallbacks => known with { DefaultFallbacks = [.. fallbacks.SelectMany(entry => entry.Targets)] },
            _ => known with { Fallbacks = fallbacks },
        };
        return null;
    }

    /// <summary>
    /// Model names, maps <c>{"model": name}</c>, which are for any group, and LiteLLM's maps <c>{group: [names]}</c>.
    /// </summary>
    private static ApiError? ReadFallbacks(string name, ReadOnlySequence<byte> json, out List<ClientFallback> fallbacks)
    {
        fallbacks = [];
        if (json.Length > MostFallbackBytes)
            return ApiError.InvalidParameter(name, $"is longer than {MostFallbackBytes} bytes");
        var forAll = new List<string>();
        using var document = JsonDocument.Parse(json, new() { MaxDepth = BodyScanner.MaxDepth });
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            return ApiError.InvalidParameter(name, "must be a list of model names");
        var count = 0;
        foreach (var item in document.RootElement.EnumerateArray())
        {
            var targets = forAll;
            if (item.ValueKind == JsonValueKind.Object
                && item.EnumerateObject().ToArray() is [{ Value.ValueKind: JsonValueKind.Array } rule])
                fallbacks.Add(new(rule.Name, targets = []));
            if (AddTargets($"{name}[{count}]", item, targets) is { } wrong)
                return ApiError.InvalidParameter(name, wrong);
            var named = forAll.Count + fallbacks.Sum(fallback => fallback.Targets.Count);
            if (++count > RoutingParams.MostFallbacks || named > RoutingParams.MostFallbacks)
                return ApiError.InvalidParameter(name, $"names more than {RoutingParams.MostFallbacks} models");
        }
        if (forAll.Count > 0 || fallbacks.Count == 0)
            fallbacks.Add(new(ClientFallback.EveryGroup, forAll));
        return null;
    }

    /// <summary>Adds the models that one entry names.</summary>
    /// <returns>Null, or what is wrong with it.</returns>
    private static string? AddTargets(string place, JsonElement item, List<string> targets)
    {
        if (item.ValueKind == JsonValueKind.String)
            return Add(item);
        if (item.ValueKind != JsonValueKind.Object)
            return $"has at {place} something that is neither a model name nor a map with 'model'";
        var members = item.EnumerateObject().ToArray();
        if (members is [{ Value.ValueKind: JsonValueKind.Array } rule])
            return rule.Value.EnumerateArray().Select(Add).FirstOrDefault(wrong => wrong is not null);
        foreach (var member in members)
        {
            if (member.Name != "model")
                return $"has at {place} the member {Quote(member.Name)}, which is not honoured: "
                    + "a fallback gets the request as it is, so give 'model' alone";
        }
        return members.Length == 0 ? $"has at {place} a map without 'model'" : Add(members[^1].Value);

        string? Add(JsonElement element)
        {
            if (element.ValueKind != JsonValueKind.String || element.GetString() is not { Length: > 0 and <= RecordedText.MaxLength } model)
                return $"has at {place} no model name of 1 to {RecordedText.MaxLength} characters";
            targets.Add(model);
            return null;
        }
    }
}
