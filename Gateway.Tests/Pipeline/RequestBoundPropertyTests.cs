using System.Buffers;
using System.Text.Json;
using CsCheck;
using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Pipeline;
using static Gateway.Tests.Pipeline.BoundFixture;

namespace Gateway.Tests.Pipeline;

/// <summary>Whatever is asked for and configured: no answer within the limits that are sent costs more than what was reserved for it.</summary>
public sealed class RequestBoundPropertyTests
{
    private const long DefaultCap = 300;

    private static readonly Gen<string> Count = Gen.OneOf("1", "2", "3.0", "5e0", "null", "-2");
    private static readonly Gen<string> Limit = Gen.OneOf("1", "70", "500.0", "9e3", "1e308", "-1", "null");
    private static readonly Gen<string> Service = Gen.OneOf("\"auto\"", "\"default\"", "\"priority\"", "\"flex\"", "\"odd\"", "null");

    private static readonly Gen<(string Name, string Json)[]> Terms = Gen.Select(
        Maybe("max_tokens", Limit), Maybe("max_completion_tokens", Limit), Maybe("n", Count), Maybe("best_of", Count),
        Maybe("service_tier", Service), Maybe("prompt", Gen.OneOf("\"a\"", "[1,2]", "[\"a\",\"b\"]", "[[1],[2],[3]]")),
        Maybe("modalities", Gen.OneOf("[\"text\"]", "[\"audio\"]")))
        .Select(all => new[] { all.Item1, all.Item2, all.Item3, all.Item4, all.Item5, all.Item6, all.Item7 }.Where(m => m.Name.Length > 0).ToArray());

    private static readonly Gen<string> Settings = Gen.Select(
        Gen.OneOf("openai/x", "openai/o3", "mistral/x", "anthropic/x", "xai/x"), Gen.Int[0, 9], Gen.Int[0, 9], Gen.Int[0, 9], Gen.Int[0, 30],
        Terms, Terms, Gen.OneOf("", "", "max_tokens", "n, service_tier", "max_tokens, max_completion_tokens", "max_completion_tokens"))
        .Select((model, input, output, priority, audio, defaults, extra, dropped) => $$"""
            {model: {{model}}, api_base: "http://server:1/v1", api_key: k, input_cost_per_token: {{input}}.0e-6, output_cost_per_token: {{output}}.0e-6,
            output_cost_per_token_priority: {{priority}}.0e-6, output_cost_per_audio_token: {{audio}}.0e-6,
            input_cost_per_token_above_1k_tokens: {{audio}}.0e-6,
            {{Yaml(defaults)}} extra_body: { {{Yaml(extra)}} }, additional_drop_params: [{{dropped}}]}
            """.ReplaceLineEndings(" "));

    private static readonly Gen<string> Config = Gen.Select(Settings, Gen.OneOf("max_output_tokens: 1000", "max_output_tokens: 40", "max_input_tokens: 900", "mode: chat"))
        .Select((settings, info) => $"litellm_params: {settings}, model_info: {{ {info} }}")
        .Array[2, 4].Select(entries => "model_list:\n"
            + string.Concat(entries.Select((entry, i) => $"  - {{model_name: {(i < 2 ? "m" : "f")}, {entry}}}\n"))
            + (entries.Length > 2 ? "router_settings: {fallbacks: [{m: [f]}]}\n" : "")
            + $"general_settings: {{default_max_output_tokens: {DefaultCap}}}\n");

