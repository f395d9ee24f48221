using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>The ids of answers, as OpenAI's clients expect them to look.</summary>
internal static class OpenAiIds
{
    /// <param name="id">The provider's. Null: it gave none.</param>
    public static string Chat(string? id, HubShown shown) => With("chatcmpl-", id, shown);

    public static string Completion(string? id, HubShown shown) => With("cmpl-", id, shown);

    private static string With(string prefix, string? id, HubShown shown) =>
        id is { Length: > 0 } && id.StartsWith(prefix, StringComparison.Ordinal) ? id : prefix + (id is { Length: > 0 } ? id : shown.RandomId);
}
