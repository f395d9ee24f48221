using System.CommandLine;
using Gateway.Cli;
using Gateway.Tests.Config;

namespace Gateway.Tests.Cli;

public sealed class PriceCommandTests
{
    [Test]
    public void TheArithmeticIsShownLineByLine()
    {
        var (code, output, error) = Run("gpt-4o", "--input", "1200", "--cached", "200", "--output", "300");
        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(new[]
        {
            "price: openai/gpt-4o@prices.json",
            "why:   the built-in price list",
            "input                  1,000 × 2.5 USD per million          = 0.0025 USD",
            "cached input             200 × 1.25 USD per million         = 0.00025 USD",
            "output                   300 × 10 USD per million           = 0.003 USD",
            "sum                                                           0.00575 USD",
        }));
    }

    [Test]
    public void AFeePerRequestIsALineOfItsOwn()
    {
        var (_, output, _) = Run("perplexity/sonar", "--input", "1000");
        Assert.That(output, Does.Match(@"request +1 × 0\.012 USD +=").And.Match(@"sum +0\.013 USD"));
    }

    [Test]
    public void SearchesThatAModelMakesByItselfAreALine()
    {
        var (_, output, _) = Run("gpt-4o-search-preview", "--input", "1000");
        Assert.That(output, Does.Match(@"search +1 × 0\.025 USD +=").And.Match(@"sum +0\.0275 USD"));
    }

    [Test]
    public void SearchesThatAreAskedForAreCounted()
    {
        var (_, output, _) = Run("claude-haiku-4-5", "--input", "1000", "--searches", "3");
        Assert.That(output, Does.Match(@"search +3 × 0\.01 USD +=").And.Match(@"sum +0\.031 USD").And.Not.Contain("note:"));
    }

    [Test]
    public void SearchesWithoutAKnownFeeAreSaid()
    {
        var (_, output, _) = Run("deepseek/deepseek-chat", "--input", "1000", "--searches", "3", "--at", "2026-11-24T12:00");
        Assert.That(output, Does.Contain("no fee is known for searches").And.Match(@"sum +0\.00027 USD"));
    }

    [TestCase("gpt-4oo", "openai/gpt-4o")]
    [TestCase("anthropic/claude-haiku-45", "anthropic/claude-haiku-4-5")]
    [TestCase("openai/dall-e-3", "no price is known")]
    [TestCase("nonsense-model-of-nobody", "with its provider")]
    [TestCase("what/ever", "no price is known for 'what/ever'")]
    public void AnUnknownModelIsOneLineWithNearNames(string model, string said)
    {
        var (code, output, error) = Run(model, "--input", "1");
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error, Does.Contain(said));
        Assert.That(error.TrimEnd('\n'), Does.Not.Contain('\n'));
    }

    [Test]
    public void TheDateTheTierAndTheUrgencyAreSaid()
    {
        var (code, output, _) = Run(
            "claude-sonnet-4-6", "--input", "200001", "--cached", "1", "--cache-write", "2", "--cache-write-1h", "3",
            "--output", "10", "--reasoning", "4", "--service-tier", "priority", "--at", "2026-03-12");
        Assert.That(code, Is.Zero);
        Assert.That(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(new[]
        {
            "price: anthropic/claude-sonnet-4-6@prices.json",
            "why:   the built-in price list",
            "note:  no price is known for priority; the list price counts",
            "note:  the prompt has more than 200,000 tokens, which sets the rates of the whole request",
            "input                199,995 × 6 USD per million            = 1.19997 USD",
            "cached input               1 × 0.6 USD per million          = 0.0000006 USD",
            "cache write                2 × 7.5 USD per million          = 0.000015 USD",
            "cache write 1h             3 × 12 USD per million           = 0.000036 USD",
            "output                     6 × 22.5 USD per million         = 0.000135 USD",
            "reasoning                  4 × 22.5 USD per million         = 0.00009 USD",
            "sum                                                           1.2002466 USD",
        }));
        Assert.That(Run("claude-sonnet-4-6", "--input", "1", "--at", "2026-03-13").Output, Does.Contain("@prices.json from 2026-03-13"));
    }

    [Test]
    public void AConfigsPricesComeWithTheirReason()
    {
        using var folder = new TemporaryFolder();
        folder.Write("map.json", """{"gpt-4o": {"input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6}}""");
        var config = folder.Write("config.yaml", """
            model_list:
            - {model_name: mine, litellm_params: {model: openai/gpt-4o, input_cost_per_token: 1e-6}}
            - {model_name: mapped, litellm_params: {model: openai/gpt-4o}}
            - {model_name: listed, litellm_params: {model: azure/x, api_base: "https://a.example"}, model_info: {base_model: gpt-4o-mini}}
            litellm_settings:
              model_cost_map_url: map.json
              cost_discount_config: {openai: 0.1}
              cost_margin_config: {openai: {percentage: 0.5, fixed_amount: 0.001}}
            """);
        Assert.That(Of("mine"), Does.Contain("price: custom\nwhy:   the deployment's own price, which comes first"));
        Assert.That(Of("listed"), Does.Contain("why:   the built-in price list, looked up as model_info.base_model 'gpt-4o-mini'; "
            + "the config's price map map.json has none for it"));
        Assert.That(Of("openai/gpt-4o"), Is.EqualTo(Of("mapped")), "a model that is no model_name is looked up the same way");
        Assert.That(Of("mapped").Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(new[]
        {
            "price: gpt-4o@map.json",
            "why:   the config's price map map.json, which comes before the built-in price list",
            "input                  1,000 × 2 USD per million            = 0.002 USD",
            "discount      10 % of 0.002 USD                             = -0.0002 USD",
            "margin        50 % of 0.0018 USD                            = 0.0009 USD",
            "margin        per request                                   = 0.001 USD",
            "sum                                                           0.0037 USD",
        }));

        string Of(string model) => Run(model, "--input", "1000", "-c", config).Output;
    }

    [Test]
    public void AnUnknownPriceSaysWhichKeysGiveOne() =>
        Assert.That(Run("openai/dall-e-3", "--input", "1").Error,
            Does.Contain("input_cost_per_token and output_cost_per_token").And.Contain("model_info.base_model"));

    [TestCase("--at", "yesterday")]
    [TestCase("--service-tier", "fast")]
    [TestCase("-c", "no-such-file.yaml")]
    [TestCase("--reasoning", "1")]
    [TestCase("--cache-write", "9223372036854775807")]
    public void AWrongOptionIsRefused(string option, string value) =>
        Assert.That(Run("gpt-4o", "--input", "1", option, value).Code, Is.Not.Zero);

    [TestCase("-1", "0")]
    [TestCase("5", "6")]
    public void ImpossibleCountsAreRefused(string input, string cached) =>
        Assert.That(Run("gpt-4o", "--input", input, "--cached", cached).Code, Is.EqualTo(1));

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var code = PriceCommand.Create(ConfigText.NoVariables).Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
