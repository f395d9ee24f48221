using Gateway.Config;

namespace Gateway.Tests.Config;

/// <summary>Small configs with the habits of real ones: each loads, starts, and leaves just the findings that its owner should see.</summary>
public sealed class RealFileTests
{
    [Test]
    public void AListAtTheIndentOfItsKeyWithSettingsFromEverywhere() => Check("""
        model_list:
        - model_name: big model
          litellm_params:
            model: openai/some/model:free
            api_base: "http://speech:8000/v1"
            api_key: "not-needed"
            timeout: 600
            max_retries: 3
        - model_name: local
          litellm_params:
            model: ollama/tiny:1b
            api_base: http://ollama:11434   # no key
            api_version: 2023-05-15
        litellm_settings:
          drop_params: True
          set_verbose: False
          stream: true
          success_callback:
          - prometheus
        """,
        2,
        "Ignored: test.yaml:8: model_list[0].litellm_params.max_retries: has no effect, as in LiteLLM's proxy; use num_retries",
        "Ignored: test.yaml:17: litellm_settings.stream: has no effect: the client decides whether it streams");

    [Test]
    public void AHomeLabWithShellReferences() => Check("""
        model_list:
          - model_name: m
            litellm_params: {model: "openai/${MODEL:-custom}", api_key: "${KEY}"}
        general_settings:
          master_key: ${LITELLM_MASTER_KEY}
          ui_password: ${UI_PASSWORD}
        """,
        0,
        "Invalid: test.yaml:3: model_list[0].litellm_params.model: refers to the environment in a way that is not expanded; make it the whole value and write os.environ/MODEL",
        "Invalid: test.yaml:3: model_list[0].litellm_params.api_key: refers to the environment in a way that is not expanded; make it the whole value and write os.environ/KEY",
        "Invalid: test.yaml:3: model_list[0].litellm_params: the entry is left out, as its model came to nothing",
        "Invalid: test.yaml:5: general_settings.master_key: refers to the environment in a way that is not expanded; make it the whole value and write os.environ/LITELLM_MASTER_KEY",
        "Invalid: test.yaml:5: general_settings.master_key: is set and comes to no usable key: nobody is admin, and calls need another key",
        "Ignored: test.yaml:6: general_settings.ui_password: has no effect: there is no admin UI");

    [Test]
    public void AModelsInTheDatabaseConfig() => Check("""
        model_list: []
        general_settings:
          master_key: sk-1234
          store_model_in_db: true
          custom_auth: my_auth.user_api_key_auth
        router_settings:
          routing_strategy: usage-based-routing-v2
          redis_port: os.environ/REDIS_PORT
        """,
        0,
        "Ignored: test.yaml:4: general_settings.store_model_in_db: has no effect: models come from this file only",
        "Refused: test.yaml:5: general_settings.custom_auth: needs Python, which the gateway does not run; calls need a key of master_key or user_access",
        "Ignored: test.yaml:8: router_settings.redis_port: has no effect: counters are kept in memory and in SQLite, there is no Redis");

    [Test]
    public void SharedParametersUnderAnExtensionKey() => Check("""
        x-shared: &shared
          extra_headers:
            editor-version: "vscode/1.95.0"
        model_list:
          - model_name: a
            model_info:
              mode: responses
            litellm_params:
              model: github_copilot/a
              <<: *shared
        """,
        1);

    [Test]
    public void LimitsAndBudgetsInUnusualPlaces() => Check("""
        model_list:
          - model_name: a
            rpm: 500
            tpm: 400_000
            litellm_params: {model: mistral/a, rpm_limit: 60, supports_vision: true}
        general_settings: {max_budget: 2.0, max_internal_user_budget: null, json_logs: true}
        litellm_settings: {max_budget: 10, budget_duration: 1mo}
        """,
        1,
        "Unknown: test.yaml:5: model_list[0].litellm_params.rpm_limit: is not a known setting; did you mean 'rpm'?",
        "Unknown: test.yaml:5: model_list[0].litellm_params.supports_vision: belongs in model_info; ignored here",
        "Unknown: test.yaml:6: general_settings.max_budget: belongs in litellm_settings; ignored here",
        "Unknown: test.yaml:6: general_settings.json_logs: belongs in litellm_settings; ignored here");

    [Test]
    public void ANoLinePastTheLastAndTheSectionTwice() => Check(
        "litellm_settings:\n  drop_params: true\n  set_verbose: false\n\ngeneral_settings:\n  disable_spend_logs: true\n  \nlitellm_settings:\n  drop_params: true\n  ",
        0,
        "Invalid: test.yaml:8: litellm_settings: occurs again (first on line 1); the last one counts");

    private static void Check(string yaml, int deployments, params string[] findings)
    {
        var config = ConfigText.Read(yaml);
        Assert.That(config.Said(), Is.EqualTo(findings));
        Assert.That(config.WouldStart, Is.True);
        Assert.That(config.Config.ModelList, Has.Length.EqualTo(deployments));
    }
}
