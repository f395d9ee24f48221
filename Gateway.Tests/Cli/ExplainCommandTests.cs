using System.CommandLine;
using System.Text.Json;
using Gateway.Cli;

namespace Gateway.Tests.Cli;

public sealed class ExplainCommandTests
{
    [Test]
    public async Task ItWorksBesideARunningGatewayAndWithoutOne()
    {
        await using var gateway = await GatewayHost.StartAsync("model_list: [{model_name: m, litellm_params: {model: mock/m}}]");
        using var answer = await gateway.ChatAsync("""{"model":"m","messages":[]}""");
        await answer.TextAsync();
        var id = answer.Header("x-gateway-decision")!;
        using var explained = await gateway.GetAsync($"/explain/{id}?format=text"); // written now, if it was not before

        var beside = Run(gateway, id);
        await gateway.StopAsync();
        var without = Run(gateway, id.ToUpperInvariant());

        Assert.That(beside, Is.EqualTo((0, (await explained.TextAsync()).ReplaceLineEndings(), "")));
        Assert.That(without, Is.EqualTo(beside));
        using var json = JsonDocument.Parse(Run(gateway, id, "--json").Output);
        Assert.That(json.RootElement.GetProperty("id").GetString(), Is.EqualTo(id));
    }

    [TestCase("019ab3d05b6a7c3e8f00000000000000", "has no decision 019ab3d05b6a7c3e8f00000000000000")]
    [TestCase("../../etc/passwd", "ID must be the 32 hexadecimal digits")]
    public async Task WithoutTheDecisionThereIsOneLineOnStandardError(string id, string message)
    {
        await using var gateway = await GatewayHost.StartAsync("model_list: []");
        var (code, output, error) = Run(gateway, id);
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error.TrimEnd(), Does.Contain(message).And.Not.Contain('\n'));
    }

    [Test]
    public void WithoutADatabaseThereIsOneLineToo()
    {
        using StringWriter output = new(), error = new();
        Assert.That(ExplainCommand.Run("/no/such/gateway.db", new string('0', 32), asJson: false, output, error), Is.EqualTo(1));
        Assert.That(error.ToString(), Does.Contain("there is no such database"));
    }

    private static (int Code, string Output, string Error) Run(GatewayHost gateway, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var code = ExplainCommand.Create(new Dictionary<string, string>()).Parse([.. arguments, "--db", gateway.DatabasePath])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
