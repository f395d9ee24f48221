using static Gateway.Config.FindingKind;
using static Gateway.Config.Quiet;

namespace Gateway.Config;

/// <summary>What is known about the keys of each section beyond those that are read: one line per key.</summary>
internal static class ConfigSections
{
    private const string NotHonoured = "is not honoured by this version";
    private const string EntraKeys = "Azure is called with api_key, azure_ad_token, or tenant_id, client_id and client_secret";
    private const string NotEnforced = "is not enforced by this version";
    private const string NoServer = "has no effect: keys, budgets and spend are kept in SQLite, there is no database server";
    private const string NoRedis = "has no effect: counters are kept in memory and in SQLite, there is no Redis";
    private const string NoUi = "has no effect: there is no admin UI";
    private const string NoCache = "has no effect: there is no response cache, every call goes to the provider";
    private const string NoAlerts = $"{NotHonoured}: no alert is sent";
    private const string NoReports = $"{NotHonoured}: alerts are of budgets only";
    private const string NoPython = "needs Python, which the gateway does not run";
    private const string NoPrompts = "has no effect: prompts and answers are never stored or logged";
    private const string NoPrice = $"{NotHonoured}: costs are computed without it";
    private const string NoSecretManager = "has no effect: secrets come from environment variables only";
    private const string NoExpiry = $"{NotHonoured}: the key never expires; write blocked: true when its time is over";
    private const string NoTeams = $"{NotHonoured}: users come from user_access";

    public static readonly SectionRules Root = new("the top level",
        new KnownKey("callback_settings", Ignored, "has no effect: callbacks are not built in"),
        new KnownKey("guardrails", Refused, "are plug-ins that need Python or another service; no guardrail runs"),
        new KnownKey("mcp_servers", Refused, "the gateway is not an MCP gateway"),
        new KnownKey("mcp_tools", Refused, "the gateway is not an MCP gateway"),
        new KnownKey("finetune_settings", Ignored, $"{NotHonoured}: the fine-tuning API is not served"),
        new KnownKey("assistant_settings", Ignored, $"{NotHonoured}: the assistants API is not served"),
        new KnownKey("batch_settings", Ignored, $"{NotHonoured}: batches go to the providers of files_settings"),
        new KnownKey("default_vertex_config", Ignored, NotHonoured),
        new KnownKey("prompts", Ignored, $"{NotHonoured}: prompts are not managed"),
        new KnownKey("policies", Ignored, $"{NotHonoured}: no policy is applied"),
        new KnownKey("policy_attachments", Ignored, $"{NotHonoured}: no policy is applied"),
        new KnownKey("agent_list", Ignored, NotHonoured),
        new KnownKey("vector_store_registry", Ignored, NotHonoured),
        new KnownKey("search_tools", Ignored, NotHonoured),
        new KnownKey("team_management", Unknown, "is not a known setting; teams are named by team_id in user_access"),
        new KnownKey("users", Unknown, "is not a known setting; did you mean 'user_access'?"),
        new KnownKey("keys", Unknown, "is not a known setting; did you mean 'user_access'?"),
        new KnownKey("environment", Unknown, "is not a known setting; did you mean 'environment_variables'?"),
        new KnownKey("models", Unknown, "is not a known setting; did you mean 'model_list'?"),
        new KnownKey("x-*", Ignored, "", Always)); // where YAML authors keep what anchors refer to

