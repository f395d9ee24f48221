using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects.Gemini;

/// <summary>Reads what the cost of an answer depends on from a body: its limit, its number, its urgency, its form.</summary>
internal sealed class GeminiTerms
{
    private readonly HashSet<string> _seen = [];
    private AnswerTerms _terms;

    public AnswerTerms Terms => _terms;

    /// <summary>Reads one member of the body's object.</summary>
    /// <returns>Null, or why the body is refused.</returns>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode.</exception>
    public ApiError? Read(ReadOnlySequence<byte> body, in JsonMember member)
    {
        var name = NameOf(body, member);
        if (name is not ("generationConfig" or "serviceTier"))
            return null;
        if (!_seen.Add(name))
            return Repeated(name);
        var value = body.Slice(member.ValueStart, member.ValueLength);
        return name == "serviceTier" ? ReadTerm(MemberKind.ServiceTier, name, value) : ReadConfig(value);
    }

    /// <summary>A member's name in camelCase. What one reader takes for the same as another must not be given twice.</summary>
    public static string NameOf(ReadOnlySequence<byte> json, in JsonMember member)
    {
        var reader = BodyScanner.Reader(json.Slice(member.Start, member.NameLength + 2));
        reader.Read();
        return GeminiJson.Camel(reader.GetString()!);
    }

    private static ApiError Repeated(string name) =>
        ApiError.InvalidParameter(name, "is given more than once (camelCase and snake_case count as one)");

    private ApiError? ReadConfig(ReadOnlySequence<byte> config)
    {
        var reader = BodyScanner.Reader(config);
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        var members = new List<JsonMember>();
        if (reader.TokenType != JsonTokenType.StartObject)
            return ApiError.InvalidParameter("generationConfig", "must be an object");
        if (BodyScanner.TryScan(config, members) is { } malformed)
            return ApiError.InvalidJson(malformed);
        foreach (var member in members)
        {
            var name = NameOf(config, member);
            var kind = name switch
            {
                "maxOutputTokens" => MemberKind.MaxTokens,
                "candidateCount" => MemberKind.Choices,
                "responseModalities" => MemberKind.Modalities,
                _ => MemberKind.Other,
            };
            if (kind == MemberKind.Other)
                continue;
            if (!_seen.Add($"generationConfig.{name}"))
                return Repeated($"generationConfig.{name}");
            if (ReadTerm(kind, $"generationConfig.{name}", config.Slice(member.ValueStart, member.ValueLength)) is { } wrong)
                return wrong;
        }
        return null;
    }

    private ApiError? ReadTerm(MemberKind kind, string name, ReadOnlySequence<byte> value)
    {
        var reader = BodyScanner.Reader(value);
        reader.Read();
        if (kind == MemberKind.Modalities)
        {
            _terms = _terms with { Speaks = NamesAudio(ref reader) };
            return null;
        }
        var wrong = _terms.With(kind, ref reader, out _terms);
        return wrong is null ? null : ApiError.InvalidParameter(name, wrong);
    }

    /// <summary>True unless it is a list of texts none of which is audio; Google's are in capitals.</summary>
    private static bool NamesAudio(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return false;
        if (reader.TokenType != JsonTokenType.StartArray)
            return true;
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            var word = Encoding.UTF8.GetBytes(reader.GetString()!);
            if (!Ascii.EqualsIgnoreCase(word, "TEXT"u8) && !Ascii.EqualsIgnoreCase(word, "IMAGE"u8))
                return true;
        }
        return reader.TokenType != JsonTokenType.EndArray;
    }
}
