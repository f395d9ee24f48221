using System.Collections.Immutable;
using Gateway.Dialects;

namespace Gateway.Catalog;

/// <summary>Which wire formats a deployment can be spoken to in; pure.</summary>
internal static class SpokenFormats
{
    /// <summary>LiteLLM's value of <c>model_info.mode</c> for models that are called at <c>/responses</c> only.</summary>
    private const string ResponsesMode = "responses";

    /// <summary>Google's endpoint for OpenAI's clients, where a base URL names it.</summary>
    private const string OpenAiPath = "/openai";

    /// <summary>The formats that a model understands at a provider, best first.</summary>
    /// <param name="apiBase">As <see cref="UpstreamUrl.Normalize"/> made it.</param>
    /// <param name="mode"><c>model_info.mode</c>.</param>
    /// <param name="model">The model at the provider; a pattern counts as any.</param>
    public static ImmutableArray<WireFormat> Of(Provider provider, bool isMock, string apiBase, string? mode, string model)
    {
        if (isMock)
            return [WireFormat.OpenAi]; // the gateway's own answers are OpenAI's
        if (mode == ResponsesMode && provider.Speaks.Contains(WireFormat.Responses))
            return [WireFormat.Responses];
        if (provider.Auth == AuthScheme.GoogleOAuth)
            return [OfVertex(model)];
        if (provider.Auth == AuthScheme.AwsSigV4)
            return IsClaude(model) ? [WireFormat.Converse, WireFormat.Anthropic] : [WireFormat.Converse];
        // Behind a base URL of one's own may stand any server of OpenAI's kind, and most of them have chats only.
        // Azure's has Responses for all models of a resource in its v1 API.
        if (apiBase.EndsWith(OpenAiPath, StringComparison.Ordinal) && provider.Speaks is [WireFormat.Gemini])
            return [WireFormat.OpenAi];
        var isWhole = provider == Providers.Azure ? apiBase.EndsWith("/openai/v1", StringComparison.Ordinal) : apiBase == provider.ApiBase;
        return provider.Speaks.Contains(WireFormat.Responses) && !isWhole
            ? [.. provider.Speaks.Where(static format => format != WireFormat.Responses)]
            : [.. provider.Speaks];
    }

    /// <summary>The format to speak to a deployment in: the client's where it understands it, so that bytes pass; else the best.</summary>
    public static WireFormat For(ImmutableArray<WireFormat> spoken, WireFormat client, Operation operation)
    {
        if (operation.IsPassedThrough())
            return WireFormat.OpenAi; // what passes by its path, without being understood
        // Legacy completions and embeddings are OpenAI's only where clients are concerned.
        if (spoken.Contains(client) && (operation == Operation.Chat || client == WireFormat.OpenAi))
            return client;
        return spoken[0];
    }

    /// <summary>Vertex AI serves Google's models, Anthropic's, and others by publisher in OpenAI's wire format (meta/llama-3.3-70b…).</summary>
    private static WireFormat OfVertex(string model) => IsClaude(model) ? WireFormat.Anthropic
        : model.Contains('/') && !model.StartsWith("gemini/", StringComparison.Ordinal) ? WireFormat.OpenAi
        : WireFormat.Gemini;

    private static bool IsClaude(string model) => model.Contains("claude", StringComparison.OrdinalIgnoreCase);
}
