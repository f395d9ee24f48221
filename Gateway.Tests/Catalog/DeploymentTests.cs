using Gateway.Catalog;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Pricing;
using static Gateway.Tests.Catalog.CatalogFixture;

namespace Gateway.Tests.Catalog;

public sealed class DeploymentTests
{
    [TestCase("openai/gpt-4o", null, null, "openai", "gpt-4o")]
    [TestCase("openrouter/openai/gpt-4o", null, null, "openrouter", "openai/gpt-4o")]
    [TestCase("gpt-4o", null, null, "openai", "gpt-4o")]
    [TestCase("claude-3-opus-20240229", null, null, "anthropic", "claude-3-opus-20240229")]
    [TestCase("moonshotai/kimi-k2", "https://api.groq.com/openai/v1", null, "groq", "moonshotai/kimi-k2")]
    [TestCase("my/own", "http://box:1/v1", null, "custom_openai", "my/own")]
    [TestCase("anthropic/x", null, "openai", "openai", "anthropic/x")]
    [TestCase("openai/x", null, "openai", "openai", "x")]
    [TestCase("fireworks_ai/glm-5p2", null, null, "fireworks_ai", "accounts/fireworks/models/glm-5p2")]
    [TestCase("fireworks_ai/accounts/me/models/m", null, null, "fireworks_ai", "accounts/me/models/m")]
    public void AModelTellsItsProvider(string model, string? apiBase, string? custom, string provider, string upstream)
    {
        var deployment = One(new LiteLlmParams { Model = model, ApiBase = apiBase, CustomLlmProvider = custom });
        Assert.That((deployment.Provider.Name, deployment.UpstreamModel), Is.EqualTo((provider, upstream)));
    }

    [TestCase("my/own")]
    [TestCase("nobody-knows")]
    [TestCase("")]
    public void AModelWithoutAProviderIsLeftOutWithAFinding(string model)
    {
        var fixture = Of(Entry("a", model, apiBase: null));
        Assert.That(fixture.Catalog.Knows("a"), Is.False);
        Assert.That(fixture.Findings.Single().Kind, Is.EqualTo(FindingKind.Invalid));
        Assert.That(fixture.Said, Does.StartWith("Invalid model_list[].litellm_params.model: "));
    }

    [Test]
    public void AMistypedProviderIsSuggested() =>
        Assert.That(Of(Entry("a", "opnai/x", apiBase: null)).Said,
            Does.Contain("LLM Provider NOT provided").And.Contain("did you mean 'openai'?"));

    [Test]
    public void AGuessedProviderIsReported() =>
        Assert.That(Of(Entry("a", "my/own")).Said, Does.StartWith("Approximated model_list[].litellm_params.model"));

    [TestCase("replicate/meta/llama")]
    [TestCase("snowflake/mistral-large")]
    public void AKnownProviderThatIsNotBuiltStaysInTheCatalogWithAFinding(string model)
    {
        var fixture = Of(Entry("a", model, apiBase: null));
        Assert.That(fixture.Catalog.Resolve("a")!.Deployments.Single().Provider.IsBuilt, Is.False);
        Assert.That(fixture.Said, Does.StartWith("Refused model_list[].litellm_params.model").And.Contain("501"));
    }

    [TestCase("openai/m", "https://box/v1/", Operation.Chat, "https://box/v1/chat/completions")]
    [TestCase("openai/m", "https://box/v1", Operation.Completions, "https://box/v1/completions")]
    [TestCase("openai/m", null, Operation.Embeddings, "https://api.openai.com/v1/embeddings")]
    [TestCase("perplexity/m", null, Operation.Chat, "https://api.perplexity.ai/chat/completions")]
    [TestCase("azure/m", "https://r.openai.azure.com/", Operation.Chat,
        "https://r.openai.azure.com/openai/deployments/m/chat/completions?api-version=2025-02-01-preview")]
    [TestCase("azure/a b", "https://r.openai.azure.com/openai", Operation.Embeddings,
        "https://r.openai.azure.com/openai/deployments/a%20b/embeddings?api-version=2025-02-01-preview")]
    [TestCase("azure/m", "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-06-01", Operation.Chat,
        "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-06-01")]
    [TestCase("azure/m", "https://r.openai.azure.com/openai/v1/", Operation.Chat, "https://r.openai.azure.com/openai/v1/chat/completions")]
    public void EachOperationHasItsUrl(string model, string? apiBase, Operation operation, string url)
    {
        var deployment = One(new LiteLlmParams { Model = model, ApiBase = apiBase });
        var uri = deployment.UriFor(operation, deployment.UpstreamModel);
        Assert.That(uri.AbsoluteUri, Is.EqualTo(url));
        Assert.That(deployment.UriFor(operation, deployment.UpstreamModel), Is.SameAs(uri), "made once");
    }

