using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects;
using Gateway.Dialects.Hub;

namespace Gateway.Tests.Dialects.Hub;

/// <summary>Bodies for providers, written of OpenAI's bodies.</summary>
internal static class HubWriting
{
    /// <summary>Translates a chat; where the members have no messages, one of the user's is sent.</summary>
    public static ApiError? Translate(
        WireFormat format, string model, string members, HubSettings settings, out JsonNode? body, out IReadOnlyList<string> lost)
    {
        var messages = members.Contains("\"messages\"", StringComparison.Ordinal) ? "" : "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";
        var json = HubJson.TryParse($"{{{members}{(members.Length > 0 && messages.Length > 0 ? "," : "")}{messages}}}")!.Value;
        Assert.That(HubDialects.ClientOf("openai").Read(json, out var hub), Is.Null);
        var provider = HubDialects.ProviderOf(format);
        var target = new HubTarget(model, provider.Format.ToString().ToLowerInvariant()) { DefaultMaxTokens = 4096 };
        var refused = HubTranslation.Translate(hub, json, provider, target, settings, out var written, out lost);
        body = refused is null ? JsonNode.Parse(Encoding.UTF8.GetString(written.ToSequence())) : null;
        return refused;
    }

    /// <summary>The body of a chat that loses nothing.</summary>
    public static JsonNode Body(WireFormat format, string model, string members, HubSettings? settings = null)
    {
        Assert.That(Translate(format, model, members, settings ?? new HubSettings(), out var body, out _)?.Message, Is.Null);
        return body!;
    }

    /// <summary>The body of an embedding request, and what it loses.</summary>
    public static (JsonNode Body, HubLosses Losses) Embedding(WireFormat format, string json)
    {
        Assert.That(Gateway.Dialects.OpenAi.OpenAiEmbeddings.Read(HubJson.TryParse(json)!.Value, out var request), Is.Null);
        var losses = new HubLosses();
        var target = new HubTarget("embedder", "p") { DefaultMaxTokens = 1 };
        var provider = HubDialects.EmbeddingsOf(format)!;
        provider.Fit(request, target, losses);
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, HubJson.WriteOptions))
            provider.Write(request, target, writer);
        return (JsonNode.Parse(output.WrittenSpan)!, losses);
    }

    /// <summary>What an embedding provider's answer says. Null: it is none.</summary>
    public static EmbeddingAnswer? Vectors(WireFormat format, string json) =>
        HubDialects.EmbeddingsOf(format)!.ReadAnswer(Encoding.UTF8.GetBytes(json), new HubTarget("embedder", "p") { DefaultMaxTokens = 1 });
}