    public static readonly SectionRules LiteLlm = new("litellm_settings",
        new KnownKey("set_verbose", Ignored, "has no effect: one line per request is logged, whatever is set here"),
        new KnownKey("telemetry", Ignored, "has no effect: the gateway never sends telemetry"),
        new KnownKey("turn_off_message_logging", Ignored, "", Always), // messages are never logged
        new KnownKey("redact_user_api_key_info", Ignored, "", Always), // keys are never logged
        new KnownKey("redact_messages_in_exceptions", Ignored, "", Always),
        new KnownKey("suppress_debug_info", Ignored, "", Always),
        new KnownKey("global_disable_no_log_param", Ignored, "", Always), // the ledger takes every request
        new KnownKey("headers_to_exclude_from_logs", Ignored, "", Always), // no header is logged
        new KnownKey("log_raw_request_response", Ignored, NoPrompts),
        new KnownKey("cache", Ignored, NoCache),
        new KnownKey("cache_params", Ignored, "", Always), // `cache` says it
        new KnownKey("enable_redis_auth_cache", Ignored, NoRedis),
        new KnownKey("stream", Ignored, "has no effect: the client decides whether it streams"),
        new KnownKey("max_user_budget", Ignored, "is not enforced; set max_budget per user in user_access"),
        new KnownKey("max_internal_user_budget", Ignored, "is not enforced; set max_budget per user in user_access"),
        new KnownKey("internal_user_budget_duration", Ignored, "is not enforced; set budget_duration per user in user_access"),
        new KnownKey("max_end_user_budget_id", Ignored, NotEnforced),
        new KnownKey("default_internal_user_params", Ignored, NoTeams),
        new KnownKey("default_team_settings", Ignored, NoTeams),
        new KnownKey("default_team_params", Ignored, NoTeams),
        new KnownKey("default_key_generate_params", Ignored, NoTeams),
        new KnownKey("upperbound_key_generate_params", Ignored, NoTeams),
        new KnownKey("key_generation_settings", Ignored, NoTeams),
        new KnownKey("add_function_to_prompt", Ignored, NotHonoured),
        new KnownKey("extra_spend_tag_headers", Ignored, $"{NotHonoured}: spend carries no tags"),
        new KnownKey("timezone", Ignored, $"{NotHonoured}: days are UTC days"),
        new KnownKey("prometheus_*", Ignored, $"{NotHonoured}: all metrics are served with their usual labels"),
        new KnownKey("custom_prometheus_metadata_labels", Ignored, $"{NotHonoured}; prometheus_client_labels switches labels on"),
        new KnownKey("custom_prometheus_tags", Ignored, $"{NotHonoured}; prometheus_client_labels switches labels on"),
        new KnownKey("disable_end_user_cost_tracking*", Ignored, $"{NotHonoured}: the end user stays in the ledger"),
        new KnownKey("force_ipv4", Ignored, NotHonoured),
        new KnownKey("ssl_verify", Ignored, "has no effect: certificates are always verified", WhenOn),
        new KnownKey("aiohttp_trust_env", Ignored, "has no effect: no proxy is taken from the environment"),
        new KnownKey("user_url_allowed_hosts", Ignored, NotEnforced),
        new KnownKey("model_alias_map", Ignored, $"{NotHonoured}; model_group_alias in router_settings is"),
        new KnownKey("priority_reservation*", Ignored, $"{NotHonoured}: all callers have the same priority"),
        new KnownKey("enable_json_schema_validation", Ignored, NotHonoured),
        new KnownKey("return_response_headers", Ignored, NotHonoured),
        new KnownKey("public_model_groups", Ignored, $"{NotHonoured}: models are listed to callers with a key only"),
        new KnownKey("mcp_aliases", Refused, "the gateway is not an MCP gateway"),
        new KnownKey("expose_router_debug_in_errors", Ignored, NotHonoured),
        new KnownKey("custom_provider_map", Refused, $"{NoPython}; models of the custom provider cannot be called"),
        new KnownKey("post_call_rules", Refused, NoPython),
        new KnownKey("pre_call_rules", Refused, NoPython),
        new KnownKey("middleware", Refused, NoPython),
        new KnownKey("langfuse_*", Ignored, "has no effect: langfuse is not built in"),
        new KnownKey("default_redis_*", Ignored, NoRedis),
        new KnownKey("use_chat_completions_url_for_anthropic_messages", Ignored, NotHonoured),
        new KnownKey("disable_auth", Unknown, "is not a known setting; without any key in the config, only this machine may call"),
        new KnownKey("no_auth", Unknown, "is not a known setting; without any key in the config, only this machine may call"));

    public static readonly SectionRules Router = new("router_settings",
        new KnownKey("redis_*", Ignored, NoRedis),
        new KnownKey("cache_kwargs", Ignored, NoRedis),
        new KnownKey("cache_responses", Ignored, NoCache),
        new KnownKey("caching_groups", Ignored, NoCache),
        new KnownKey("client_ttl", Ignored, "", Always), // connections are pooled
        new KnownKey("set_verbose", Ignored, "has no effect: one line per request is logged, whatever is set here"),
        new KnownKey("debug_level", Ignored, "", Always),
        new KnownKey("default_priority", Ignored, $"{NotHonoured}: all requests have the same priority"),
        new KnownKey("polling_interval", Ignored, "", Always),
        new KnownKey("default_litellm_params", Ignored, $"{NotHonoured}; set them in each deployment's litellm_params"),
        new KnownKey("deployment_affinity_ttl_seconds", Ignored, $"{NotHonoured}: sessions are not kept on one deployment"),
        new KnownKey("model_group_affinity_config", Ignored, $"{NotHonoured}: sessions are not kept on one deployment"),
        new KnownKey("enable_weighted_failover", Ignored, NotHonoured),
        new KnownKey("routing_groups", Ignored, $"{NotHonoured}: routing_strategy counts for every model"),
        new KnownKey("assistants_config", Ignored, $"{NotHonoured}: the assistants API is not served"),
        new KnownKey("alerting_config", Ignored, NoAlerts),
        new KnownKey("ignore_invalid_deployments", Ignored, "", Always)); // they always are, with a finding

