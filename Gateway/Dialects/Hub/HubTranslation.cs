using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Dialects.Hub;

/// <summary>What a deployment's settings say about a request that is translated for it.</summary>
public sealed record HubSettings
{
    /// <summary>Members sent when the client left them out: OpenAI's name and JSON value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Defaults { get; init; } = [];

    /// <summary>Members sent in place of the client's: OpenAI's name or the provider's own, and JSON value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Overrides { get; init; } = [];

    /// <summary>Parameters that never leave (<c>additional_drop_params</c>).</summary>
    public IReadOnlyCollection<string> Dropped { get; init; } = [];

    /// <summary>True where what the provider cannot carry is left out instead of refused (<c>drop_params</c>).</summary>
    public bool DropsUnsupported { get; init; }

    /// <summary>The most output tokens of one answer. Null: what the client asks for stands.</summary>
    public long? OutputCap { get; init; }
}

/// <summary>Makes the body for a provider of a request that came in another dialect: lossless, or loud about each loss.</summary>
public static class HubTranslation
{
    /// <summary>Limits of output that a config's own members must not raise again, by the names of all dialects.</summary>
    private static readonly string[] LimitNames =
    [
        "max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "maxTokens", "num_predict", "candidateCount", "n",
    ];

    /// <summary>Translates a request.</summary>
    /// <param name="request">As the client sent it; it is not changed.</param>
    /// <param name="client">The client's body, of which allowed parameters are taken as they stand.</param>
    /// <param name="body">The provider's body.</param>
    /// <param name="lost">What was left out, by the names that the client gave it.</param>
    /// <returns>Null, or what the provider cannot carry.</returns>
    public static ApiError? Translate(
        HubRequest request, JsonElement client, HubProvider provider, HubTarget target, HubSettings settings, out SplicedBody body,
        out IReadOnlyList<string> lost)
    {
        body = new SplicedBody();
        var copy = request.Copy();
        var losses = new HubLosses();
        lost = losses.Params;
        Configure(copy, settings);
        var refused = new List<string>();
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        foreach (var use in copy.Uses.ToArray())
        {
            if (target.AllowedParams.Contains(use.Param) && !settings.Dropped.Contains(use.Param))
                Allow(copy, client, provider, use);
            else if (settings.Dropped.Contains(use.Param) || !provider.Carries(use))
                Lose(copy, use, settings.Dropped.Contains(use.Param) ? null : losses, unknown, refused);
        }
        copy.Extras.RemoveAll(extra => unknown.Contains(extra.Key));
        if (refused.Count > 0)
            return ParamErrors.UnsupportedContent(target.Provider, refused, target.Model);
        try
        {
            return Fit(copy, provider, target, settings, losses, body);
        }
        catch (InvalidOperationException)
        {
            return ApiError.InvalidJson("a text is not valid Unicode"); // one that is read only now, in a schema or the like
        }
    }

    private static ApiError? Fit(
        HubRequest copy, HubProvider provider, HubTarget target, HubSettings settings, HubLosses losses, SplicedBody body)
    {
        if (settings.OutputCap is { } cap) // behind all that may have been left out
            copy.MaxTokens = Math.Min(copy.MaxTokens ?? cap, cap);
        provider.Fit(copy, target, losses);
        if (losses.Content.Count > 0)
            return ParamErrors.UnsupportedContent(target.Provider, losses.Content, target.Model, losses.Why);
        if (losses.Params.Count > 0 && !settings.DropsUnsupported)
            return ParamErrors.Unsupported(target.Provider, losses.Params, target.Model, losses.Why);
        body.Add(Write(copy, provider, target, [.. OwnDefaults(copy, settings), .. settings.Overrides]));
        return null;
    }

    /// <summary>What a config sets that is the provider's own (Ollama's num_ctx), where the client does not say it.</summary>
    private static IEnumerable<KeyValuePair<string, string>> OwnDefaults(HubRequest copy, HubSettings settings) => settings.Defaults.Where(own =>
        HubJson.TryParse(own.Value) is { } value && !IsKnown(own.Key, value)
        && !copy.Extras.Exists(extra => extra.Key == own.Key) && !settings.Overrides.Any(over => over.Key == own.Key));

    private static void Configure(HubRequest copy, HubSettings settings)
    {
        foreach (var (name, json) in settings.Defaults)
        {
            var scratch = new HubRequest();
            if (HubJson.TryParse(json) is { } value && HubClient.ReadSetting(scratch, name, value) is null
                && scratch.Uses.TrueForAll(use => use.Feature != Feature.Unknown && !copy.Uses.Exists(asked => asked.Feature == use.Feature)))
                HubClient.ReadSetting(copy, name, value);
        }
        foreach (var (name, json) in settings.Overrides)
        {
            if (HubJson.TryParse(json) is not { } value || !IsKnown(name, value))
                continue;
            if (LimitNames.Contains(name))
                copy.MaxTokens = null; // the larger of two would count
            HubClient.ReadSetting(copy, name, value);
        }
        // What a config says that no hub word exists for is the provider's own: it is written behind all else, as it stands.
        copy.Uses.RemoveAll(use => use.Feature == Feature.Unknown && settings.Overrides.Any(own => own.Key == use.Param));
    }

