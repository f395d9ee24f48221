using Gateway.Config;

namespace Gateway.Tests.Config;

/// <summary>What a deployment lets its clients choose.</summary>
public sealed class ClientsideAuthParamTests
{
    private const string Setting = "configurable_clientside_auth_params: ";

    [TestCase("https://api.example.com/v1", true)]
    [TestCase("https://api.example.com/v1\n", false)]
    [TestCase("https://api.example.com/v1/more", false)]
    [TestCase("http://evil/?https://api.example.com/v1", false)]
    public void APatternHoldsForTheWholeUrl(string url, bool isAllowed) =>
        Assert.That(Read("[{api_base: 'https://[a-z]+[.]example[.]com/v1'}]").Single().Pattern!.IsMatch(url), Is.EqualTo(isAllowed));

    [TestCase("[{api_base: 'https://a|https://b'}]", "https://a", true)]
    [TestCase("[{api_base: 'https://a|https://b'}]", "https://ab", false)]
    public void AChoiceInAPatternHoldsForTheWholeUrlToo(string value, string url, bool isAllowed) =>
        Assert.That(Read(value).Single().Pattern!.IsMatch(url), Is.EqualTo(isAllowed));

    [Test]
    public void AKeyNeedsNoPattern() => Assert.That(Read("[api_key]").Single(), Is.EqualTo(new ClientsideAuthParam("api_key", null)));

    [TestCase("[{api_base: '('}]", "has a pattern for api_base that is no regular expression; it allows nothing")]
    [TestCase("[{api_base: 'a)|(b'}]", "has a pattern for api_base that is no regular expression; it allows nothing")]
    [TestCase("[{api_base: '(?!x)y'}]", "has a pattern for api_base that looks around or back, or is too large, which is not supported; it allows nothing")]
    [TestCase("[api_base]", "lets clients choose api_base only with a pattern that says which URLs: api_base: PATTERN")]
    [TestCase("[{api_key: '.*'}]", "takes api_key without a pattern; it is left out")]
    [TestCase("[organization]", "names 'organization', which clients cannot choose: only api_key and api_base")]
    [TestCase("[{model: x}]", "names 'model', which clients cannot choose: only api_key and api_base")]
    public void WhatCannotBeUsedAllowsNothingAndIsReported(string value, string message)
    {
        var config = ConfigText.ReadParams(Setting + value);
        Assert.That(config.Config.ModelList[0].Params.ConfigurableClientsideAuthParams, Is.Empty);
        Assert.That(config.Findings.Select(finding => (finding.Kind, finding.Line, finding.Message)),
            Is.EqualTo(new[] { (FindingKind.Invalid, 5, message) }));
    }

    private static IEnumerable<ClientsideAuthParam> Read(string value)
    {
        var config = ConfigText.ReadParams(Setting + value);
        Assert.That(config.Said(), Is.Empty);
        return config.Config.ModelList[0].Params.ConfigurableClientsideAuthParams;
    }
}