    public static readonly SectionRules RetryBudget = new("router_settings.retry_budget");

    public static readonly SectionRules RetryPolicy = new("retry_policy");

    public static readonly SectionRules RoutingStrategyArgs = new("router_settings.routing_strategy_args",
        new KnownKey("rolling_window_size", Ignored, $"{NotHonoured}: rpm and tpm are counted by the minute"));

    public static readonly SectionRules General = new("general_settings",
        new KnownKey("database_*", Ignored, NoServer),
        new KnownKey("disable_prisma_schema_update", Ignored, "", Always),
        new KnownKey("allow_requests_on_db_unavailable", Ignored, NoServer),
        new KnownKey("use_redis_transaction_buffer", Ignored, NoRedis),
        new KnownKey("redis_*", Ignored, NoRedis),
        new KnownKey("store_model_in_db", Ignored, "has no effect: models come from this file only"),
        new KnownKey("supported_db_objects", Ignored, "has no effect: models come from this file only"),
        new KnownKey("proxy_batch_write_at", Ignored, "has no effect: spend is written as it happens"),
        new KnownKey("proxy_budget_rescheduler_*", Ignored, "has no effect: in this version budgets are for all time"),
        new KnownKey("disable_reset_budget", Ignored, "", Always),
        new KnownKey("store_prompts_in_spend_logs", Ignored, NoPrompts),
        new KnownKey("disable_spend_updates", Ignored, "has no effect: spend is always counted"),
        new KnownKey("disable_error_logs", Ignored, "has no effect: failed attempts stay in the ledger, without their text"),
        new KnownKey("maximum_spend_logs_cleanup_cron", Ignored, $"{NotHonoured}; maximum_spend_logs_retention_interval says how often"),
        new KnownKey("alerting_threshold", Ignored, $"{NotHonoured}: slow answers are seen in the metrics, no alert tells of them"),
        new KnownKey("spend_report_frequency", Ignored, NoAlerts),
        new KnownKey("health_check_staleness_threshold", Ignored, "has no effect: a result counts until the next check"),
        new KnownKey("health_check_*", Ignored, NotHonoured),
        new KnownKey("pass_through_endpoints", Ignored, $"{NotHonoured}: their paths answer 404"),
        new KnownKey("user_header_mappings", Ignored, $"{NotHonoured}; user_header_name names the header of the end user"),
        new KnownKey("enforce_user_param", Ignored, "is not enforced: requests without user pass"),
        new KnownKey("enforced_params", Ignored, "is not enforced: requests without them pass"),
        new KnownKey("reject_clientside_metadata_tags", Ignored, NotEnforced),
        new KnownKey("max_response_size_mb", Ignored, NotEnforced),
        new KnownKey("allowed_ips", Ignored, "is not enforced: every address may call; use a firewall"),
        new KnownKey("use_x_forwarded_for", Ignored, $"{NotHonoured}: the client is the peer of the connection"),
        new KnownKey("public_routes", Ignored, $"{NotHonoured}: the routes keep asking for a key"),
        new KnownKey("admin_only_routes", Ignored, NotEnforced),
        new KnownKey("allowed_routes", Ignored, NotEnforced),
        new KnownKey("role_permissions", Ignored, NotEnforced),
        new KnownKey("service_account_settings", Ignored, NotEnforced),
        new KnownKey("default_team_disabled", Ignored, NotEnforced),
        new KnownKey("user_api_key_cache_ttl", Ignored, "", Always), // all keys are in memory, none is stale
        new KnownKey("moderation_model", Ignored, $"{NotHonoured}: the moderation API is not served"),
        new KnownKey("image_generation_model", Ignored, $"{NotHonoured}: the images API is not served"),
        new KnownKey("forward_*", Ignored, $"{NotHonoured}: headers of clients are not passed on"),
        new KnownKey("use_client_credentials_pass_through_routes", Ignored, NotHonoured),
        new KnownKey("allow_client_side_credentials", Ignored, $"{NotHonoured}; configurable_clientside_auth_params of a deployment is"),
        new KnownKey("infer_model_from_keys", Ignored, NotHonoured),
        new KnownKey("allow_user_auth", Ignored, "has no effect: users do not log in, they have keys"),
        new KnownKey("custom_auth", Refused, ""), // ForeignAuth reports these three; they are named for a misspelling
        new KnownKey("enable_jwt_auth", Refused, ""),
        new KnownKey("enable_oauth2_auth", Refused, ""),
        new KnownKey("custom_key_generate", Refused, NoPython),
        new KnownKey("custom_sso", Refused, NoPython),
        new KnownKey("custom_ui_sso_sign_in_handler", Refused, NoPython),
        new KnownKey("key_management_*", Ignored, NoSecretManager),
        new KnownKey("use_azure_key_vault", Ignored, NoSecretManager),
        new KnownKey("use_google_kms", Ignored, NoSecretManager),
        new KnownKey("ui_*", Ignored, NoUi),
        new KnownKey("enable_admin_ui", Ignored, NoUi),
        new KnownKey("proxy_base_url", Ignored, NoUi),
        new KnownKey("disable_master_key_return", Ignored, "", Always), // it is never returned
        new KnownKey("litellm_salt_key", Ignored, "has no effect: keys are stored as hashes, nothing is encrypted"),
        new KnownKey("token_rate_limit_type", Ignored, NotHonoured),
        new KnownKey("disable_responses_id_security", Ignored, NotHonoured),
        new KnownKey("disable_budget_reservation", Ignored, "", Always),
        new KnownKey("fail_closed_budget_enforcement", Ignored, "", Always),
        new KnownKey("include_call_id_in_error_body", Ignored, $"{NotHonoured}; the header x-litellm-call-id has it"),
        new KnownKey("max_in_flight_requests_per_worker", Ignored, NotEnforced),
        new KnownKey("max_queued_requests_per_worker", Ignored, NotEnforced),
        new KnownKey("admission_queue_timeout_seconds", Ignored, NotHonoured),
        new KnownKey("enforce_fallback_budget", Ignored, NotHonoured),
        new KnownKey("apply_user_budget_to_team_keys", Ignored, NotHonoured),
        new KnownKey("otel", Ignored, "has no effect: traces are not sent"),
        new KnownKey("num_workers", Ignored, "has no effect: one process uses all cores"),
        new KnownKey("cors_origins", Unknown, "is not a known setting; did you mean 'cors_allow_origins'?"),
        new KnownKey("enable_cors", Unknown, "is not a known setting; did you mean 'cors_allow_origins'?"),
        new KnownKey("enable_metrics", Ignored, "has no effect: metrics are always on", WhenOn));