    [TestCase("anthropic/m", "https://api.anthropic.com", false, "https://api.anthropic.com/v1/messages")]
    [TestCase("gemini/m", "https://g.example", false, "https://g.example/v1beta/models/m:generateContent")]
    [TestCase("gemini/m", "https://g.example/v1beta", true, "https://g.example/v1beta/models/m:streamGenerateContent?alt=sse")]
    [TestCase("gemini/m", "https://g.example/v1beta/openai", false, "https://g.example/v1beta/openai/chat/completions")]
    [TestCase("vertex_ai/gemini-2.5-pro", null, true,
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p-1/locations/us-central1/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse")]
    [TestCase("vertex_ai/claude-sonnet-4-5@20250929", null, false,
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p-1/locations/us-central1/publishers/anthropic/models/claude-sonnet-4-5%4020250929:rawPredict")]
    [TestCase("vertex_ai/meta/llama-3.3-70b-instruct-maas", null, false,
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p-1/locations/us-central1/endpoints/openapi/chat/completions")]
    [TestCase("watsonx/ibm/granite-3-8b", "https://us-south.ml.cloud.ibm.com", true,
        "https://us-south.ml.cloud.ibm.com/ml/v1/text/chat_stream?version=2025-02-11")]
    [TestCase("ollama/m", "http://ollama:11434", false, "http://ollama:11434/api/chat")]
    [TestCase("ollama_chat/m", "http://ollama:11434/v1/", true, "http://ollama:11434/api/chat")]
    [TestCase("ollama/m", null, false, "http://localhost:11434/api/chat")]
    [TestCase("cohere/command-r", null, false, "https://api.cohere.com/v2/chat")]
    [TestCase("bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0", null, true,
        "https://bedrock-runtime.us-west-2.amazonaws.com/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream")]
    [TestCase("bedrock/converse/us-gov-west-1/amazon.nova-lite-v1:0", null, false,
        "https://bedrock-runtime.us-gov-west-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse")]
    [TestCase("databricks/m", "https://dbc.example", false, "https://dbc.example/serving-endpoints/chat/completions")]
    public void AChatOfAnOpenAiClientIsSpokenInTheProvidersFormat(string model, string? apiBase, bool isStream, string url)
    {
        var settings = new LiteLlmParams { Model = model, ApiBase = apiBase };
        var deployment = With([("GOOGLE_CLOUD_PROJECT", "p-1")], Entry("a", settings)).Catalog.Deployments.Single();
        var format = deployment.FormatFor(WireFormat.OpenAi, Operation.Chat, deployment.UpstreamModel);
        Assert.That(deployment.UriFor(Operation.Chat, deployment.UpstreamModel, format, isStream).AbsoluteUri, Is.EqualTo(url));
    }

    [Test]
    public void AzuresVersionComesFromTheEntryThenTheEnvironment()
    {
        var model = new LiteLlmParams { Model = "azure/m", ApiBase = "https://r" };
        var environment = new[] { ("AZURE_API_VERSION", "2024-10-21") };
        string Query(LiteLlmParams p) => With(environment, Entry("a", p)).Catalog.Deployments.Single().UriFor(Operation.Chat, "m").Query;
        Assert.That(Query(model), Is.EqualTo("?api-version=2024-10-21"));
        Assert.That(Query(model with { ApiVersion = "2023-05-15" }), Is.EqualTo("?api-version=2023-05-15"));
    }

    [TestCase("azure/../../admin", "/openai/deployments/..%2F..%2Fadmin/chat/completions")]
    [TestCase("azure/a?b#c", "/openai/deployments/a%3Fb%23c/chat/completions")]
    [TestCase("azure/%2e%2e", "/openai/deployments/%252e%252e/chat/completions")]
    [TestCase("azure/@evil.example/x", "/openai/deployments/%40evil.example%2Fx/chat/completions")]
    public void AClientsModelNameIsOnePathSegmentAtMost(string name, string path)
    {
        var group = Of(Entry("azure/*", "azure/*", "https://r.example")).Catalog.Resolve(name)!;
        var url = group.Deployments[0].UriFor(Operation.Chat, group.UpstreamModels[0]);
        Assert.That((url.Host, url.AbsolutePath, url.Query), Is.EqualTo(("r.example", path, "?api-version=2025-02-01-preview")));
    }

    [TestCase("azure/..")]
    [TestCase("azure/.")]
    public void ANameThatEscapingDoesNotTameIsUnknown(string name) =>
        Assert.That(Of(Entry("azure/*", "azure/*", "https://r.example")).Catalog.Resolve(name), Is.Null);

    [TestCase("ftp://x/v1")]
    [TestCase("/v1")]
    [TestCase("box:8000")]
    [TestCase("https://user:hunter2@x/v1")]
    [TestCase("https://x/v1#f")]
    public void ABadBaseUrlIsReportedAndNotQuoted(string apiBase)
    {
        var fixture = Of(Entry("a", "openai/m", apiBase));
        Assert.That(fixture.Catalog.Knows("a"), Is.False);
        Assert.That(fixture.Said, Does.StartWith("Invalid model_list[].litellm_params.api_base: must").And.Not.Contain("hunter2"));
    }

    [Test]
    public void AServerWithoutADefaultAddressNeedsOne()
    {
        var unset = Of(Entry("a", "hosted_vllm/m", apiBase: null));
        Assert.That(unset.Said, Does.StartWith("MissingVariable").And.Contain("HOSTED_VLLM_API_BASE"));
        Assert.That(unset.Catalog.Knows("a"), Is.False);
        Assert.That(Of(Entry("a", "custom_openai/m", apiBase: null)).Said, Does.StartWith("Invalid"));
        var set = With([("HOSTED_VLLM_API_BASE", "http://gpu:8000/v1")], Entry("a", "hosted_vllm/m", apiBase: null));
        Assert.That(set.Catalog.Deployments.Single().ApiBase, Is.EqualTo("http://gpu:8000/v1"));
        Assert.That(set.Findings, Is.Empty, "its key is optional");
    }

    [Test]
    public void AKeyIsTheEntrysOwnElseTheProvidersVariable()
    {
        var environment = new[] { ("OPENAI_API_KEY", "from-environment") };
        string? Key(Secret? own) => With(environment, Entry("a", new LiteLlmParams { Model = "openai/m", ApiKey = own }))
            .Catalog.Deployments.Single().ApiKey?.Reveal();
        Assert.That(Key(Secret.Of("own")), Is.EqualTo("own"));
        Assert.That(Key(null), Is.EqualTo("from-environment"));
        Assert.That(Key(Secret.Unusable), Is.Null, "another key is not sent in its place");
    }

    [Test]
    public void AMissingKeyIsReportedOncePerProvider()
    {
        var fixture = Of(Entry("a", "groq/m", apiBase: null), Entry("b", "groq/n", apiBase: null),
            Entry("c", "openai/m"), Entry("d", "ollama/m", apiBase: null));
        Assert.That(fixture.Findings.Single().Kind, Is.EqualTo(FindingKind.MissingVariable));
        Assert.That(fixture.Said, Does.Contain("GROQ_API_KEY"));
    }

    [Test]
    public void IdsAreStableWhateverTheOrderAndDifferWithEveryParameter()
    {
        var a = Entry("a", new LiteLlmParams { Model = "openai/m", ApiKey = Secret.Of("k") });
        var b = Entry("b", "openai/m");
        var ids = Of(a, b).Catalog.Deployments.Select(d => d.Id).ToArray();
        Assert.That(Of(b, a).Catalog.Deployments.Select(d => d.Id), Is.EqualTo(ids.Reverse()));
        Assert.That(ids[0], Does.Match("^[0-9a-f]{64}$").And.Not.EqualTo(ids[1]));
        Assert.That(Of(a with { Params = a.Params with { ApiKey = Secret.Of("l") } }).Catalog.Deployments[0].Id, Is.Not.EqualTo(ids[0]));
        Assert.That(Of(a with { Params = a.Params with { Weight = 2 } }).Catalog.Deployments[0].Id, Is.Not.EqualTo(ids[0]));
        Assert.That(Of(a, a).Catalog.Deployments.Select(d => d.Id), Is.EqualTo(new[] { ids[0], ids[0] + "-2" }));
    }

    [Test]
    public void OneIdForTwoDeploymentsIsReported()
    {
        var fixture = Of(Entry("a", new LiteLlmParams { Model = "openai/m", ApiBase = "http://s" }, new() { Id = "x" }),
            Entry("b", new LiteLlmParams { Model = "openai/n", ApiBase = "http://s" }, new() { Id = "x" }));
        Assert.That(fixture.Catalog.Deployments.Select(d => d.Id), Is.EqualTo(new[] { "x", "x-2" }));
        Assert.That(fixture.Said, Does.Contain("model_info.id"));
    }

    [TestCase("production", true)]
    [TestCase("staging", false)]
    [TestCase(null, false)]
    public void ADeploymentIsForItsEnvironmentsOnly(string? here, bool isThere)
    {
        var entry = Entry("a", new LiteLlmParams { Model = "openai/m", ApiBase = "http://s" },
            new() { SupportedEnvironments = ["production"] });
        var fixture = With(here is null ? [] : [("LITELLM_ENVIRONMENT", here)], entry);
        Assert.That(fixture.Catalog.Knows("a"), Is.EqualTo(isThere));
        Assert.That(fixture.Findings, here is null ? Is.Not.Empty : Is.Empty);
    }

    [Test]
    public void AMockIsFreeAndAMockedModelCostsWhatItNames()
    {
        Assert.That(One(new LiteLlmParams { Model = "mock/anything" }), Is.Not.Null);
        var mock = One(new LiteLlmParams { Model = "mock/anything" });
        Assert.That((mock.IsMock, mock.Price!.IsFree, mock.ApiBase, mock.Provider.Name), Is.EqualTo((true, true, "", "mock")));
        var mocked = One(new LiteLlmParams { Model = "openai/gpt-4o", MockResponse = "hi" });
        Assert.That((mocked.IsMock, mocked.Price!.Id, mocked.ApiKey), Is.EqualTo((true, "openai/gpt-4o@prices.json", (Secret?)null)));
        Assert.That(Of(Entry("a", new LiteLlmParams { Model = "fake-model", MockResponse = "hi" })).Findings, Is.Empty);
    }

    [Test]
    public void ADeploymentsOwnPriceWinsAndIsFilledInFromItselfOnly()
    {
        var price = One(new LiteLlmParams { Model = "openai/gpt-4o", Price = new() { InputCostPerToken = 0.000001m } }).Price!;
        Assert.That((price.Id, price.Rates), Is.EqualTo(("custom", PriceRates.Of(1_000_000_000, 0))));
        var perSecond = new CustomPrice { InputCostPerSecond = 0.001m, OutputCostPerSecond = 0.002m };
        var seconds = One(new LiteLlmParams { Model = "openai/m", Price = perSecond }).Price!;
        Assert.That(seconds.CostOf(new Usage { Input = 1000 }, TimeSpan.FromSeconds(2)).ToString(), Is.EqualTo("0.006"));
        var nothing = new CustomPrice { InputCostPerToken = 0, OutputCostPerToken = 0 };
        var free = One(new LiteLlmParams { Model = "openai/gpt-4o", Price = nothing }).Price!;
        Assert.That(free.IsFree, Is.True);
    }

    [Test]
    public void AnImpossiblePriceIsAFindingAndNotFree()
    {
        var price = new CustomPrice { InputCostPerToken = decimal.MaxValue };
        var fixture = Of(Entry("a", new LiteLlmParams { Model = "openai/m", ApiBase = "http://s", Price = price }));
        Assert.That(fixture.Said, Does.Contain("input_cost_per_token must be between 0 and 1000 USD"));
        Assert.That(fixture.Catalog.Deployments.Single().Price, Is.Null);
    }

    [Test]
    public void TheBaseModelTellsThePriceAndTheSize()
    {
        var entry = Entry("a", new LiteLlmParams { Model = "azure/my-deployment", ApiBase = "https://r" },
            new() { BaseModel = "azure/gpt-4o", MaxOutputTokens = 99 });
        var deployment = Of(entry).Catalog.Deployments.Single();
        Assert.That(deployment.Price!.Id, Is.EqualTo("openai/gpt-4o@prices.json"));
        Assert.That(deployment.Limits, Is.EqualTo(new ModelLimits(128_000, 99)));
    }

    [TestCase("a", "openai/*")]
    [TestCase("a-*", "openai/*-*")]
    public void AStarThatNothingFillsIsReported(string name, string model)
    {
        var fixture = Of(Entry(name, model));
        Assert.That(fixture.Catalog.Deployments, Is.Empty);
        Assert.That(fixture.Findings.Single().Kind, Is.EqualTo(FindingKind.Invalid));
    }

    private static Deployment One(LiteLlmParams settings) => Of(Entry("a", settings)).Catalog.Deployments.Single();
}
