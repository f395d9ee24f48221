namespace Gateway.Tests.Pricing;

/// <summary>At which urgency's price an answer is booked.</summary>
public sealed class ServiceTierTests
{
    /// <summary>1 USD per million in and 2 out; flex half of it, priority ten times as much.</summary>
    private const string Prices = """
        input_cost_per_token: 0.000001, output_cost_per_token: 0.000002,
        input_cost_per_token_flex: 0.0000005, output_cost_per_token_flex: 0.000001,
        input_cost_per_token_priority: 0.00001, output_cost_per_token_priority: 0.00002
        """;

    private const string Tokens = """{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}""";
    private const long Flex = 600_000, List = 1_200_000, Priority = 12_000_000;

    [TestCase("", "priority", Priority)]
    [TestCase("", "flex", Flex)]
    [TestCase("", "default", List)]
    [TestCase("", "standard", List)]
    [TestCase("", "scale", List, TestName = "AnUrgencyOfAnUnknownNameIsTheListPrice")]
    [TestCase("", null, List)]
    [TestCase("priority", "default", List, TestName = "WhatWasBilledComesBeforeWhatWasAsked")]
    [TestCase("flex", "priority", Priority)]
    [TestCase("priority", null, Priority, TestName = "WhatWasAskedCountsWhereTheAnswerIsSilent")]
    [TestCase("flex", null, Flex)]
    [TestCase("priority", "auto", Priority)]
    [TestCase("PRIORITY", null, Priority)]
    [TestCase("auto", null, List)]
    [TestCase("default", null, List)]
    public async Task TheUrgencyThatWasBilledSetsThePrice(string asked, string? said, long nano)
    {
        foreach (var isStream in new[] { false, true })
        {
            var billed = await Billed.AskAsync($"model: openai/m, {Prices}", Tokens, isStream,
                asks: asked.Length == 0 ? "" : $"\"service_tier\":\"{asked}\",", says: said is null ? "" : $"\"service_tier\":\"{said}\",");
            Assert.That(billed.Nano, Is.EqualTo(nano), $"stream: {isStream}");
        }
    }

    [TestCase("\"extra_body\":{\"service_tier\":\"priority\"},", "", Priority)]
    [TestCase("\"service_tier\":\"flex\",", "extra_body: {service_tier: priority},", Priority)]
    [TestCase("", "service_tier: priority,", Priority, TestName = "ADefaultOfTheDeploymentCounts")]
    [TestCase("\"service_tier\":\"flex\",", "service_tier: priority,", Flex)]
    [TestCase("\"service_tier\":\"priority\",", "additional_drop_params: [service_tier],", List)]
    [TestCase("\"service\\u005ftier\":\"priority\",", "", Priority, TestName = "AnEscapedNameIsTheSameName")]
    [TestCase("\"service_tier\":\"prior\\u0069ty\",", "", Priority)]
    [TestCase("\"service_tier\":null,", "", List)]
    public async Task TheBodyThatLeavesSaysWhatWasAsked(string asks, string parameters, long nano)
    {
        var billed = await Billed.AskAsync($"model: openai/m, {parameters} {Prices}", Tokens, asks: asks);
        Assert.That(billed.Nano, Is.EqualTo(nano));
    }

    [Test]
    public async Task AnUrgencyWithoutAPriceOfItsOwnCostsTheListPrice()
    {
        var billed = await Billed.AskAsync("model: openai/gpt-4o-mini", Tokens, says: "\"service_tier\":\"priority\",");
        Assert.That(billed.Nano, Is.EqualTo(210_000)); // 1000 × 0.15 + 100 × 0.6 per million
    }

    [Test]
    public async Task TheCostInAStreamIsThatOfTheUrgency()
    {
        var billed = await Billed.AskAsync($"model: openai/m, {Prices}", Tokens, isStream: true,
            asks: "\"stream_options\":{\"include_usage\":true},", says: "\"service_tier\":\"priority\",",
            settings: "litellm_settings: {include_cost_in_streaming_usage: true}");
        Assert.That(billed.Text, Does.Contain("\"cost\":0.012,"));
    }
}
