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
