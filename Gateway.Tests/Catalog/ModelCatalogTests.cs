using Gateway.Catalog;
using Gateway.Config;
using Gateway.Pricing;
using Gateway.Tests.Config;
using static Gateway.Tests.Catalog.CatalogFixture;

namespace Gateway.Tests.Catalog;

public sealed class ModelCatalogTests
{
    [Test]
    public void EntriesOfOneNameAreOneGroup()
    {
        var catalog = Of(Entry("a", "openai/x"), Entry("b", "openai/y"), Entry("a", "openai/z")).Catalog;
        Assert.That(catalog.Groups.Select(g => g.Name), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(catalog.Resolve("a")!.Deployments.Select(d => d.UpstreamModel), Is.EqualTo(new[] { "x", "z" }));
        Assert.That(catalog.Resolve("c"), Is.Null);
        Assert.That(catalog.Resolve(""), Is.Null);
        Assert.That(catalog.Resolve(new string('a', 300)), Is.Null);
    }

    [Test]
    public void AnExactNameIsFoundWithoutAllocating()
    {
        var catalog = Of(Entry("a", "openai/x")).Catalog;
        catalog.Resolve("a");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            catalog.Resolve("a");
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void AnAliasLeadsToItsGroupAndAGroupOfTheSameNameComesFirst()
    {
        var fixture = Of(new GatewayConfig
        {
            ModelList = [Entry("a", "openai/x"), Entry("b", "openai/y")],
            Router = new() { ModelGroupAlias = [new("other", "a", false), new("b", "a", false), new("secret", "a", true)] },
        });
        Assert.That(fixture.Catalog.Resolve("other")!.Name, Is.EqualTo("a"));
        Assert.That(fixture.Catalog.Resolve("secret")!.Name, Is.EqualTo("a"));
        Assert.That(fixture.Catalog.Resolve("b")!.Name, Is.EqualTo("b"));
        Assert.That(fixture.Catalog.Listed.Select(l => l.Name), Is.EqualTo(new[] { "a", "b", "other" }), "hidden ones are not listed");
        Assert.That(fixture.Said, Does.Contain("model_group_alias.b: is the name of a model too"));
    }

    [TestCase("openai/gpt-9", "gpt-9")]
    [TestCase("openai/org/model", "org/model")]
    [TestCase("claude-x", "anthropic-claude-x-1")]
    [TestCase("x::a::y::b", "b")]
    [TestCase("fixed-anything", "one")]
    public void AWildcardPutsWhatItsStarStandsForIntoTheModel(string name, string upstream)
    {
        var catalog = Of(
            Entry("openai/*", "openai/*"), Entry("claude-*", "openai/anthropic-claude-*-1"), Entry("x::a::y::*", "openai/*"),
            Entry("fixed-*", "openai/one")).Catalog;
        var group = catalog.Resolve(name)!;
        Assert.That((group.Name, group.UpstreamModels.Single()), Is.EqualTo((name, upstream)));
    }

    [Test]
    public void WithFewerStarsThanTextsTheClientsNameIsSent()
    {
        var fixture = Of(Entry("m::*::*", "openai/*"));
        Assert.That(fixture.Catalog.Resolve("m::a::b")!.UpstreamModels.Single(), Is.EqualTo("m::a::b"));
        Assert.That(fixture.Said, Does.Contain("fewer '*'"));
    }

    [TestCase("openai/gpt-9x")]
    [TestCase("xopenai/gpt-9")]
    [TestCase("openai/*")]
    [TestCase("openai/")]
    public void AWildcardIsForWholeNames(string name) => Assert.That(Of(Entry("openai/*9", "openai/*")).Catalog.Resolve(name), Is.Null);

    [Test]
    public void TheLongestPatternComesFirstAndTheCatchAllLast()
    {
        var catalog = Of(
            Entry("*", "openai/all-*"), Entry("a*", "openai/one-*"), Entry("ab*", "openai/two-*"), Entry("abc", "openai/exact")).Catalog;
        Assert.That(new[] { "abc", "abx", "ax", "x" }.Select(n => Sent(catalog, n)),
            Is.EqualTo(new[] { "exact", "two-x", "one-x", "all-x" }));
    }

    [Test]
    public void ABareNameIsServedByItsMakersWildcardBeforeTheCatchAll()
    {
        var catalog = Of(Entry("*", "openai/all-*"), Entry("anthropic/*", "openai/claude:*"),
            Entry("openai/gpt-4o", "openai/exact")).Catalog;
        Assert.That(Sent(catalog, "claude-2"), Is.EqualTo("claude:claude-2"));
        Assert.That(catalog.Resolve("claude-2")!.Name, Is.EqualTo("claude-2"));
        Assert.That(Sent(catalog, "gpt-4o"), Is.EqualTo("exact"));
        Assert.That(Sent(catalog, "unknown"), Is.EqualTo("all-unknown"));
    }

    [Test]
    public void ADeploymentIsReachedByItsId()
    {
        var catalog = Of(Entry("a", new LiteLlmParams { Model = "openai/x" }, new() { Id = "one" }),
            Entry("a", new LiteLlmParams { Model = "openai/y" }, new() { Id = "two" }),
            Entry("w/*", new LiteLlmParams { Model = "openai/*" }, new() { Id = "wild" })).Catalog;
        var group = catalog.Resolve("two")!;
        Assert.That((group.Name, group.Deployments.Single().UpstreamModel), Is.EqualTo(("a", "y")));
        Assert.That(catalog.Resolve("wild"), Is.Null, "a wildcard has no model of its own");
        Assert.That((group.IsById, catalog.Resolve("a")!.IsById), Is.EqualTo((true, false)));
    }

    [Test]
    public void TheCatchAllModelGoesToTheProviderThatTheClientNames()
    {
        var catalog = With([("ANTHROPIC_API_KEY", "ka"), ("GROQ_API_KEY", "kg")], Entry("*", "*", apiBase: null)).Catalog;
        var claude = catalog.Resolve("anthropic/claude-2")!;
        Assert.That((claude.Deployments.Single().Provider.Name, claude.UpstreamModels.Single()), Is.EqualTo(("anthropic", "claude-2")));
        Assert.That(claude.Deployments[0].ApiKey!.Reveal(), Is.EqualTo("ka"));
        Assert.That(catalog.Resolve("claude-2")!.Deployments.Single().Provider.Name, Is.EqualTo("anthropic"), "a bare name");
        Assert.That(catalog.Resolve("openai/gpt-4o"), Is.Null, "no key");
        Assert.That(catalog.Resolve("ollama/llama3"), Is.Null, "clients do not reach servers that nobody configured");
        Assert.That(catalog.Deployments.Select(d => d.Id).Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public void AKeyOfTheCatchAllsOwnIsNotSentToWhomeverAClientNames()
    {
        var entry = Entry("*", new LiteLlmParams { Model = "*", ApiKey = Secret.Of("own") });
        var fixture = With([("GROQ_API_KEY", "kg")], entry);
        Assert.That(fixture.Catalog.Resolve("groq/x")!.Deployments.Single().ApiKey!.Reveal(), Is.EqualTo("kg"));
        Assert.That(fixture.Catalog.Resolve("openai/x")!.Deployments.Single().ApiKey!.Reveal(), Is.EqualTo("own"));
        Assert.That(fixture.Said, Does.Contain("sent to OpenAI only").And.Not.Contain("own\n"));
    }

    [Test]
    public void AWildcardIsListedAsTheModelsThatAreKnown()
    {
        var listed = Of(Entry("oa/*", "openai/*"), Entry("c-*", "anthropic/claude-*", "http://x/v1"),
            Entry("mine", "openai/x")).Catalog.Listed.ToList();
        Assert.That(listed.Select(l => l.Name), Does.Contain("oa/gpt-4o").And.Contain("c-haiku-4-5").And.Contain("mine"));
        Assert.That(listed.Select(l => l.Name).Where(WildcardPattern.IsPattern), Is.Empty);
        Assert.That(listed.Select(l => l.Name), Is.Unique);
        Assert.That(listed.Single(l => l.Name == "c-haiku-4-5").Group.UpstreamModels.Single(), Is.EqualTo("claude-haiku-4-5"));
    }

    [TestCase("a", "b")]
    [TestCase("openai/a", "b")]
    [TestCase("zzz", "c")]
    public void FallbacksAreThoseOfTheNameThenOfTheBareNameThenOfAll(string group, string target)
    {
        var catalog = Of(new GatewayConfig
        {
            ModelList = [Entry("a", "openai/x")],
            Router = new() { Fallbacks = [new("a", ["b"]), new("a", ["not this"]), new("*", ["c"])] },
        }).Catalog;
        Assert.That(catalog.Fallbacks(FallbackKind.General).Find(group, group), Is.EqualTo(new[] { target }));
    }

    [Test]
    public void WithoutFallbacksThereAreNone() => Assert.That(
        Of(Entry("a", "openai/x")).Catalog.Fallbacks(FallbackKind.General).Find("a", "a"), Is.Null);

    [Test]
    public void WhatNamesNoModelIsReportedWithANearName()
    {
        var fixture = Of(new GatewayConfig
        {
            ModelList =
            [
                Entry("gpt-4o", new LiteLlmParams { Model = "openai/x", ApiBase = "http://s/v1" }, new() { AccessGroups = ["beta"] }),
            ],
            Router = new()
            {
                ModelGroupAlias = [new("al", "gpt4o", false)],
                Fallbacks = [new("gpt-4", ["gpt-4o"]), new("gpt-4o", ["gpt-5o"])],
            },
            UserAccess = [new() { UserId = "u", Models = ["gpt-40", "beta", "*", "all-proxy-models", "gpt-*"], Line = 12, Path = "user_access[0]" }],
        });
        Assert.That(fixture.Said.Split('\n'), Is.EqualTo(new[]
        {
            "Invalid router_settings.model_group_alias.al: names 'gpt4o', which is no model here; did you mean 'gpt-4o'?",
            "Invalid router_settings.fallbacks: names 'gpt-4', which is no model here; did you mean 'gpt-4o'?",
            "Invalid router_settings.fallbacks: names 'gpt-5o', which is no model here; did you mean 'gpt-4o'?",
            "Invalid user_access[0].models: names 'gpt-40', which is no model here; did you mean 'gpt-4o'?",
        }));
        Assert.That(fixture.Findings[^1].Line, Is.EqualTo(12));
    }

    [Test]
    public void WhatLeadsNowhereIsReportedWhereItStands()
    {
        Assert.That(Findings("""
            model_list:
            - model_name: a
              litellm_params: {model: mock/a}
            litellm_settings:
              default_fallbacks: [bbbb]
              fallbacks:
              - a: [cccc]
            router_settings:
              model_group_alias:
                d: eeee
            user_access:
            - api_key: somebody-without-id
            - user_id: u
              models: [ffff]
            """), Is.EqualTo(new[]
        {
            "Invalid: test.yaml:10: router_settings.model_group_alias.d: names 'eeee', which is no model here",
            "Invalid: test.yaml:7: litellm_settings.fallbacks[0]: names 'cccc', which is no model here",
            "Invalid: test.yaml:5: litellm_settings.default_fallbacks: names 'bbbb', which is no model here",
            "Invalid: test.yaml:13: user_access[1].models: names 'ffff', which is no model here",
        }));
    }

    [Test]
    public void WhatIsLeftOutForWantOfAVariableIsMissedForThatReason()
    {
        const string Because = "which is left out because an environment variable is missing";
        Assert.That(Findings("""
            model_list:
            - {model_name: a, litellm_params: {model: mock/a}}
            - {model_name: b, litellm_params: {model: os.environ/NO}}
            - {model_name: "azure/*", litellm_params: {model: azure/*}}
            router_settings:
              fallbacks: [{a: [b, azure/x]}]
            """), Is.EqualTo(new[]
        {
            "MissingVariable: test.yaml:4: model_list[2].litellm_params.api_base: is needed for Azure: add it or set AZURE_API_BASE; the deployment is left out",
            $"MissingVariable: test.yaml:6: router_settings.fallbacks[0]: names 'b', {Because}",
            $"MissingVariable: test.yaml:6: router_settings.fallbacks[0]: names 'azure/x', {Because}",
        }));
    }

    private static IEnumerable<string> Findings(string yaml)
    {
        var loaded = ConfigText.Read(yaml);
        var findings = new List<ConfigFinding>();
        ModelCatalog.Build(loaded.Config, loaded.Environment, PriceBook.Embedded, CatalogFixture.Now, findings);
        return findings.Select(finding => $"{finding.Kind}: {finding}");
    }

    [Test]
    public void UnknownPricesAreReportedOnlyWhereABudgetNeedsThem()
    {
        var model = Entry("a", "openai/my-own");
        Assert.That(Of(model).Findings, Is.Empty);
        var user = new UserAccess { UserId = "u", Limits = new() { MaxBudget = NanoUsd.FromUsd(5) }, Line = 1 };
        var said = Of(new GatewayConfig { ModelList = [model, Entry("b", "openai/gpt-4o")], UserAccess = [user] }).Said;
        Assert.That(said.Split('\n').Single(),
            Does.StartWith("Approximated model_list[].litellm_params: no price is known for 'openai/my-own': it is refused wherever")
            .And.Contain("input_cost_per_token"));
    }

    [TestCase("teams: [{team_id: t, max_budget: 1}]", "openai/own, groq/own")]
    [TestCase("user_access: [{user_id: u, api_keys: [{api_key: sk-12345678, max_budget: 1}]}]", "openai/own, groq/own")]
    [TestCase("user_access: [{user_id: u, model_max_budget: {a: 1}}]", "openai/own, groq/own")]
    [TestCase("litellm_settings: {max_budget: 1}", "openai/own, groq/own")]
    [TestCase("litellm_settings: {max_end_user_budget: 1}", "openai/own, groq/own")]
    [TestCase("litellm_settings: {max_budget: 1}\ngeneral_settings: {unknown_price: allow}", "openai/own, groq/own")]
    [TestCase("router_settings: {tag_budget_config: {x: {max_budget: 1}}}", "openai/own, groq/own")]
    [TestCase("router_settings: {provider_budget_config: {groq: {budget_limit: 1}}}", "groq/own")]
    [TestCase("user_access: [{user_id: u, rpm_limit: 1}]", "")]
    public void EveryBudgetWantsToKnowPrices(string budget, string reported)
    {
        var said = Findings("""
            model_list:
              - {model_name: a, litellm_params: {model: openai/own}}
              - {model_name: b, litellm_params: {model: groq/own}}

            """ + budget).Where(finding => finding.Contains("no price is known")).ToList();
        Assert.That(string.Join(", ", said.Select(finding => finding.Split('\'')[1])), Is.EqualTo(reported));
        Assert.That(said, Is.All.Contains(budget.Contains("allow") ? "is booked at 0" : "is refused"));
    }

    [Test]
    public void AWildcardsPriceIsThatOfTheModelItStandsFor()
    {
        var catalog = Of(Entry("openai/*", "openai/*")).Catalog;
        var deployment = catalog.Deployments.Single();
        Assert.That(deployment.Price, Is.Null);
        Assert.That(catalog.PriceFor(deployment, "gpt-4o", Now)!.Id, Is.EqualTo("openai/gpt-4o@prices.json"));
        Assert.That(catalog.PriceFor(deployment, "nobody-knows", Now), Is.Null);
    }

    [Test]
    public void WithoutAConfigThereIsAPricedMockAndAWildcardForEachKey()
    {
        var environment = new Dictionary<string, string>
        {
            ["OPENAI_API_KEY"] = "k",
            ["GROQ_API_KEY"] = "",
            ["AWS_ACCESS_KEY_ID"] = "k",
            ["AZURE_API_KEY"] = "k",
        };
        var config = StarterConfig.For(environment);
        var findings = new List<ConfigFinding>();
        var catalog = ModelCatalog.Build(config, environment, PriceBook.Embedded, Now, findings);
        Assert.That(findings, Is.Empty);
        Assert.That(config.ModelList.Select(m => m.ModelName), Is.EqualTo(new[] { "mock-gpt", "openai/*" }));
        Assert.That(catalog.Resolve("gpt-4o")!.Deployments.Single().ApiKey!.Reveal(), Is.EqualTo("k"));
        var mock = catalog.Resolve("mock-gpt")!.Deployments.Single();
        Assert.That(mock.IsMock, Is.True);
        Assert.That(mock.Price!.CostOf(new Usage { Input = 10, Output = 20 }, default).ToString(), Is.EqualTo("0.000225"));
    }

    private static string Sent(ModelCatalog catalog, string name)
    {
        var group = catalog.Resolve(name)!;
        return group.UpstreamModels.IsEmpty ? group.Deployments.Single().UpstreamModel : group.UpstreamModels.Single();
    }
}
