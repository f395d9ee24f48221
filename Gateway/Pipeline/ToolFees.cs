using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>What the tools that a provider runs itself cost besides an answer's tokens; pure.</summary>
internal static class ToolFees
{
    /// <summary>What they can cost at most in one attempt; to be added to the bound of its tokens.</summary>
    /// <param name="model">The model at the provider, of a wildcard the one that it stands for.</param>
    /// <param name="price">Null: unknown.</param>
    /// <param name="isKnown">
    /// False when the request can bring about a fee that nobody knows: then its price is as good as unknown.
    /// </param>
    public static NanoUsd AtMost(ClientRequest request, Deployment deployment, string model, ModelPrice? price, out bool isKnown)
    {
        var terms = TermsOf(request, deployment, model, price);
        isKnown = terms.IsKnown;
        return terms.MostCost(deployment.Adjustment.WithoutFixed());
    }

    /// <summary>What an answer to the request will cost.</summary>
    /// <param name="isClientTarget">True when the client chose the server: then what the server says of its price is not believed.</param>
    public static AnswerPrice PriceOf(
        ClientRequest request, Operation operation, Deployment deployment, string model, ModelPrice? price, bool isClientTarget) => new()
        {
            Model = $"{deployment.Provider.Name}/{model}",
            Price = price,
            Adjustment = deployment.Adjustment,
            Believed = isClientTarget || deployment.IsMock ? CostReport.None : deployment.Provider.CostReport,
            AskedService = AnswerChoices.TermsOf(request, operation, deployment).Service,
            Search = TermsOf(request, deployment, model, price),
        };

    private static SearchTerms TermsOf(ClientRequest request, Deployment deployment, string model, ModelPrice? price) =>
        SearchTerms.Of(deployment.Provider.Name, model, price, AskedToolsReader.Read(request, deployment, model));
}
