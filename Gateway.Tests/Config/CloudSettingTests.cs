using Gateway.Catalog;
using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class CloudSettingTests
{
    private static readonly Dictionary<string, string> None = [];

    [Test]
    public void TheKeysOfCloudsAreReadWithoutAFindingAndNeverSent()
    {
        var loaded = ConfigText.ReadParams("""
            aws_region_name: eu-west-1
            aws_access_key_id: AKID
            aws_secret_access_key: aws-secret
            aws_role_name: role
            aws_bedrock_runtime_endpoint: https://b.test
            vertex_project: p-1
            vertex_location: global
            vertex_credentials: {type: service_account, client_email: a}
            azure_ad_token: ad-token
            tenant_id: t-1
            client_id: c-1
            client_secret: azure-secret
            project_id: w-1
            """);
        var settings = loaded.Config.ModelList[0].Params;

        Assert.That(loaded.Said(), Is.Empty);
        Assert.That(settings.Defaults, Is.Empty);
        Assert.That(settings.Cloud.Aws.RegionName, Is.EqualTo("eu-west-1"));
        Assert.That(settings.Cloud.Aws.SecretAccessKey!.Reveal(), Is.EqualTo("aws-secret"));
        Assert.That(settings.Cloud.Vertex.Credentials!.Reveal(), Is.EqualTo("""{"type":"service_account","client_email":"a"}"""));
        Assert.That(settings.Cloud.Vertex.Location, Is.EqualTo("global"));
        Assert.That(settings.Cloud.Azure.TenantId, Is.EqualTo("t-1"));
        Assert.That(settings.Cloud.Watsonx.ProjectId, Is.EqualTo("w-1"));
        Assert.That(settings.ToString(), Does.Not.Contain("secret").And.Not.Contain("ad-token").And.Not.Contain("service_account"));
    }

    [Test]
    public void ASecretMayStandInTheEnvironment() => Assert.That(
        ConfigText.ReadParams("client_secret: os.environ/S", ("S", "from-env")).Config.ModelList[0].Params.Cloud.Azure.ClientSecret,
        Is.EqualTo(Secret.Of("from-env")));

    [TestCase("aws_session_tags: x")]
    [TestCase("azure_username: x")]
    [TestCase("vertex_ai_something: x")]
    public void WhatIsNotHonouredIsSaid(string line) =>
        Assert.That(ConfigText.ReadParams(line).Said(), Has.One.Contains("is not honoured"));

    [Test]
    public void EachSettingOfACloudMakesAnotherDeployment()
    {
        string[] lines =
        [
            "", "aws_region_name: a", "aws_access_key_id: a", "aws_secret_access_key: a", "aws_session_token: a", "aws_profile_name: a",
            "aws_role_name: a", "aws_session_name: a", "aws_external_id: a", "aws_web_identity_token: a", "aws_sts_endpoint: a",
            "aws_bedrock_runtime_endpoint: a", "vertex_project: a", "vertex_location: a", "vertex_credentials: a", "azure_ad_token: a",
            "tenant_id: a", "client_id: a", "client_secret: a", "azure_scope: a", "project_id: a", "space_id: a",
        ];

        Assert.That(lines.Select(line => DeploymentId.Of(ConfigText.ReadParams(line).Config.ModelList[0])), Is.Unique);
    }

    [Test]
    public void TheVariablesOfAwsStandUnderTheConfig()
    {
        var environment = new Dictionary<string, string>
        {
            ["AWS_REGION"] = "us-east-1",
            ["AWS_PROFILE"] = "work",
            ["HOME"] = "/home/me",
            ["AWS_ROLE_SESSION_NAME"] = "s",
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x",
        };
        var settings = new AwsSettings { SessionName = "own" }.Under(environment);

        Assert.That(settings.RegionName, Is.EqualTo("us-east-1"));
        Assert.That(settings.FallbackProfile, Is.EqualTo("work"));
        Assert.That(settings.SessionName, Is.EqualTo("own"));
        Assert.That(settings.CredentialsFile, Is.EqualTo(Path.Combine("/home/me", ".aws", "credentials")));
        Assert.That(settings.ContainerUri, Is.EqualTo("http://169.254.170.2/v2/x"));
        Assert.That(settings.MetadataEndpoint, Is.EqualTo("http://169.254.169.254"));
        Assert.That(new AwsSettings().Under(None).CredentialsFile, Is.Null);
    }

    [Test]
    public void WatsonxAndVertexHaveTheirVariablesToo()
    {
        var environment = new Dictionary<string, string>
        {
            ["WATSONX_PROJECT_ID"] = "w",
            ["WX_SPACE_ID"] = "s",
            ["VERTEXAI_LOCATION"] = "l",
            ["GOOGLE_CLOUD_PROJECT"] = "g",
        };

        Assert.That(new WatsonxSettings().Under(environment), Is.EqualTo(
            new WatsonxSettings { ProjectId = "w", SpaceId = "s", IamUrl = "https://iam.cloud.ibm.com/identity/token" }));
        Assert.That(new VertexSettings().Under(environment).Location, Is.EqualTo("l"));
        Assert.That(new VertexSettings().Under(environment).Project, Is.EqualTo("g"));
    }
}