    public static readonly SectionRules Deployment = new("model_list[]");

    public static readonly SectionRules Params = new("litellm_params",
        new KnownKey("max_retries", Ignored, "has no effect, as in LiteLLM's proxy; use num_retries"),
        new KnownKey("rpm_limit", Unknown, "is not a known setting; did you mean 'rpm'?"),
        new KnownKey("tpm_limit", Unknown, "is not a known setting; did you mean 'tpm'?"),
        new KnownKey("retry_min_timeout_ms", Unknown, "is not a known setting; retry_after in router_settings is the least wait"),
        new KnownKey("retry_max_timeout_ms", Unknown, "is not a known setting; retry_after in router_settings is the least wait"),
        new KnownKey("context_window", Unknown, "is not a known setting; did you mean 'max_input_tokens' in model_info?"),
        new KnownKey("supports_*", Unknown, "belongs in model_info; ignored here"),
        new KnownKey("stream", Ignored, "has no effect: the client decides whether it streams"),
        new KnownKey("tag_regex", Ignored, $"{NotHonoured}: deployments are chosen by tags alone"),
        new KnownKey("max_budget", Ignored, "is not enforced per deployment; use model_max_budget or provider_budget_config"),
        new KnownKey("budget_duration", Ignored, "is not enforced per deployment; use model_max_budget or provider_budget_config"),
        new KnownKey("region_name", Ignored, $"{NotHonoured}: deployments are not filtered by region"),
        new KnownKey("merge_reasoning_content_in_choices", Ignored, $"{NotHonoured}: reasoning stays in its own field"),
        new KnownKey("use_in_pass_through", Ignored, NotHonoured),
        new KnownKey("use_litellm_proxy", Ignored, NotHonoured),
        new KnownKey("silent_model", Ignored, $"{NotHonoured}: traffic is not mirrored"),
        new KnownKey("metadata", Ignored, NotHonoured),
        new KnownKey("litellm_metadata", Ignored, NotHonoured),
        new KnownKey("cache", Ignored, NoCache),
        new KnownKey("caching*", Ignored, NoCache),
        new KnownKey("mock_tool_calls", Ignored, NotHonoured),
        new KnownKey("rust", Ignored, "", Always),
        new KnownKey("verbose", Ignored, "", Always),
        new KnownKey("api_type", Ignored, "has no effect: the provider is the part of model before the slash"),
        new KnownKey("azure_ad_token_*", Ignored, $"{NotHonoured}: {EntraKeys}"),
        new KnownKey("azure_username", Ignored, $"{NotHonoured}: {EntraKeys}"),
        new KnownKey("azure_password", Ignored, $"{NotHonoured}: {EntraKeys}"),
        new KnownKey("aws_*", Ignored, NotHonoured),
        new KnownKey("vertex_*", Ignored, NotHonoured),
        new KnownKey("watsonx_*", Ignored, NotHonoured),
        new KnownKey("hf_model_name", Ignored, "", Always),
        new KnownKey("input_cost_per_*", Ignored, NoPrice),
        new KnownKey("output_cost_per_*", Ignored, NoPrice),
        new KnownKey("cache_read_*", Ignored, NoPrice),
        new KnownKey("cache_creation_*", Ignored, NoPrice))
    {
        // Body parameters of OpenAI and of the servers behind its wire format: forwarded, and offered for a misspelt name.
        OtherNames = new HashSet<string>
        {
            "temperature", "max_tokens", "max_completion_tokens", "top_p", "top_k", "min_p", "stop", "seed", "n", "user",
            "logprobs", "top_logprobs", "logit_bias", "presence_penalty", "frequency_penalty", "repetition_penalty", "repeat_penalty",
            "response_format", "reasoning_effort", "reasoning", "thinking", "verbosity", "tools", "tool_choice", "parallel_tool_calls",
            "functions", "function_call", "modalities", "audio", "prediction", "service_tier", "store", "stream_options",
            "dimensions", "encoding_format", "num_ctx", "num_predict", "num_gpu", "keep_alive", "options", "output_config",
            "chat_template_kwargs", "provider", "safety_settings", "web_search_options",
        },
    };

