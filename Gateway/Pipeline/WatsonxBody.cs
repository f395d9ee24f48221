using System.Text.Json;
using Gateway.Catalog;
using Gateway.Dialects;

namespace Gateway.Pipeline;

/// <summary>
/// watsonx.ai takes OpenAI's chats with a few other names: the model is <c>model_id</c>, a project or a space pays, and the URL says whether
/// to stream (https://cloud.ibm.com/apidocs/watsonx-ai#text-chat).
/// </summary>
internal static class WatsonxBody
{
    private static readonly string[] InUrl = ["stream", "stream_options"];

    /// <summary>The changes with those for watsonx.ai; for any other provider as they are.</summary>
    public static RequestChanges Apply(RequestChanges changes, Deployment deployment)
    {
        if (deployment.Provider.Auth != AuthScheme.WatsonxIam)
            return changes;
        var cloud = deployment.Cloud.Watsonx;
        List<KeyValuePair<string, string>> overrides = [.. changes.Overrides, new("model_id", Text(changes.Model))];
        if (cloud.SpaceId is not null)
            overrides.Add(new("space_id", Text(cloud.SpaceId)));
        else if (cloud.ProjectId is not null)
            overrides.Add(new("project_id", Text(cloud.ProjectId)));
        return changes with { OmitsModel = true, AskForStreamUsage = false, Dropped = [.. changes.Dropped, .. InUrl], Overrides = overrides };
    }

    private static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