    private static bool IsKnown(string name, JsonElement value)
    {
        var scratch = new HubRequest();
        return HubClient.ReadSetting(scratch, name, value) is null && scratch.Uses.TrueForAll(static use => use.Feature != Feature.Unknown);
    }

    /// <summary>An allowed parameter leaves under its own name where the provider's words have none for it.</summary>
    private static void Allow(HubRequest copy, JsonElement client, HubProvider provider, in FeatureUse use)
    {
        if (provider.Carries(use))
            return;
        var name = use.Param;
        FeatureDrop.Drop(copy, use);
        if (client.ValueKind == JsonValueKind.Object && client.TryGetProperty(name, out var value))
            copy.Extras.Add(new(name, value));
    }

    /// <param name="losses">Null: it was never to leave, and nobody need be told.</param>
    /// <param name="unknown">Gets the names of members that are taken out together.</param>
    /// <param name="refused">Gets what cannot be left out.</param>
    private static void Lose(HubRequest copy, in FeatureUse use, HubLosses? losses, HashSet<string> unknown, List<string> refused)
    {
        losses?.Add(use.Param);
        if (use.Feature == Feature.Unknown)
            unknown.Add(use.Param);
        else if (FeatureDrop.IsDroppable(use.Feature))
            FeatureDrop.Drop(copy, use);
        else if (losses is not null)
            refused.Add(use.Param);
    }

    private static byte[] Write(
        HubRequest request, HubProvider provider, HubTarget target, IReadOnlyList<KeyValuePair<string, string>> overrides)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            provider.Write(request, target, json);
        var own = Place(provider,
        [
            .. overrides.Select(static pair => KeyValuePair.Create(pair.Key, HubJson.TryParse(pair.Value) ?? default))
                .Where(static pair => pair.Value.ValueKind != JsonValueKind.Undefined && !IsKnown(pair.Key, pair.Value)
                    && !LimitNames.Contains(pair.Key)),
        ]);
        return own.Length == 0 ? output.WrittenSpan.ToArray() : Merge(output.WrittenMemory, own);
    }

    /// <summary>Puts members of the config's into the objects that the provider has for them.</summary>
    private static KeyValuePair<string, JsonElement>[] Place(HubProvider provider, KeyValuePair<string, JsonElement>[] own)
    {
        if (!Array.Exists(own, pair => provider.HomeOf(pair.Key) is not null))
            return own;
        var placed = new JsonObject();
        foreach (var (name, value) in own)
        {
            var node = JsonNode.Parse(value.GetRawText());
            if (provider.HomeOf(name) is { } home)
                (placed[home] as JsonObject ?? (JsonObject)(placed[home] = new JsonObject()))[name] = node;
            else if (placed[name] is JsonObject there && node is JsonObject more)
                more.ToList().ForEach(member => there[member.Key] = member.Value?.DeepClone());
            else
                placed[name] = node;
        }
        return
        [
            .. placed.Select(static pair => KeyValuePair.Create(pair.Key, HubJson.TryParse(pair.Value?.ToJsonString() ?? "null") ?? default)),
        ];
    }

    /// <summary>Puts members of the config's over those that were written; of two objects the members are joined.</summary>
    private static byte[] Merge(ReadOnlyMemory<byte> body, KeyValuePair<string, JsonElement>[] own)
    {
        using var written = JsonDocument.Parse(body, HubJson.AnswerOptions);
        var output = new ArrayBufferWriter<byte>(body.Length + 256);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            foreach (var member in written.RootElement.EnumerateObject())
            {
                var over = Array.Find(own, pair => pair.Key == member.Name);
                if (over.Key is null)
                    member.WriteTo(json);
                else if (member.Value.ValueKind == JsonValueKind.Object && over.Value.ValueKind == JsonValueKind.Object)
                    WriteJoined(json, member.Name, member.Value, over.Value);
            }
            foreach (var (name, value) in own)
            {
                if (written.RootElement.TryGetProperty(name, out var there)
                    && there.ValueKind == JsonValueKind.Object && value.ValueKind == JsonValueKind.Object)
                    continue;
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
            json.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    private static void WriteJoined(Utf8JsonWriter json, string name, JsonElement written, JsonElement own)
    {
        json.WriteStartObject(name);
        foreach (var member in written.EnumerateObject())
        {
            if (LimitNames.Contains(member.Name) || !own.TryGetProperty(member.Name, out _))
                member.WriteTo(json);
        }
        foreach (var member in own.EnumerateObject())
        {
            if (!LimitNames.Contains(member.Name))
                member.WriteTo(json);
        }
        json.WriteEndObject();
    }
}
