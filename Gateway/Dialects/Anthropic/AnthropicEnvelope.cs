using System.Text;
using System.Text.Json;

namespace Gateway.Dialects.Anthropic;

/// <summary>
/// How a Messages body is dressed for who takes it. Bedrock's InvokeModel and Vertex's rawPredict name the model in the URL and the version
/// in the body; Bedrock has streams at another URL, and betas in the body.
/// </summary>
/// <remarks>
/// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html,
/// https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai.
/// </remarks>
public sealed class AnthropicEnvelope
{
    private const string VersionName = "anthropic_version";
    private const string BetaName = "anthropic_beta";
    private const string StreamName = "stream";

    /// <summary>Anthropic's own API, and those that imitate it.</summary>
    public static readonly AnthropicEnvelope Direct = new();

    public static readonly AnthropicEnvelope Bedrock = new() { Version = "bedrock-2023-05-31", NamesModel = false, SaysStream = false };
    public static readonly AnthropicEnvelope Vertex = new() { Version = "vertex-2023-10-16", NamesModel = false };

    private AnthropicEnvelope()
    {
    }

    /// <summary>The version that stands in the body. Null: it is a header.</summary>
    public string? Version { get; private init; }

    /// <summary>True when the body names the model.</summary>
    public bool NamesModel { get; private init; } = true;

    /// <summary>True when the body says whether to stream.</summary>
    public bool SaysStream { get; private init; } = true;

    /// <summary>The envelope for a provider, by LiteLLM's name of it.</summary>
    public static AnthropicEnvelope Of(string provider) => provider switch
    {
        "bedrock" => Bedrock,
        "vertex_ai" or "vertex_ai_beta" => Vertex,
        _ => Direct,
    };

    /// <summary>The same changes to a client's body, and those that the envelope makes.</summary>
    /// <param name="betas">
    /// What the client's <see cref="AnthropicHeaders.BetaName"/> lists; Bedrock wants it in the body, others as the header that it is.
    /// </param>
    public RequestChanges Apply(RequestChanges changes, IReadOnlyList<string> betas)
    {
        if (Version is null)
            return changes;
        List<KeyValuePair<string, string>> overrides = [.. changes.Overrides, new(VersionName, JsonText(Version))];
        if (this == Bedrock && betas.Count > 0)
            overrides.Add(new(BetaName, $"[{string.Join(',', betas.Select(JsonText))}]"));
        return changes with
        {
            OmitsModel = !NamesModel,
            Dropped = SaysStream ? changes.Dropped : [.. changes.Dropped, StreamName],
            Overrides = overrides,
        };
    }

    /// <summary>Writes the first members of a body.</summary>
    internal void WriteStart(Utf8JsonWriter json, string model, bool isStream)
    {
        if (Version is { } version)
            json.WriteString(VersionName, version);
        if (NamesModel)
            json.WriteString("model"u8, model);
        if (SaysStream && isStream)
            json.WriteBoolean("stream"u8, true);
    }

    private static string JsonText(string text) => $"\"{Encoding.UTF8.GetString(JsonEncodedText.Encode(text).EncodedUtf8Bytes)}\"";
}
