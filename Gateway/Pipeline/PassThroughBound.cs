using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>Bounds what a request that is passed through by path can be billed at; pure.</summary>
internal static class PassThroughBound
{
    /// <summary>
    /// gpt-4o-mini-tts speaks 1,250 tokens a minute by OpenAI's own prices (0.015 USD a minute, 12 USD per million): a character is three
    /// tokens even where somebody speaks seven of them in a second, half of what people do. The other is for what is between them.
    /// </summary>
    private const long TokensPerCharacter = 8, TokensOfSilence = 256;

    /// <summary>Nobody speaks as many words in a second as would make these tokens of text.</summary>
    private const long TextTokensPerSecond = 32;

    /// <summary>What can be billed by the piece.</summary>
    public static BilledUnits UnitsOf(ClientRequest request, Operation operation, in AnswerTerms terms) =>
        operation.DrawsImages() ? request.Units with { Images = ImagesOf(terms) } : request.Units;

    /// <summary>All output tokens together.</summary>
    /// <param name="model">The model whose name says what a picture takes.</param>
    /// <param name="cap">What is known of the length of one answer.</param>
    public static long OutputOf(ClientRequest request, Operation operation, string model, OutputCap cap, in AnswerTerms terms) =>
        operation switch
        {
            _ when operation.DrawsImages() => ImagesOf(terms)
                * (cap.Source == OutputCapSource.Deployment ? Math.Min(cap.Tokens, MostTokens) : ImageOutput.AtMost(model)),
            Operation.Speech => TokensOfSilence + request.Units.Characters * TokensPerCharacter,
            _ when operation.TakesAudio() => cap.IsDefault
                ? Math.Max(cap.Tokens, request.Units.AudioMs / 1000 * TextTokensPerSecond)
                : cap.Tokens,
            _ => 0,
        };

    /// <summary>True when no price depends on tokens: then none are held from the limits per minute but those of the text.</summary>
    public static bool IsByPiece(ModelPrice[] prices) =>
        prices.Length > 0 && Array.TrueForAll(prices, static price => price.Rates.IsZero && price.Tiers.IsEmpty && price.Services.IsEmpty);

    private static long ImagesOf(in AnswerTerms terms) => terms.PaidPerPrompt;

    /// <summary>With as many pictures as a body can ask for the product still fits.</summary>
    private const long MostTokens = 1_000_000_000;
}
