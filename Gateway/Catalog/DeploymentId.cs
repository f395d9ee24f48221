using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gateway.Config;

namespace Gateway.Catalog;

/// <summary>Names deployments that have no id of their own.</summary>
internal static class DeploymentId
{
    /// <summary>
    /// SHA-256 over the public name and every parameter, as 64 lower-case hex digits: the same wherever in the file the entry
    /// stands and after every restart, another when the entry changes. Secrets are in it only as part of what is hashed.
    /// </summary>
    public static string Of(DeploymentConfig config)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var p = config.Params;
        Add("model_name", config.ModelName);
        Add("model", p.Model);
        Add("api_key", Text(p.ApiKey));
        Add("api_base", p.ApiBase);
        Add("api_version", p.ApiVersion);
        Add("custom_llm_provider", p.CustomLlmProvider);
        Add("organization", p.Organization);
        Add("timeout", p.Timeout);
        Add("stream_timeout", p.StreamTimeout);
        Add("num_retries", p.NumRetries);
        Add("rpm", p.Rpm);
        Add("tpm", p.Tpm);
        Add("weight", p.Weight);
        Add("order", p.Order);
        foreach (var tag in p.Tags)
            Add("tags", tag);
        Add("max_parallel_requests", p.MaxParallelRequests);
        Add("cooldown_time", p.CooldownTime);
        Add("drop_params", p.DropParams);
        foreach (var name in p.AdditionalDropParams)
            Add("additional_drop_params", name);
        foreach (var (name, json) in p.Defaults.OrderBy(d => d.Key, StringComparer.Ordinal))
            Add("default " + name, json);
        foreach (var (name, json) in p.ExtraBody.OrderBy(d => d.Key, StringComparer.Ordinal))
            Add("extra_body " + name, json);
        foreach (var (name, value) in p.ExtraHeaders.OrderBy(d => d.Key, StringComparer.Ordinal))
            Add("extra_headers " + name, Text(value));
        foreach (var allowed in p.ConfigurableClientsideAuthParams)
            Add("configurable_clientside_auth_params " + allowed.Name, allowed.Pattern?.ToString());
        Add("mock_response", p.MockResponse);
        AddCloud(p.Cloud);
        AddMock(p.Mock);
        AddPrice(p.Price);
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        // Each text with its length before it, so that no two lists of parameters read the same.
        void Add(string name, object? value)
        {
            if (value is null)
                return;
            AddText(name);
            AddText(Convert.ToString(value, CultureInfo.InvariantCulture)!);
        }

        void AddText(string text)
        {
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            hash.AppendData(length);
            hash.AppendData(Encoding.UTF8.GetBytes(text));
        }

        void AddCloud(CloudSettings cloud)
        {
            Add("aws_access_key_id", Text(cloud.Aws.AccessKeyId));
            Add("aws_secret_access_key", Text(cloud.Aws.SecretAccessKey));
            Add("aws_session_token", Text(cloud.Aws.SessionToken));
            Add("aws_region_name", cloud.Aws.RegionName);
            Add("aws_profile_name", cloud.Aws.ProfileName);
            Add("aws_role_name", cloud.Aws.RoleName);
            Add("aws_session_name", cloud.Aws.SessionName);
            Add("aws_external_id", cloud.Aws.ExternalId);
            Add("aws_web_identity_token", Text(cloud.Aws.WebIdentityToken));
            Add("aws_sts_endpoint", cloud.Aws.StsEndpoint);
            Add("aws_bedrock_runtime_endpoint", cloud.Aws.BedrockRuntimeEndpoint);
            Add("vertex_project", cloud.Vertex.Project);
            Add("vertex_location", cloud.Vertex.Location);
            Add("vertex_credentials", Text(cloud.Vertex.Credentials));
            Add("azure_ad_token", Text(cloud.Azure.AdToken));
            Add("tenant_id", cloud.Azure.TenantId);
            Add("client_id", cloud.Azure.ClientId);
            Add("client_secret", Text(cloud.Azure.ClientSecret));
            Add("azure_scope", cloud.Azure.Scope);
            Add("project_id", cloud.Watsonx.ProjectId);
            Add("space_id", cloud.Watsonx.SpaceId);
        }

        void AddMock(MockSettings mock)
        {
            if (mock == new MockSettings())
                return;
            Add("mock_latency", mock.Latency);
            Add("mock_tokens_per_second", mock.TokensPerSecond);
            Add("mock_status", mock.Status);
            Add("mock_retry_after", mock.RetryAfter);
            Add("mock_hang", mock.Hang);
            Add("mock_cut_after", mock.CutAfter);
        }

        void AddPrice(CustomPrice price)
        {
            Add("input_cost_per_token", price.InputCostPerToken);
            Add("output_cost_per_token", price.OutputCostPerToken);
            Add("cache_read_input_token_cost", price.CacheReadInputTokenCost);
            Add("cache_creation_input_token_cost", price.CacheCreationInputTokenCost);
            Add("cache_creation_input_token_cost_above_1hr", price.CacheCreationInputTokenCostAbove1Hr);
            Add("input_cost_per_audio_token", price.InputCostPerAudioToken);
            Add("output_cost_per_audio_token", price.OutputCostPerAudioToken);
            Add("output_cost_per_reasoning_token", price.OutputCostPerReasoningToken);
            Add("input_cost_per_request", price.InputCostPerRequest);
            Add("input_cost_per_second", price.InputCostPerSecond);
            Add("output_cost_per_second", price.OutputCostPerSecond);
            foreach (var further in price.Further.OrderBy(f => f.Name, StringComparer.Ordinal).ThenBy(f => f.Field.Above))
                Add($"{further.Name} {further.Field.Above}", further.Usd);
        }
    }

    private static string? Text(Secret? secret) => secret is null ? null : secret.IsUsable ? secret.Reveal() : "";
}
