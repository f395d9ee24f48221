using System.Globalization;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>What Google's models and its two services (AI Studio, Vertex AI) differ in, told by their names.</summary>
internal static class GeminiTarget
{
    private const string Family = "gemini-";

    /// <summary>From here on thinking is measured in levels, calls are sealed and results of tools may hold media.</summary>
    public const double Leveled = 3;

    /// <summary>
    /// True for Vertex AI, false for AI Studio. Vertex reads <c>gs://</c> itself, wants the media type of each file, and embeds at
    /// <c>:predict</c>.
    /// </summary>
    public static bool IsVertex(this HubTarget target) => target.Provider.StartsWith("vertex_ai", StringComparison.Ordinal);

    /// <summary>The generation in a model's name: 2.5 for <c>gemini-2.5-flash</c>. 0: not a name that tells.</summary>
    public static double Generation(string model)
    {
        var name = ModelNames.Bare(model);
        if (!name.StartsWith(Family, StringComparison.OrdinalIgnoreCase))
            return 0;
        var rest = name[Family.Length..];
        var end = rest.IndexOf('-');
        if (double.TryParse(end < 0 ? rest : rest[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var generation))
            return generation;
        return rest.EndsWith("-latest", StringComparison.OrdinalIgnoreCase) ? Leveled : 0; // gemini-flash-latest
    }

    /// <summary>
    /// The level for an effort of OpenAI's, as Google's own endpoint for OpenAI's clients maps it
    /// (https://ai.google.dev/gemini-api/docs/openai#thinking). Only the Flash models can think as good as not at all.
    /// </summary>
    public static string Level(string model, string effort) => effort switch
    {
        "none" or "minimal" => IsFlash(model) ? "MINIMAL" : "LOW",
        "low" => "LOW",
        "medium" => ModelNames.Bare(model).StartsWith("gemini-3-pro", StringComparison.OrdinalIgnoreCase) ? "HIGH" : "MEDIUM",
        _ => "HIGH",
    };

    /// <summary>The budget for an effort of OpenAI's; from the same table.</summary>
    public static long Budget(string model, string effort) => Within(model, effort switch
    {
        "none" => 0,
        "minimal" or "low" => 1_024,
        "medium" => 8_192,
        _ => 24_576,
    });

    /// <summary>
    /// A budget as the model takes it: another is an error there, and one above the most that a model thinks is no other than the most
    /// (https://ai.google.dev/gemini-api/docs/thinking#set-budget). -1 leaves it to the model.
    /// </summary>
    public static long Within(string model, long budget)
    {
        if (budget < 0)
            return -1;
        if (Generation(model) is < 2.5 or >= Leveled)
            return budget;
        if (!IsFlash(model))
            return Math.Clamp(budget, 128, 32_768);
        var isLite = model.Contains("flash-lite", StringComparison.OrdinalIgnoreCase);
        return budget == 0 ? 0 : Math.Clamp(budget, isLite ? 512 : 1, 24_576);
    }

    private static bool IsFlash(string model) => model.Contains("flash", StringComparison.OrdinalIgnoreCase);
}