    public static readonly SectionRules Info = new("model_info",
        new KnownKey("input_cost_per_*", Ignored, NoPrice),
        new KnownKey("output_cost_per_*", Ignored, NoPrice),
        new KnownKey("cache_read_*", Ignored, NoPrice),
        new KnownKey("cache_creation_*", Ignored, NoPrice),
        new KnownKey("health_check_voice", Ignored, "", Always), // no speech is asked for
        new KnownKey("team_id", Ignored, "is not enforced: the model is open to everybody whose models allow it"))
    {
        IsOpen = true,
    };

    public static readonly SectionRules Credential = new("credential_list[]",
        new KnownKey("credential_info", Ignored, "", Always));

    public static readonly SectionRules Files = new("files_settings[]");

    public static readonly SectionRules User = new("user_access[]",
        new KnownKey("budget_reset_at", Ignored, "has no effect: budget_duration says when a budget begins anew"),
        new KnownKey("duration", Refused, NoExpiry),
        new KnownKey("expires", Refused, NoExpiry),
        new KnownKey("allowed_routes", Ignored, NotEnforced),
        new KnownKey("permissions", Ignored, NotEnforced),
        new KnownKey("user_role", Ignored, $"{NotHonoured}: only the master key is admin"),
        new KnownKey("aliases", Ignored, $"{NotHonoured}; model_group_alias in router_settings is"),
        new KnownKey("model_aliases", Ignored, $"{NotHonoured}; model_group_alias in router_settings is"),
        new KnownKey("metadata", Ignored, NotHonoured),
        new KnownKey("tags", Ignored, NotHonoured),
        new KnownKey("user_email", Ignored, NotHonoured),
        new KnownKey("user_alias", Ignored, NotHonoured),
        new KnownKey("team_alias", Ignored, NotHonoured),
        new KnownKey("organization_id", Ignored, NotHonoured),
        new KnownKey("key", Unknown, "is not a known setting; did you mean 'api_key'?"),
        new KnownKey("keys", Unknown, "is not a known setting; did you mean 'api_keys'?"),
        new KnownKey("budget", Unknown, "is not a known setting, so nothing is enforced; did you mean 'max_budget'?"),
        new KnownKey("user", Unknown, "is not a known setting; did you mean 'user_id'?"),
        new KnownKey("name", Unknown, "is not a known setting; did you mean 'user_id'?"),
        new KnownKey("allowed_models", Unknown, "is not a known setting, so all models are allowed; did you mean 'models'?"));

