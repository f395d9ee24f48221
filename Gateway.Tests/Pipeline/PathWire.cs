using System.Net.Http.Headers;
using System.Text;

namespace Gateway.Tests.Pipeline;

/// <summary>Configs and bodies of requests that are passed through by path.</summary>
internal static class PathWire
{
    /// <summary>A model at the scripted upstream, and callers as in <see cref="Wire.Keys"/> with a budget of 1 USD for Alice.</summary>
    /// <param name="settings">Lines of litellm_params.</param>
    public static string Config(string model, string settings = "", string general = "") => $$"""
        model_list:
          - model_name: m
            litellm_params:
              model: {{model}}
              api_base: "{upstream}/v1"
              api_key: sk-upstream-secret
              num_retries: 0
              {{settings}}
        general_settings: {master_key: sk-master-1234{{general}}}
        user_access:
          - {user_id: alice, api_key: sk-alice-1234, max_budget: 1}
          - {user_id: bob, api_key: sk-bob-12345678}
          - {user_id: carol, api_key: sk-carol-1234, models: [m]}

        """;

    public const string Carol = "sk-carol-1234";

    /// <summary>A form as OpenAI's SDKs send it, with a file of some bytes.</summary>
    public static MultipartFormDataContent Form(int fileBytes = 1500, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent("a-boundary");
        foreach (var (name, value) in fields)
            form.Add(new StringContent(value), $"\"{name}\"");
        var file = new ByteArrayContent(Encoding.ASCII.GetBytes(new string('x', fileBytes)));
        file.Headers.ContentType = new MediaTypeHeaderValue("audio/mpeg");
        form.Add(file, "\"file\"", "\"a-secret-name.mp3\"");
        return form;
    }

    public static Task<HttpResponseMessage> PostAsync(this GatewayHost gateway, string path, HttpContent body, string? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
