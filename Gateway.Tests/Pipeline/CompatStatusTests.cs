using Gateway.Config;
using Gateway.Pipeline;

namespace Gateway.Tests.Pipeline;

/// <summary>The status codes that LiteLLM changed, in both generations.</summary>
public sealed class CompatStatusTests
{
    private const string Legacy = "compat_status_codes: legacy, ";

    [TestCase("", 403)]
    [TestCase(Legacy, 401)]
    public async Task AUserOnAnAdminsPath(string setting, int status)
    {
        await using var gateway = await StartAsync(setting);
        using var response = await gateway.SendAsync(HttpMethod.Post, "/config/reload", Wire.Bob, "{}");
        Assert.That(((int)response.StatusCode, (await response.ErrorAsync()).Code), Is.EqualTo((status, status.ToString())));
    }

    [TestCase("", 413)]
    [TestCase(Legacy, 400)]
    public async Task ABodyThatIsTooLarge(string setting, int status)
    {
        await using var gateway = await StartAsync(setting + "max_request_size_mb: 0.00001, ");
        using var response = await gateway.ChatAsync(Wire.Question, Wire.Master);
        Assert.That(((int)response.StatusCode, (await response.ErrorAsync()).Type), Is.EqualTo((status, "bad_request_error")));
    }

    [TestCase("")]
    [TestCase(Legacy)]
    public async Task AWrongKeyIsTheSameInBoth(string setting)
    {
        await using var gateway = await StartAsync(setting);
        using var response = await gateway.ChatAsync(Wire.Question, "sk-wrong-key");
        Assert.That((int)response.StatusCode, Is.EqualTo(401));
    }

    [TestCase(CompatStatusCodes.Current, 503)]
    [TestCase(CompatStatusCodes.Legacy, 400)]
    public void ADatabaseThatFails(CompatStatusCodes codes, int status)
    {
        var error = ErrorHeaders.For(ApiError.DatabaseUnavailable("its disk is full"), new GeneralSettings { CompatStatusCodes = codes });
        Assert.That((error.Status, error.Type, error.RetryAfter), Is.EqualTo((status, "no_db_connection", TimeSpan.FromSeconds(1))));
    }

    private static Task<GatewayHost> StartAsync(string setting) => GatewayHost.StartAsync(
        Wire.OneModel.Replace("{upstream}", "http://127.0.0.1:1") + Wire.Keys.Replace("master_key", setting + "master_key"));
}