    /// <summary>An entry of <c>api_keys</c> that is a map.</summary>
    public static readonly SectionRules AccessKey = new("api_keys[]",
        new KnownKey("duration", Refused, NoExpiry),
        new KnownKey("expires", Refused, NoExpiry),
        new KnownKey("budget_reset_at", Ignored, "has no effect: budget_duration says when a budget begins anew"),
        new KnownKey("metadata", Ignored, NotHonoured),
        new KnownKey("tags", Ignored, NotHonoured),
        new KnownKey("user_id", Unknown, "belongs beside api_keys; ignored here"),
        new KnownKey("team_id", Unknown, "belongs beside api_keys; ignored here"),
        new KnownKey("allowed_routes", Ignored, NotEnforced),
        new KnownKey("permissions", Ignored, NotEnforced));

    public static readonly SectionRules AlertingArgs = new("alerting_args",
        new KnownKey("budget_alert_ttl", Ignored, "has no effect: a threshold is told of once in each period of its budget"),
        new KnownKey("log_to_console", Ignored, "", Always), // the log always has it
        new KnownKey("daily_report_frequency", Ignored, NoReports),
        new KnownKey("report_check_interval", Ignored, NoReports),
        new KnownKey("outage_alert_ttl", Ignored, NoReports),
        new KnownKey("region_outage_alert_ttl", Ignored, NoReports),
        new KnownKey("minor_outage_alert_threshold", Ignored, NoReports),
        new KnownKey("major_outage_alert_threshold", Ignored, NoReports),
        new KnownKey("max_outage_alert_list_size", Ignored, NoReports));

    public static readonly SectionRules CostMargin = new("cost_margin_config");

    /// <summary>An entry of tiered_pricing; its prices are named as those of a deployment.</summary>
    public static readonly SectionRules TieredPricing = new("tiered_pricing[]");

    public static readonly SectionRules FailsPolicy = new("allowed_fails_policy");

    public static readonly SectionRules Team = new("teams[]",
        new KnownKey("metadata", Ignored, NotHonoured),
        new KnownKey("tags", Ignored, NotHonoured),
        new KnownKey("model_aliases", Ignored, $"{NotHonoured}; model_group_alias in router_settings is"),
        new KnownKey("organization_id", Ignored, NotHonoured),
        new KnownKey("team_member_budget", Ignored, NotEnforced),
        new KnownKey("team_member_*", Ignored, NotEnforced),
        new KnownKey("members_with_roles", Unknown, "is not a known setting; did you mean 'members'?"),
        new KnownKey("users", Unknown, "is not a known setting; did you mean 'members'?"));

    /// <summary>The limits of one model, tag or provider.</summary>
    public static readonly SectionRules LimitEntry = new("model_max_budget");

    public static readonly SectionRules EndUser = new("litellm_settings.default_end_user_params",
        new KnownKey("budget_id", Ignored, $"{NotHonoured}: budgets have no ids; write the limits here"));

    public static readonly SectionRules Alias = new("model_group_alias");

    /// <summary>A map whose keys are names that the user chose.</summary>
    public static readonly SectionRules Any = new("");

    /// <summary>The sections whose keys people mistake for one another's.</summary>
    public static readonly SectionRules[] Main = [LiteLlm, Router, General];

    /// <summary>Where else to look for a key that a section does not know, likeliest first.</summary>
    public static IEnumerable<SectionRules> HomesOf(SectionRules section) =>
        section == Deployment ? [Params, Info, Router, LiteLlm, General]
        : section == Params ? [Info, Deployment, Router, LiteLlm, General]
        : section == User || section == Team ? [General, Router, LiteLlm]
        : section == Root || Main.Contains(section) ? [Router, LiteLlm, General, Params, User]
        : [];
}
