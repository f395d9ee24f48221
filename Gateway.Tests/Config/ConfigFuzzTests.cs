using CsCheck;
using Gateway.Config;

namespace Gateway.Tests.Config;

public sealed class ConfigFuzzTests
{
    private static readonly string[] Fragments =
    [
        "model_list", "model_name", "litellm_params", "general_settings", "router_settings", "user_access", "fallbacks", "api_key", "timeout", "models",
        ":", ": ", "\n", "\n  ", "\n    - ", "- ", "? ", "[", "]", "{", "}", ",", "&a ", "*a", "<<: *a", "!!str ", "!x ", "'", "\"", "\\U", "\\x", "|", ">-\n", "#", "---\n",
        "...\n", "%YAML 1.1\n", "\t", "\r\n", "~", "null", "true", "1e999", "-0x", "0o9", ".nan", "1_", "os.environ/", "${A}", "\uFEFF", "\u0085", "\uD800", "é", "@", "`", "\0",
        "routing_strategy: x", "include: [a]", "environment_variables: {A: b}", "credential_list: [{}]", "extra_headers: {a: b}", "1", "a",
    ];

    [Test]
    public void AnyTextIsReadWithoutAnExceptionOrAHang() =>
        Gen.String.Sample(text => ReadAndUse(text), iter: 2_000);

    [Test]
    public void AnyMixOfConfigFragmentsIsReadWithoutAnExceptionOrAHang() =>
        Gen.OneOf(Fragments).Array[0, 60].Select(string.Concat).Sample(text => ReadAndUse(text), iter: 8_000);

    [Test]
    public void AnyValueOfAnySettingIsReadWithoutAnException()
    {
        var settings = SettingNames.All.SelectMany(section => section.Names.Select(name => (section.Section, name))).ToArray();
        Gen.Select(Gen.OneOf(settings), Gen.OneOf("~", "''", "-1", "1e400", "9999999999999999999999", "on", "[]", "[~]", "[[]]", "{}", "{a: {b: ~}}", "{a: [b]}",
            "[{a: [b]}]", "os.environ/NO", "os.environ/", "${A}", "'\\'", ".inf", "1ms", "sha256:", "*")).Sample((setting, value) =>
        {
            var line = $"{setting.name}: {value}";
            ReadAndUse(setting.Section.Name switch
            {
                "the top level" => line,
                "litellm_params" => $"model_list: [{{model_name: m, litellm_params: {{model: m, {line}}}}}]",
                "model_info" => $"model_list: [{{model_name: m, litellm_params: {{model: m}}, model_info: {{{line}}}}}]",
                "model_list[]" or "user_access[]" or "credential_list[]" => $"{setting.Section.Name[..^2]}: [{{{line}}}]",
                "router_settings.routing_strategy_args" => $"router_settings: {{routing_strategy_args: {{{line}}}}}",
                var section => $"{section}: {{{line}}}",
            });
        }, iter: 3_000);
    }

    private static bool ReadAndUse(string yaml)
    {
        var config = ConfigText.Read(yaml, ("A", "b"));
        return config.Findings.All(finding => !finding.ToString().Contains('\n')) && config.WouldStart == config.Findings.All(finding => finding.Kind != FindingKind.Fatal);
    }
}