    private static readonly Gen<string> Body = Gen.Select(Terms, Gen.Int[0, 2]).Select((terms, split) =>
    {
        // The limits may not stand in an extra_body; other terms may.
        var inner = terms.Where(term => split > 0 && !term.Name.StartsWith("max_")).Take(split).ToArray();
        var members = terms.Except(inner).Select(term => $",\"{term.Name}\":{term.Json}");
        var extra = inner.Length == 0 ? "" : $",\"extra_body\":{{{string.Join(',', inner.Select(term => $"\"{term.Name}\":{term.Json}"))}}}";
        return $$"""{"model":"m"{{string.Concat(members)}}{{extra}}}""";
    });

    [Test]
    public void AnAnswerWithinWhatWasSentCostsNoMoreThanItsAttemptAndThatNoMoreThanTheRequest() =>
        Gen.Select(Config, Body, Gen.OneOf(Operation.Chat, Operation.Completions), Gen.Long[0, 1500], Gen.Double[0, 1], Gen.Int[0, 7]).Sample(
            (config, body, operation, text, share, buckets) =>
            {
                var run = new BoundFixture(config).Run(body, operation);
                var input = new InputSize { TextAtMost = text };
                var bound = RequestBound.Of(run, input, Now);
                var least = bound.CanLower ? Math.Max(1, (long)(bound.Cost.OutputCap * share)) : bound.Cost.OutputCap;
                Check(run, bound, input, least, buckets);
                if (run.Snapshot.Catalog.Resolve("f") is { } fallback)
                {
                    run.FallBackTo(fallback, "f");
                    Check(run, bound, input, least, buckets);
                }
            }, iter: 3_000);

    private static void Check(AttemptRun run, in RequestBound bound, InputSize input, long granted, int buckets)
    {
        for (var i = 0; i < run.Group.Deployments.Length; i++)
        {
            var deployment = run.Group.Deployments[i];
            var attempt = bound.ForDeployment(run, deployment, granted);
            Assert.That(attempt.Cost, Is.LessThanOrEqualTo(bound.Cost.CostOf(granted)));
            Assert.That(attempt.Tokens, Is.LessThanOrEqualTo(bound.Cost.TokensOf(granted)));

            Assert.That(RequestShape.For(run, deployment, out var shaped, attempt.OutputCap)?.Message, Is.Null);
            var sent = JsonDocument.Parse(run.Endpoint.Dialect.Compose(run.Request, shaped.Changes).ToSequence().ToArray()).RootElement;
            var answers = AnswersOf(sent, run.Endpoint.Operation);
            var longest = LongestOf(sent, deployment, run.Endpoint.Operation, WrittenBy(run.Group, i));
            var output = answers * longest;
            var usage = new Usage
            {
                Input = Math.Min(input.TextAtMost, run.Group.LimitsOf(i).ContextWindow ?? long.MaxValue),
                Output = (buckets & 1) == 0 ? output : 0,
                Reasoning = (buckets & 1) == 1 && (buckets & 2) == 0 ? output : 0,
                OutputAudio = (buckets & 3) == 3 && MaySpeak(sent, deployment) ? output : 0,
            };
            var service = ServiceOf(sent, buckets);
            var cost = run.Snapshot.Catalog.PriceFor(deployment, shaped.Model, Now)!.CostOf(usage, default, service);
            Assert.That(cost, Is.LessThanOrEqualTo(attempt.Cost),
                $"{sent} at {deployment} ({string.Join(", ", deployment.Params.AdditionalDropParams)}): {usage}, granted {granted}, {attempt}");
        }
    }

    /// <summary>What the model writes of itself. Null: as much as it is let.</summary>
    private static long? WrittenBy(ModelGroup group, int i) =>
        group.Deployments[i].Config.Info.MaxOutputTokens ?? group.LimitsOf(i).MaxOutputTokens ?? group.LimitsOf(i).ContextWindow;

    /// <summary>The longest answer: a server reads the limits that it knows, and of two the larger.</summary>
    private static long LongestOf(JsonElement sent, Deployment deployment, Operation operation, long? written)
    {
        string[] read = operation == Operation.Completions || !deployment.Provider.TakesMaxCompletionTokens
            ? ["max_tokens"]
            : ["max_tokens", "max_completion_tokens"];
        var limits = read.Where(name => sent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number)
            .Select(name => sent.GetProperty(name).GetDouble()).ToArray();
        var isLimited = limits.Length > 0 && limits.All(limit => limit > 0);
        // A config that drops all names that the server reads, and says nothing itself, wants no limit: the default is taken for one.
        var isUnlimited = read.All(name => deployment.Params.AdditionalDropParams.Contains(name)) && !(isLimited && limits.Max() < 1e15);
        return isLimited && !isUnlimited
            ? (long)Math.Min(limits.Max(), written ?? 1e15)
            : written ?? (isUnlimited ? DefaultCap : throw new AssertionException($"Nothing limits {sent} at {deployment}."));
    }

    private static long AnswersOf(JsonElement sent, Operation operation)
    {
        var answers = Math.Max(NumberOf(sent, "n"), NumberOf(sent, "best_of"));
        return operation == Operation.Completions && sent.TryGetProperty("prompt", out var prompt)
            && prompt.ValueKind == JsonValueKind.Array && prompt[0].ValueKind != JsonValueKind.Number
            ? answers * prompt.GetArrayLength()
            : answers;
    }

    private static long NumberOf(JsonElement sent, string name) =>
        sent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? Math.Max(1, (long)value.GetDouble()) : 1;

    private static bool MaySpeak(JsonElement sent, Deployment deployment) => !deployment.Provider.SpeaksOnlyWhenAsked
        || (sent.TryGetProperty("modalities", out var modalities) && modalities.GetRawText().Contains("audio"));

    private static ServiceTier ServiceOf(JsonElement sent, int buckets)
    {
        var asked = sent.TryGetProperty("service_tier", out var value) ? value.GetString() : null;
        var isLeftToIt = asked is null or "auto";
        return asked is "priority" or "odd" || (isLeftToIt && buckets > 3) ? ServiceTier.Priority : ServiceTier.Standard;
    }

    private static string Yaml((string Name, string Json)[] members) => string.Concat(members.Select(member => $"{member.Name}: {member.Json}, "));

    private static Gen<(string Name, string Json)> Maybe(string name, Gen<string> values) =>
        Gen.Frequency((3, Gen.Const(("", ""))), (1, values.Select(value => (name, value))));
}
