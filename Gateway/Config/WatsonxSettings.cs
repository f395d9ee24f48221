namespace Gateway.Config;

/// <summary>For whom watsonx.ai works: a project or a deployment space, and who changes its API key into a token.</summary>
public sealed record WatsonxSettings
{
    public string? ProjectId { get; init; }
    public string? SpaceId { get; init; }

    /// <summary>From the environment: where a token is given for the key.</summary>
    public string IamUrl { get; init; } = DefaultIamUrl;

    private const string DefaultIamUrl = "https://iam.cloud.ibm.com/identity/token"; // IBM Cloud's

    internal static WatsonxSettings Read(YamlSection s) => new()
    {
        ProjectId = s.Text("project_id") ?? s.Text("watsonx_project"),
        SpaceId = s.Text("space_id"),
    };

    internal WatsonxSettings Under(IReadOnlyDictionary<string, string> environment) => this with
    {
        ProjectId = ProjectId ?? CloudSettings.Variable(environment, "WATSONX_PROJECT_ID", "WX_PROJECT_ID"),
        SpaceId = SpaceId ?? CloudSettings.Variable(environment, "WATSONX_DEPLOYMENT_SPACE_ID", "WATSONX_SPACE_ID", "WX_SPACE_ID"),
        IamUrl = CloudSettings.Variable(environment, "WATSONX_IAM_URL") ?? DefaultIamUrl,
    };
}
