using Gateway.Catalog;
using Gateway.Pricing;

namespace Gateway.Tests.Catalog;

public sealed class ProvidersTests
{
    [Test]
    public void EachProviderHasOneRow() => Assert.That(Providers.All.Select(p => p.Name), Is.Unique);

    [Test]
    public void EachBaseUrlIsUsableAsItStands()
    {
        foreach (var provider in Providers.All.Where(p => p.ApiBase is not null))
        {
            Assert.That(UpstreamUrl.Normalize(provider, provider.ApiBase!, out var normal, out _), Is.Null, provider.Name);
            Assert.That(normal, Is.EqualTo(provider.ApiBase), provider.Name);
        }
    }

    [Test]
    public void CatalogAndPriceBookAgreeOnWhatIsLocal()
    {
        foreach (var provider in Providers.All)
            Assert.That(PriceNames.IsLocal(provider.Name), Is.EqualTo(provider.IsLocal), provider.Name);
    }

    [Test]
    public void EveryProviderThatNeedsAKeySaysWhereItIs() =>
        Assert.That(Providers.All.Where(p => !p.KeyIsOptional && p.KeyVariables.Length == 0), Is.Empty);

    [Test]
    public void HostsTellTheirProvider()
    {
        Assert.That(Providers.FindByHost("API.groq.com")!.Name, Is.EqualTo("groq"));
        Assert.That(Providers.FindByHost("localhost"), Is.Null);
        Assert.That(Providers.FindByHost("api.openai.com")!.Name, Is.EqualTo("openai"));
    }

    [Test]
    public void MakersInThePriceDataAreKnownProviders()
    {
        string[] models = ["gpt-4o", "claude-2", "gemini-2.5-pro", "grok-4", "kimi-k2", "glm-4.6", "voyage-3", "command-r", "MiniMax-M2"];
        foreach (var model in models)
            Assert.That(Providers.Find(PriceBook.Embedded.MakerOf(model)!), Is.Not.Null, model);
    }
}
