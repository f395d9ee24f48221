using System.Collections.Frozen;
using System.Text;

namespace Gateway.Dialects;

/// <summary>The body members that the gateway knows by name.</summary>
internal static class MemberNames
{
    /// <summary>No known name is longer; longer ones need not be unescaped.</summary>
    public const int MaxLength = 48;

    private static readonly Dictionary<string, MemberKind> ByName = new()
    {
        ["model"] = MemberKind.Model,
        ["stream"] = MemberKind.Stream,
        ["stream_options"] = MemberKind.StreamOptions,
        ["max_tokens"] = MemberKind.MaxTokens,
        ["max_completion_tokens"] = MemberKind.MaxCompletionTokens,
        ["max_output_tokens"] = MemberKind.MaxOutputTokens,
        ["user"] = MemberKind.User,
        ["n"] = MemberKind.Choices,
        ["best_of"] = MemberKind.BestOf,
        ["service_tier"] = MemberKind.ServiceTier,
        ["modalities"] = MemberKind.Modalities,
        ["prompt"] = MemberKind.Prompt,
        ["extra_body"] = MemberKind.ExtraBody,
        ["api_key"] = MemberKind.ApiKey,
        ["api_base"] = MemberKind.ApiBase,
        ["base_url"] = MemberKind.ApiBase,
        ["timeout"] = MemberKind.Timeout,
        ["request_timeout"] = MemberKind.RequestTimeout,
        ["stream_timeout"] = MemberKind.StreamTimeout,
        ["num_retries"] = MemberKind.NumRetries,
        ["fallbacks"] = MemberKind.Fallbacks,
        ["context_window_fallbacks"] = MemberKind.ContextWindowFallbacks,
        ["content_policy_fallbacks"] = MemberKind.ContentPolicyFallbacks,
        ["default_fallbacks"] = MemberKind.DefaultFallbacks,
        ["disable_fallbacks"] = MemberKind.DisableFallbacks,
        ["tags"] = MemberKind.Tags,
        ["litellm_metadata"] = MemberKind.LiteLlmMetadata,
        ["metadata"] = MemberKind.Metadata,
    };

    /// <summary>What LiteLLM takes as credentials or targets from a body, beside key and base.</summary>
    private static readonly string[] Forbidden =
    [
        "extra_headers", "headers", "api_version", "organization", "custom_llm_provider", "litellm_credential_name", "model_list",
        "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_region_name", "aws_profile_name", "aws_role_name",
        "aws_session_name", "aws_web_identity_token", "aws_sts_endpoint", "aws_bedrock_runtime_endpoint",
        "vertex_credentials", "vertex_project", "vertex_location",
        "azure_ad_token", "tenant_id", "client_id", "client_secret", "azure_username", "azure_password",
    ];

    /// <summary>What LiteLLM's proxy reads and keeps to itself, and this gateway does not read.</summary>
    private static readonly string[] GatewayOnly =
    [
        "max_retries", "fastest_response", "mock_response", "mock_timeout", "mock_delay", "mock_tool_calls", "mock_testing_fallbacks",
        "mock_testing_context_fallbacks", "mock_testing_content_policy_fallbacks", "mock_testing_rate_limit_error", "cache", "caching",
        "caching_groups", "guardrails", "guardrail_config", "no-log", "litellm_session_id", "litellm_trace_id", "litellm_call_id",
        "drop_params", "additional_drop_params", "allowed_openai_params",
    ];

    private static readonly (byte[] Name, MemberKind Kind)[][] ByLength = Table();

    /// <summary>The kind of a member by its unescaped UTF-8 name.</summary>
    public static MemberKind KindOf(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaxLength)
            return MemberKind.Other;
        foreach (var (known, kind) in ByLength[name.Length])
        {
            if (name.SequenceEqual(known))
                return kind;
        }
        return IsInAnotherCase(name) ? MemberKind.WrongCase : MemberKind.Other;
    }

    /// <summary>
    /// True when a reader that ignores case would take the name for one that the gateway reads. Go's encoding/json is such a
    /// reader (Ollama, LocalAI), and to it the long s (U+017F) and the Kelvin sign (U+212A) are letters s and k too.
    /// </summary>
    private static bool IsInAnotherCase(ReadOnlySpan<byte> name)
    {
        Span<byte> folded = stackalloc byte[MaxLength];
        var length = 0;
        for (var rest = name; !rest.IsEmpty; length++)
        {
            var (letter, width) = rest switch
            {
                [0xC5, 0xBF, ..] => ((byte)'s', 2),
                [0xE2, 0x84, 0xAA, ..] => ((byte)'k', 3),
                [>= (byte)'A' and <= (byte)'Z' and var upper, ..] => ((byte)(upper | 0x20), 1),
                [var other, ..] => (other, 1),
                [] => ((byte)0, 0),
            };
            folded[length] = letter;
            rest = rest[width..];
        }
        folded = folded[..length];
        if (name.SequenceEqual(folded))
            return false;
        foreach (var (known, kind) in ByLength[length])
        {
            if (folded.SequenceEqual(known))
                return kind is not (MemberKind.GatewayOnly or >= MemberKind.Timeout); // no provider reads those as anything that was checked
        }
        return false;
    }

    private static (byte[], MemberKind)[][] Table()
    {
        var all = ByName
            .Concat(Forbidden.Select(name => KeyValuePair.Create(name, MemberKind.Forbidden)))
            .Concat(GatewayOnly.Select(name => KeyValuePair.Create(name, MemberKind.GatewayOnly)))
            .ToFrozenDictionary();
        return [.. Enumerable.Range(0, MaxLength + 1).Select(length =>
            all.Where(pair => pair.Key.Length == length).Select(pair => (Encoding.UTF8.GetBytes(pair.Key), pair.Value)).ToArray())];
    }
}
