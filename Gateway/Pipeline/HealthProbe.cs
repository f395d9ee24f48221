using System.Buffers;
using System.Text.Json;
using Gateway.Catalog;

namespace Gateway.Pipeline;

/// <summary>The cheapest call that shows whether a deployment answers; pure.</summary>
internal sealed record HealthProbe
{
    /// <summary>LiteLLM's HEALTH_CHECK_TIMEOUT_SECONDS.</summary>
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    private const int MaxTokens = 1;

    /// <summary>OpenAI's least <c>max_output_tokens</c> (reference of its Responses API), where reasoning counts as output.</summary>
    private const int ReasoningMaxTokens = 16;

    private const string Question = "Health check: answer with OK.";

    /// <summary>OpenAI's models that refuse <c>max_tokens</c> and take <c>max_completion_tokens</c> only.</summary>
    private static readonly string[] ReasoningModels = ["o1", "o3", "o4", "gpt-5"];

    public required Operation Operation { get; init; }

    /// <summary>The model's name at the provider.</summary>
    public required string Model { get; init; }

    /// <summary>What a client would send: JSON in OpenAI's wire format.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>Finds the call that checks a deployment.</summary>
    /// <returns>Null, or why there is none; the rest of a sentence.</returns>
    public static string? For(Deployment deployment, out HealthProbe probe)
    {
        probe = null!;
        var info = deployment.Config.Info;
        if (ModelOf(deployment, out var model) is { } noModel)
            return noModel;
        if (OperationOf(info.Mode, model) is not { } operation)
            return $"no check is built for model_info.mode '{info.Mode}'";
        probe = new HealthProbe
        {
            Operation = operation,
            Model = model,
            Body = BodyOf(deployment, operation, model),
            Timeout = info.HealthCheckTimeout ?? DefaultTimeout,
        };
        return null;
    }

    /// <summary>True for a 400 of OpenAI's reasoning models that used up the few tokens they were given: they work.</summary>
    public static bool IsOutOfTokens(int status, string message) =>
        status == 400 && message.Contains("max_tokens or model output limit was reached", StringComparison.Ordinal);

    private static string? ModelOf(Deployment deployment, out string model)
    {
        model = deployment.UpstreamModel;
        if (deployment.Config.Info.HealthCheckModel is { } own)
        {
            var slash = own.IndexOf('/');
            var provider = slash > 0 ? Providers.Find(own[..slash]) : null;
            // A catch-all stands for many providers, and one model_info for all of them.
            if (provider is not null && provider != deployment.Provider && deployment.IsOneOfCatchAll)
                return $"model_info.health_check_model is a model of {provider.Name}";
            model = provider == deployment.Provider ? own[(slash + 1)..] : own;
        }
        if (WildcardPattern.IsPattern(model))
            return "its model is a pattern; model_info.health_check_model says which one to call";
        return UpstreamUrl.IsSegment(model) ? null : "model_info.health_check_model is not a model's name";
    }

    private static Operation? OperationOf(string? mode, string model) => mode switch
    {
        "chat" => Operation.Chat,
        "completion" => Operation.Completions,
        "embedding" => Operation.Embeddings,
        null => model.Contains("embed", StringComparison.OrdinalIgnoreCase) ? Operation.Embeddings : Operation.Chat,
        _ => null,
    };

    private static ReadOnlyMemory<byte> BodyOf(Deployment deployment, Operation operation, string model)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("model", model);
        if (operation == Operation.Embeddings)
        {
            json.WriteString("input", "OK");
        }
        else
        {
            WriteQuestion(json, operation);
            var reasons = operation == Operation.Chat && IsReasoning(deployment, model);
            json.WriteNumber(
                reasons ? "max_completion_tokens" : "max_tokens",
                deployment.Config.Info.HealthCheckMaxTokens ?? (reasons ? ReasoningMaxTokens : MaxTokens));
        }
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void WriteQuestion(Utf8JsonWriter json, Operation operation)
    {
        if (operation == Operation.Completions)
        {
            json.WriteString("prompt", Question);
            return;
        }
        json.WriteStartArray("messages");
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteString("content", Question);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>Azure's deployments may be called anything: base_model says what they are.</summary>
    private static bool IsReasoning(Deployment deployment, string model)
    {
        if (deployment.Provider.Name is not ("openai" or "azure"))
            return false;
        var name = deployment.Config.Info.BaseModel ?? model;
        name = name[(name.LastIndexOf('/') + 1)..];
        return ReasoningModels.Any(start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase));
    }
}
