using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;

namespace Gateway.Tests.Dialects;

/// <summary>A cap on the output in the body that leaves: lowered where it stands, added where there is none.</summary>
public sealed class OutputCapTests
{
    private const string New = "max_completion_tokens", Old = "max_tokens";

    [TestCase("""{ "model" : "m", "max_tokens" : 900 , "x":[1.50]}""", """{"model" : "M", "max_tokens" : 50 , "x":[1.50]}""")]
    [TestCase("""{"model":"m","max\u005ftokens":900}""", """{"model":"M","max\u005ftokens":50}""")]
    [TestCase("""{"model":"m","max_tokens":50.0}""", """{"model":"M","max_tokens":50.0}""", Description = "no more: not touched")]
    [TestCase("""{"model":"m","max_tokens":900,"max_completion_tokens":10}""", """{"model":"M","max_tokens":50,"max_completion_tokens":10}""")]
    [TestCase("""{"model":"m","max_tokens":1e308}""", """{"model":"M","max_tokens":50}""")]
    [TestCase("""{"model":"m","x":1}""", """{"model":"M","x":1,"max_completion_tokens":50}""")]
    [TestCase("""{"model":"m","max_tokens":-1,"x":1}""", """{"model":"M","x":1,"max_completion_tokens":50}""")]
    [TestCase("""{"model":"m","x":1,"max_tokens":null}""", """{"model":"M","x":1,"max_completion_tokens":50}""")]
    [TestCase("""{"model":"m","max_completion_tokens":null,"max_tokens":7}""", """{"model":"M","max_tokens":7}""")]
    [TestCase("""{"model":"m","extra_body":{"k":1}}""", """{"model":"M","k":1,"max_completion_tokens":50}""")]
    public void OnlyTheLimitIsChanged(string body, string expected) =>
        Assert.That(Compose(body, new() { Model = "M", OutputCap = 50, LimitName = New }), Is.EqualTo(expected));

    [TestCase("900", "50")]
    [TestCase("20", "20")]
    [TestCase("-1", "50")]
    [TestCase("0", "50")]
    [TestCase("null", "50")]
    [TestCase("\"many\"", "50")]
    public void TheDeploymentsOwnLimitIsLoweredToo(string configured, string expected)
    {
        KeyValuePair<string, string>[] settings = [new(Old, configured)];
        var changes = new RequestChanges { Model = "M", OutputCap = 50, LimitName = Old };

        Assert.That(Compose("""{"model":"m"}""", changes with { Defaults = settings }), Is.EqualTo($$"""{"model":"M","max_tokens":{{expected}}}"""));
        Assert.That(Compose("""{"model":"m","max_tokens":1}""", changes with { Overrides = settings }),
            Is.EqualTo($$"""{"model":"M","max_tokens":{{expected}}}"""));
    }

    [TestCase("""{"model":"m","max_completion_tokens":7,"x":1}""", null, """{"model":"M","x":1,"max_tokens":7}""")]
    [TestCase("""{"model":"m","max_completion_tokens":7}""", 50, """{"model":"M","max_tokens":7}""")]
    [TestCase("""{"model":"m","max_completion_tokens":700}""", 50, """{"model":"M","max_tokens":50}""")]
    [TestCase("""{"model":"m","max_completion_tokens":7,"max_tokens":null}""", null, """{"model":"M","max_tokens":7}""")]
    [TestCase("""{"model":"m","max_completion_tokens":7,"max_tokens":3}""", null, """{"model":"M","max_tokens":3}""")]
    [TestCase("""{"model":"m","max_tokens":3}""", null, """{"model":"M","max_tokens":3}""")]
    [TestCase("""{"model":"m"}""", null, """{"model":"M"}""")]
    public void WhereTheNewNameIsPassedOverTheLimitLeavesUnderTheOldOne(string body, int? cap, string expected) =>
        Assert.That(Compose(body, new() { Model = "M", OutputCap = cap, LimitName = Old, RenamesLimit = true }), Is.EqualTo(expected));

    [Test]
    public void ALimitThatMayNotLeaveIsNotAdded() => Assert.That(
        Compose("""{"model":"m","max_tokens":900}""", new() { Model = "M", OutputCap = 50, LimitName = null, Dropped = [Old, New] }),
        Is.EqualTo("""{"model":"M"}"""));

    [Test]
    public void WhateverIsSentAndConfiguredNoLimitInTheBodyPassesTheCap() =>
        Gen.Select(JsonGen.Request, Gen.Long[1, 5000], Gen.OneOf(Old, New), Gen.Bool, Limits, Limits).Sample(
            (text, cap, name, renames, defaults, overrides) =>
            {
                var changes = new RequestChanges
                {
                    Model = "M",
                    OutputCap = cap,
                    LimitName = renames ? Old : name,
                    RenamesLimit = renames,
                    Defaults = Named(defaults, renames),
                    Overrides = Named(overrides, renames),
                };
                var members = JsonDocument.Parse(Compose(text, changes)).RootElement.EnumerateObject().ToArray();
                var limits = members.Where(member => member.Name is Old or New).ToArray();
                return limits.Length > 0 && limits.DistinctBy(limit => limit.Name).Count() == limits.Length
                    && limits.All(limit => limit.Value.GetDouble() is >= 1 and var tokens && tokens <= cap)
                    && (!renames || limits.Any(limit => limit.Name == Old));
            }, iter: 20_000);

    [Test]
    public void ACapThatNothingPassesChangesNoByte() => JsonGen.Request.Sample(text =>
    {
        var changes = new RequestChanges { Model = "M" };
        return Read(text).MaxTokens is not { } limit || text.Contains("-1") || text.Contains("null")
            || Compose(text, changes with { OutputCap = limit }) == Compose(text, changes);
    }, iter: 20_000);

    private static readonly Gen<KeyValuePair<string, string>[]> Limits = Gen.Select(
        Gen.OneOf(Old, New), Gen.OneOf("1", "4000", "-1", "0", "null", "\"a\"", "1e300"))
        .Select((name, value) => KeyValuePair.Create(name, value)).Array[0, 1];

    /// <summary>The settings of a deployment whose provider knows the old name only have that name before they come here.</summary>
    private static KeyValuePair<string, string>[] Named(KeyValuePair<string, string>[] settings, bool renames) =>
        renames ? [.. settings.Select(setting => KeyValuePair.Create(Old, setting.Value))] : settings;

    private static string Compose(string body, RequestChanges changes) =>
        Encoding.UTF8.GetString(new OpenAiDialect().Compose(Read(body), changes).ToSequence().ToArray());

    private static ClientRequest Read(string body)
    {
        Assert.That(new OpenAiDialect().Read(new(Encoding.UTF8.GetBytes(body)), out var request)?.Message, Is.Null);
        return request;
    }
}
