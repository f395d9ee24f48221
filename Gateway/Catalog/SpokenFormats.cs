using System.Collections.Immutable;
using Gateway.Dialects;

namespace Gateway.Catalog;

/// <summary>Which wire formats a deployment can be spoken to in; pure.</summary>
internal static class SpokenFormats
{
    /// <summary>LiteLLM's value of <c>model_info.mode</c> for models that are called at <c>/responses</c> only.</summary>
    private const string ResponsesMode = "responses";

    /// <summary>The formats that a deployment understands, best first.</summary>
    /// <param name="apiBase">As <see cref="UpstreamUrl.Normalize"/> made it.</param>
    /// <param name="mode"><c>model_info.mode</c>.</param>
    public static ImmutableArray<WireFormat> Of(Provider provider, bool isMock, string apiBase, string? mode)
    {
        if (isMock)
            return [WireFormat.OpenAi]; // the gateway's own answers are OpenAI's
        if (mode == ResponsesMode && provider.Speaks.Contains(WireFormat.Responses))
            return [WireFormat.Responses];
        // Behind a base URL of one's own may stand any server of OpenAI's kind, and most of them have chats only.
        return provider == Providers.OpenAI && apiBase != provider.ApiBase
            ? [.. provider.Speaks.Where(static format => format != WireFormat.Responses)]
            : [.. provider.Speaks];
    }

    /// <summary>The format to speak to a deployment in: the client's where it understands it, so that bytes pass; else the best.</summary>
    public static WireFormat For(ImmutableArray<WireFormat> spoken, WireFormat client, Operation operation)
    {
        // Legacy completions and embeddings are OpenAI's only where clients are concerned.
        if (spoken.Contains(client) && (operation == Operation.Chat || client == WireFormat.OpenAi))
            return client;
        return spoken[0];
    }
}
