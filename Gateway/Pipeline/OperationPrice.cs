using Gateway.Catalog;
using Gateway.Limits;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>Says which prices tell what an operation costs: tokens everywhere, pieces where these are billed; pure.</summary>
internal static class OperationPrice
{
    private static readonly ModelPrice Nothing = ModelPrice.Free("free");

    /// <summary>The price that counts. Null: what the operation costs is unknown.</summary>
    /// <param name="price">What is known of the model. Null: nothing.</param>
    public static ModelPrice? Of(Deployment deployment, Operation operation, ModelPrice? price) =>
        IsFree(deployment, operation) ? Nothing : price is not null && Covers(operation, price) ? price : null;

    /// <summary>True where the provider takes no money and the deployment does not say otherwise, or cannot be asked at all.</summary>
    public static bool IsFree(Deployment deployment, Operation operation) => !deployment.Provider.Takes(operation)
        || (operation == Operation.Moderations && deployment is { Provider.ModeratesForFree: true, OwnPrice: null });

    /// <summary>True when a price says what the operation costs.</summary>
    public static bool Covers(Operation operation, ModelPrice price) => price.PricesTokens || operation switch
    {
        Operation.Images or Operation.ImageEdits or Operation.ImageVariations => price.Units.Image is not null,
        Operation.Speech => price.Units.Character is not null,
        Operation.Transcriptions or Operation.Translations => price.Units.AudioSecond is not null,
        Operation.Rerank => price.Units.SearchUnit is not null,
        _ => false,
    };

    /// <summary>The settings of litellm_params that would tell the price.</summary>
    public static string SettingsFor(Operation operation) => operation switch
    {
        Operation.Images or Operation.ImageEdits or Operation.ImageVariations => $"output_cost_per_image (or {AdmitRequest.TokenPrices})",
        Operation.Speech => $"input_cost_per_character (or {AdmitRequest.TokenPrices})",
        Operation.Transcriptions or Operation.Translations => $"input_cost_per_second (or {AdmitRequest.TokenPrices})",
        Operation.Rerank => "input_cost_per_query (or input_cost_per_token)",
        _ => AdmitRequest.TokenPrices,
    };
}
