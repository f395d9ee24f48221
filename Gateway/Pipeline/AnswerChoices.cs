using Gateway.Catalog;
using Gateway.Dialects;

namespace Gateway.Pipeline;

/// <summary>How many answers a request asks a deployment for: those that a stream must finish, and those that are paid for; pure.</summary>
internal static class AnswerChoices
{
    /// <summary>As many choices as a stream's translator tells apart. With more, only the sign of a clean end will do.</summary>
    private const int MostTold = 128;

    /// <summary>The number of choices that a stream must finish before it is whole: <c>n</c> for each prompt.</summary>
    public static int ExpectedOf(ClientRequest request, Operation operation, Deployment deployment)
    {
        var terms = TermsOf(request, operation, deployment);
        var choices = (terms.Choices ?? 1) * PromptsOf(operation, terms);
        return choices <= MostTold ? (int)choices : int.MaxValue;
    }

    /// <summary>The number of answers that are paid for: with <c>best_of</c> more are written than sent.</summary>
    public static long PaidOf(Operation operation, in AnswerTerms terms) => terms.PaidPerPrompt * PromptsOf(operation, terms);

    /// <summary>What the body that leaves for a deployment asks for.</summary>
    public static AnswerTerms TermsOf(ClientRequest request, Operation operation, Deployment deployment)
    {
        var dropped = deployment.Params.AdditionalDropParams;
        return AnswerTerms.Sent(deployment.Overrides, request.Terms, deployment.Defaults, dropped.IsEmpty ? [] : dropped,
            RequestShape.RenamesLimit(operation, deployment.Provider));
    }

    /// <summary>Only a legacy completion has prompts. A list of none is for the provider to refuse.</summary>
    private static long PromptsOf(Operation operation, in AnswerTerms terms) =>
        operation == Operation.Completions ? Math.Max(terms.Prompts ?? 1, 1) : 1;
}
