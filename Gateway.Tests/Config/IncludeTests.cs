using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class IncludeTests
{
    private readonly TemporaryFolder _folder = new();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void ListsAreJoinedAndAnythingElseOfTheIncludedFileWins()
    {
        _folder.Write("parts/more.yaml", "include: [deep.yaml]\nmodel_list: [{model_name: b, litellm_params: {model: openai/b, rpm: fast}}]\nlitellm_settings: {drop_params: true}\n");
        _folder.Write("parts/deep.yaml", "model_list: [{model_name: c, litellm_params: {model: openai/c}}]\n");
        var config = Load("include: [parts/more.yaml]\nmodel_list: [{model_name: a, litellm_params: {model: openai/a}}]\nlitellm_settings: {json_logs: true}\n");
        Assert.That(config.Config.ModelList.Select(d => d.ModelName), Is.EqualTo(new[] { "a", "b", "c" }));
        Assert.That((config.Config.LiteLlm.DropParams, config.Config.LiteLlm.JsonLogs), Is.EqualTo((true, false)));
        var finding = config.Findings.Single();
        Assert.That((finding.File, finding.Line), Is.EqualTo((Path.Combine(_folder.Path, "parts/more.yaml"), 2)));
    }

    [TestCase("include: [nowhere.yaml]", "names nowhere.yaml, which does not exist")]
    [TestCase("include: more.yaml", "must be a list of files")]
    [TestCase("include: [{a: b}]", "must be a list of files")]
    [TestCase("include: [config.yaml]", "leads back to config.yaml, which is being read already")]
    [TestCase("include: ['.']", "names ., which does not exist")]
    [TestCase("include: [many-0.yaml]", "leads to more than 100 files")]
    public void AnIncludeThatCannotBeFollowedIsFatal(string yaml, string message)
    {
        for (var i = 0; i <= 100; i++)
            _folder.Write($"many-{i}.yaml", $"include: [many-{i + 1}.yaml]\n");
        var finding = Load(yaml).Findings.Single();
        Assert.That((finding.Kind, finding.Message), Is.EqualTo((FindingKind.Fatal, message)));
    }

    [Test]
    public void AnIncludedFileThatIsNotYamlIsFatalWithItsOwnName()
    {
        _folder.Write("bad.yaml", "a: [1,\n");
        Assert.That(Load("include: [bad.yaml]").Findings.Single(), Has.Property("Kind").EqualTo(FindingKind.Fatal)
            .And.Property("File").EqualTo(Path.Combine(_folder.Path, "bad.yaml")));
    }

    [Test]
    public void TextWithoutAFolderCannotInclude() =>
        Assert.That(ConfigText.Read("include: [a.yaml]").Findings.Single().Message, Is.EqualTo("cannot be followed: the config is not a file"));

    [Test]
    public void CredentialsAreMergedUnderTheDeploymentsOwnSettings()
    {
        var config = ConfigText.Read("""
            credential_list: [{credential_name: c, credential_values: {api_key: k, api_base: http://shared}, credential_info: {description: d}}]
            model_list:
            - {model_name: a, litellm_params: {model: openai/a, litellm_credential_name: c}}
            - {model_name: b, litellm_params: {model: openai/b, litellm_credential_name: c, api_base: http://own}}
            - {model_name: n, litellm_params: {model: openai/n, litellm_credential_name: nobody}}
            """);
        Assert.That(config.Config.ModelList.Select(d => (d.Params.ApiKey?.Reveal(), d.Params.ApiBase)),
            Is.EqualTo(new (string?, string?)[] { ("k", "http://shared"), ("k", "http://own"), (null, null) }));
        Assert.That(config.Config.ModelList[0].Params.Defaults, Is.Empty);
        Assert.That(config.Findings.Single().Message, Is.EqualTo("names no entry of credential_list"));
    }

    private LoadedConfig Load(string yaml) => ConfigReader.Load(_folder.Write("config.yaml", yaml), ConfigText.NoVariables);
}
