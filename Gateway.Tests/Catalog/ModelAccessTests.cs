using Gateway.Config;
using static Gateway.Tests.Catalog.CatalogFixture;

namespace Gateway.Tests.Catalog;

public sealed class ModelAccessTests
{
    [TestCase("gpt-4o", true, new string[0])]
    [TestCase("gpt-4o", true, new[] { "*" })]
    [TestCase("gpt-4o", true, new[] { "all-proxy-models" })]
    [TestCase("gpt-4o", true, new[] { "x", "gpt-4o" })]
    [TestCase("gpt-4o", false, new[] { "gpt-4" })]
    [TestCase("gpt-4o", false, new[] { "GPT-4O" })]
    [TestCase("gpt-4o", true, new[] { "gpt-*" })]
    [TestCase("gpt-4o", false, new[] { "pt-*" })]
    [TestCase("gpt-4o", true, new[] { "openai/*" })]            // whose model it is
    [TestCase("gpt-4o", false, new[] { "anthropic/*" })]
    [TestCase("gpt-4o", true, new[] { "beta" })]                // access group
    [TestCase("gpt-4o", false, new[] { "gamma" })]
    [TestCase("gpt-4o", false, new[] { "no-default-models" })]
    [TestCase("gpt-4o", false, new[] { "gpt-4o", "no-default-models" })]
    [TestCase("alias", true, new[] { "alias" })]
    [TestCase("alias", true, new[] { "gpt-4o" })]               // its target
    [TestCase("alias", false, new[] { "other" })]
    [TestCase("groq/llama", true, new[] { "groq/*" })]
    [TestCase("groq/llama", true, new[] { "fast" })]            // access group of a wildcard
    [TestCase("groq/llama", false, new[] { "groq/mixtral" })]
    [TestCase("id-1", true, new[] { "gpt-4o" })]
    [TestCase("id-1", false, new[] { "other" })]
    public void AListSaysWhatMayBeUsed(string name, bool allowed, string[] models)
    {
        var catalog = Of(new GatewayConfig
        {
            ModelList =
            [
                Entry("gpt-4o", new LiteLlmParams { Model = "openai/x" }, new() { Id = "id-1", AccessGroups = ["beta"] }),
                Entry("groq/*", new LiteLlmParams { Model = "groq/*" }, new() { AccessGroups = ["fast"] }),
            ],
            Router = new() { ModelGroupAlias = [new("alias", "gpt-4o", false)] },
        }).Catalog;
        var caller = new Caller { KeyId = "", UserId = "u", Models = [.. models] };
        Assert.That(catalog.IsAllowed(caller, name, catalog.Resolve(name)!), Is.EqualTo(allowed));
    }
}
