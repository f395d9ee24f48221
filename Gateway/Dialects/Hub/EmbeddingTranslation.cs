using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>Makes the body for a provider of embeddings that does not speak OpenAI's wire format: lossless, or loud about each loss.</summary>
public static class EmbeddingTranslation
{
    /// <summary>Translates a request.</summary>
    /// <param name="asked">As the client sent it; it is not changed.</param>
    /// <param name="request">What was asked for in the end.</param>
    /// <param name="lost">What was left out, by the names that the client gave it.</param>
    /// <returns>Null, or what the provider cannot carry.</returns>
    public static ApiError? Translate(
        EmbeddingRequest asked, EmbeddingProvider provider, HubTarget target, HubSettings settings, out EmbeddingRequest request,
        out SplicedBody body, out IReadOnlyList<string> lost)
    {
        (request, body) = (asked.Copy(), new SplicedBody());
        var losses = new HubLosses();
        lost = losses.Params;
        foreach (var use in request.Uses.ToArray())
        {
            var isUnwanted = settings.Dropped.Contains(use.Param);
            if (target.AllowedParams.Contains(use.Param) || !isUnwanted && provider.Features[use.Feature] != Support.None)
                continue;
            if (!isUnwanted)
                losses.Add(use.Param);
            Drop(request, use);
        }
        provider.Fit(request, target, losses);
        if (losses.Params.Contains("input"))
            return ParamErrors.Unsupported(target.Provider, losses.Params, target.Model, losses.Why);
        if (losses.Params.Count > 0 && !settings.DropsUnsupported)
            return ParamErrors.Unsupported(target.Provider, losses.Params, target.Model, losses.Why);
        var output = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            provider.Write(request, target, json);
        body.Add(output.WrittenMemory);
        return null;
    }

    private static void Drop(EmbeddingRequest request, FeatureUse use)
    {
        request.Extras.RemoveAll(extra => extra.Key == use.Param);
        switch (use.Feature)
        {
            case Feature.EmbeddingDimensions:
                request.Dimensions = null;
                break;
            case Feature.EmbeddingInputType:
                request.InputType = null;
                break;
            case Feature.EmbeddingTruncation:
                request.Truncate = null;
                break;
            case Feature.EndUser:
                request.EndUser = null;
                break;
        }
    }
}
