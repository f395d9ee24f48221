using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Dialects.OpenAi;
using Gateway.Upstream;

namespace Gateway.Tests.Dialects;

/// <summary>Whole answers: the model's name changes, nothing else, and the usage is understood.</summary>
public sealed class AnswerFixtureTests
{
    private static readonly OpenAiDialect Dialect = new();

    private static IEnumerable<string> Cases() => Fixture.Names("answer-");

    [TestCaseSource(nameof(Cases))]
    public void AnAnswerPassesUnderTheClientsNameForTheModel(string name)
    {
        var fixture = new Fixture(name);
        var bytes = fixture.Read("answer.in.json");
        var isRead = Dialect.TryReadAnswer(bytes, out var facts);
        if (!isRead)
        {
            fixture.ExpectFacts(new JsonObject { ["isAnswer"] = false });
            return;
        }
        var model = Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(fixture.ReadJson("options.json")["model"]!.GetValue<string>())}\"");
        var buffer = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(buffer, 0);
        using var answer = new WholeAnswer(buffer, bytes.Length, new BufferBudget(0), 0, facts);
        var output = new ArrayBufferWriter<byte>();
        answer.WriteTo(output, model);

        fixture.Expect("answer.out.json", output.WrittenSpan);
        Assert.That(answer.LengthWith(model.Length), Is.EqualTo(output.WrittenCount));
        fixture.ExpectFacts(new JsonObject
        {
            ["isAnswer"] = true,
            ["isError"] = facts.IsError,
            ["usage"] = Fixture.Describe(facts.Usage),
            ["rawUsage"] = facts.Usage is null ? null : Encoding.UTF8.GetString(bytes[facts.RawUsage]),
            ["outputBytes"] = facts.OutputBytes,
        });
    }
}
