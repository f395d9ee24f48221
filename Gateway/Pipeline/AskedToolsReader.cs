using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>Reads which tools of the provider's own a request asks for, from the body that leaves; pure.</summary>
internal static class AskedToolsReader
{
    /// <summary>A search size has a few letters; a longer text is none.</summary>
    private const int MaxSize = 16;

    /// <summary>
    /// The providers that run tools named in the <c>tools</c> of a chat completion. The others take functions alone there and refuse the
    /// rest, so that long lists of functions are not read for them.
    /// </summary>
    private static readonly FrozenSet<string> RunTools =
        new[] { "openrouter", "xai", "moonshot", "zai", "groq", "perplexity", "dashscope" }.ToFrozenSet();

    public static AskedTools Read(ClientRequest request, Deployment deployment, string model)
    {
        var provider = deployment.Provider;
        if (provider.IsLocal)
            return default;
        var asked = new AskedTools();
        if (SentMember.Find(request, deployment, "web_search_options") is { } options)
            ReadOptions(options, ref asked);
        if (provider.Name == "xai" && SentMember.Find(request, deployment, "search_parameters") is { } parameters)
            ReadParameters(parameters, ref asked);
        if (provider.Name == "openrouter")
        {
            if (model.EndsWith(":online", StringComparison.OrdinalIgnoreCase))
                asked = asked with { Searches = true };
            if (SentMember.Find(request, deployment, "plugins") is { } plugins)
                ReadList(plugins, "id"u8, isPlugins: true, ref asked);
        }
        if (provider.Name == "dashscope" && SentMember.Find(request, deployment, "enable_search") is { } enabled)
            asked = asked with { Searches = asked.Searches || !enabled.FirstSpan.StartsWith("false"u8) };
        if (RunTools.Contains(provider.Name) && SentMember.Find(request, deployment, "tools") is { } tools)
            ReadList(tools, "type"u8, isPlugins: false, ref asked);
        return asked;
    }

    /// <summary><c>{"search_context_size": "low", …}</c>; anything but null asks.</summary>
    private static void ReadOptions(ReadOnlySequence<byte> json, ref AskedTools asked)
    {
        var reader = BodyScanner.Reader(json);
        if (!reader.Read() || reader.TokenType == JsonTokenType.Null)
            return;
        asked = asked with { Searches = true };
        if (reader.TokenType != JsonTokenType.StartObject)
            return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isSize = reader.ValueTextEquals("search_context_size"u8);
            reader.Read();
            if (isSize && reader.TokenType == JsonTokenType.String)
                asked = asked with { Size = Text(ref reader) ?? "?" };
            reader.Skip();
        }
    }

    /// <summary>xAI's <c>{"mode": "auto", "max_search_results": 20}</c>.</summary>
    private static void ReadParameters(ReadOnlySequence<byte> json, ref AskedTools asked)
    {
        var reader = BodyScanner.Reader(json);
        if (!reader.Read() || reader.TokenType == JsonTokenType.Null)
            return;
        var isOff = false;
        if (reader.TokenType == JsonTokenType.StartObject)
            ReadMembers(ref reader, "mode"u8, ref asked, mode => isOff = mode == "off");
        asked = asked with { Searches = asked.Searches || !isOff };
    }

    /// <summary>A list of plugins or tools; functions are the client's own.</summary>
    private static void ReadList(ReadOnlySequence<byte> json, ReadOnlySpan<byte> kind, bool isPlugins, ref AskedTools asked)
    {
        var reader = BodyScanner.Reader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            return;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            string? name = null;
            if (reader.TokenType == JsonTokenType.StartObject)
                ReadMembers(ref reader, kind, ref asked, text => name = text);
            else
                reader.Skip();
            if (isPlugins && name == "web" || !isPlugins && name is "live_search")
                asked = asked with { Searches = true };
            else if (isPlugins || name is not ("function" or "custom" or null))
                asked = asked with { IsUnknown = true };
        }
    }

    /// <summary>Reads the text of one member, and how many results an object allows.</summary>
    private static void ReadMembers(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, ref AskedTools asked, Action<string?> found)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isName = reader.ValueTextEquals(name);
            var isMost = reader.ValueTextEquals("max_results"u8) || reader.ValueTextEquals("max_search_results"u8);
            reader.Read();
            if (isName && reader.TokenType == JsonTokenType.String)
                found(Text(ref reader));
            if (isMost && reader.TokenType == JsonTokenType.Number)
                asked = asked with { MaxResults = Math.Max(asked.MaxResults ?? 0, reader.TryGetInt64(out var most) ? most : long.MaxValue) };
            reader.Skip();
        }
    }

    /// <summary>A short text. Null: it is longer than any that means something, or not Unicode.</summary>
    private static string? Text(ref Utf8JsonReader reader)
    {
        if ((reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length) > MaxSize * 6)
            return null;
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
