using System.Net;
using System.Text.Json;
using Gateway.Tests.Pipeline;
using Gateway.Tests.Storage;

namespace Gateway.Tests.Api;

/// <summary>Files and batches: to the provider of files_settings, and each key sees its own alone.</summary>
public sealed class FilesTests
{
    private const string One = """
        files_settings:
          - {custom_llm_provider: openai, api_base: "{upstream}/v1", api_key: sk-upstream-secret}
        """;

    private const string Two = One + "\n" + """
          - {custom_llm_provider: azure, api_base: "{upstream}", api_key: azure-secret, api_version: "2024-10-21"}
        """;

    private static string Config(string files = One, string general = "") => PathWire.Config("openai/m", general: general) + files + "\n";

    /// <summary>A provider that keeps what is uploaded, in one account for all.</summary>
    private static Task<ScriptedUpstream> ProviderAsync()
    {
        var objects = new List<(string Path, string Id, string Json)>();
        return ScriptedUpstream.StartAsync(async http =>
        {
            var path = http.Request.Path.Value!;
            var kind = path.Contains("batches") ? "batches" : "files";
            var json = "";
            lock (objects)
            {
                var id = path.Split('/').SkipWhile(part => part != kind).ElementAtOrDefault(1);
                if (http.Request.Method == "POST" && id is null)
                {
                    id = $"{(kind == "files" ? "file-" : "batch_")}{objects.Count + 1}";
                    json = kind == "files"
                        ? $$"""{"id":"{{id}}","object":"file","model":"kept","bytes":5}"""
                        : $$"""{"id":"{{id}}","object":"batch","model":"kept","output_file_id":"file-out-{{id}}","error_file_id":null}""";
                    objects.Add((kind, id, json));
                }
                else if (id is null)
                {
                    var after = http.Request.Query["after"].ToString();
                    var limit = int.Parse(http.Request.Query["limit"].FirstOrDefault() ?? "100");
                    var all = objects.Where(o => o.Path == kind).Reverse().ToList();
                    var page = all.Skip(after == "" ? 0 : all.FindIndex(o => o.Id == after) + 1).ToList();
                    json = $$"""{"object":"list","data":[{{string.Join(',', page.Take(limit).Select(o => o.Json))}}],"has_more":{{(page.Count > limit ? "true" : "false")}}}""";
                }
                else
                {
                    json = path.EndsWith("/content") ? "[1, not json" : objects.Where(o => o.Id == id).Select(o => o.Json).SingleOrDefault() ?? "{}";
                }
            }
            await ScriptedUpstream.SendAsync(http, json);
        });
    }

    private static async Task<string> UploadAsync(GatewayHost gateway, string key, string path = "/v1/files", params (string, string)[] more)
    {
        using var form = PathWire.Form(5, [("purpose", "batch"), .. more]);
        using var response = await gateway.PostAsync(path, form, key);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.TextAsync());
        return (await response.JsonAsync()).GetProperty("id").GetString()!;
    }

    private static async Task<string[]> IdsAsync(GatewayHost gateway, string key, string path)
    {
        using var response = await gateway.GetAsync(path, key);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.TextAsync());
        return [.. (await response.JsonAsync()).GetProperty("data").EnumerateArray().Select(one => one.GetProperty("id").GetString()!)];
    }

    private static Task<HttpResponseMessage> BatchAsync(GatewayHost gateway, string key, string file, string more = "") => gateway.ChatAsync(
        $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"{{more}}}""", key, "/v1/batches");

    [TestCase("/v1/files")]
    [TestCase("/files")]
    public async Task AFileIsUploadedShownReadAndDeleted(string path)
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(), upstream);

        var id = await UploadAsync(gateway, Wire.Bob, path);
        using var shown = await gateway.GetAsync($"{path}/{id}", Wire.Bob);
        using var content = await gateway.GetAsync($"{path}/{id}/content", Wire.Bob);
        using var deleted = await gateway.SendAsync(HttpMethod.Delete, $"{path}/{id}", Wire.Bob, null);
        using var gone = await gateway.GetAsync($"{path}/{id}", Wire.Bob);

        Assert.That((await shown.JsonAsync()).GetProperty("model").GetString(), Is.EqualTo("kept"));
        Assert.That(await content.TextAsync(), Is.EqualTo("[1, not json"));
        Assert.That((deleted.StatusCode, gone.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.NotFound)));
        Assert.That(upstream.Requests.Select(request => request.Path), Is.EqualTo(new[]
        {
            "/v1/files", $"/v1/files/{id}", $"/v1/files/{id}/content", $"/v1/files/{id}",
        }));
        Assert.That(upstream.Requests.Select(request => request.Headers["Authorization"]), Is.All.EqualTo("Bearer sk-upstream-secret"));
        var rows = await gateway.StopAndReadAsync();
        Assert.That(rows.Select(row => (row["model_group"], row["user_id"], row["cost_nano_usd"])), Is.All.EqualTo(("files", "bob", 0L)));
        Assert.That(rows, Has.Count.EqualTo(4));
        Assert.That(gateway.Log, Does.Not.Contain("secret-name"));
    }

    [Test]
    public async Task WhatAKeyMadeIsNotThereForOthersAndThereForTheAdmin()
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(), upstream);
        var (own, other) = (await UploadAsync(gateway, Wire.Bob), await UploadAsync(gateway, Wire.Alice));
        var before = upstream.Requests.Count;

        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, $"/v1/files/{own}"), (HttpMethod.Get, $"/v1/files/{own}/content"), (HttpMethod.Delete, $"/v1/files/{own}"),
            (HttpMethod.Get, "/v1/files/file-unheard-of"), (HttpMethod.Get, $"/v1/batches/{own}"), (HttpMethod.Post, $"/v1/batches/{own}/cancel"),
            (HttpMethod.Get, "/v1/files/..%2Fmodels"), (HttpMethod.Get, "/v1/files/a%3Fb"), (HttpMethod.Get, $"/v1/files?after={own}"),
        })
        {
            using var response = await gateway.SendAsync(method, path, Wire.Alice, null);
            Assert.That((int)response.StatusCode, Is.EqualTo(404), path);
        }

        Assert.That(upstream.Requests, Has.Count.EqualTo(before), "nothing was asked for at the provider");
        Assert.That(await IdsAsync(gateway, Wire.Bob, "/v1/files"), Is.EqualTo(new[] { own }));
        Assert.That(await IdsAsync(gateway, Wire.Alice, "/v1/files"), Is.EqualTo(new[] { other }));
        Assert.That(await IdsAsync(gateway, Wire.Master, "/v1/files"), Is.EqualTo(new[] { other, own }));
        using var shown = await gateway.GetAsync($"/v1/files/{own}", Wire.Master);
        Assert.That(shown.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task OwnersSurviveARestart()
    {
        await using var upstream = await ProviderAsync();
        using var folder = new TempFolder();
        string id;
        await using (var first = await GatewayHost.StartAsync(Config(), upstream, folder.Path))
            id = await UploadAsync(first, Wire.Bob);

        await using var second = await GatewayHost.StartAsync(Config(), upstream, folder.Path);
        using var mine = await second.GetAsync($"/v1/files/{id}", Wire.Bob);
        using var others = await second.GetAsync($"/v1/files/{id}", Wire.Alice);

        Assert.That((mine.StatusCode, others.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.NotFound)));
    }

    [Test]
    public async Task AListIsCutToItsLimitAndGoesOnAfterIt()
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(), upstream);
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Insert(0, await UploadAsync(gateway, Wire.Bob));
            await UploadAsync(gateway, Wire.Alice);
        }

        using var first = await gateway.GetAsync("/v1/files?limit=2", Wire.Bob);
        var page = await first.JsonAsync();
        var rest = await IdsAsync(gateway, Wire.Bob, $"/v1/files?limit=3&after={ids[1]}");

        Assert.That((page.GetProperty("has_more").GetBoolean(), page.GetProperty("last_id").GetString()), Is.EqualTo((true, ids[1])));
        Assert.That(rest, Is.EqualTo(ids[2..]));
    }

    [TestCase("limit=0")]
    [TestCase("order=up")]
    [TestCase("purpose=a%26b")]
    [TestCase("after=a%2Fb")]
    public async Task AQueryThatCannotBeMeantIsRefused(string query)
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(), upstream);

        using var response = await gateway.GetAsync($"/v1/files?{query}", Wire.Bob);

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
    }

    [Test]
    public async Task TheProviderComesFromBodyQueryOrHeaderAndThenFromTheId()
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(Two), upstream);

        var id = await UploadAsync(gateway, Wire.Bob, more: ("custom_llm_provider", "azure"));
        await UploadAsync(gateway, Wire.Bob, "/v1/files?custom_llm_provider=azure");
        using var listed = await gateway.SendAsync(HttpMethod.Get, "/v1/files", Wire.Bob, null, ("custom-llm-provider", "azure"));
        using var batch = await BatchAsync(gateway, Wire.Bob, id);
        using var unclear = await gateway.GetAsync("/v1/files", Wire.Bob);
        using var unknown = await gateway.GetAsync("/v1/files?custom_llm_provider=groq", Wire.Bob);
        using var both = await gateway.SendAsync(
            HttpMethod.Get, "/v1/files?custom_llm_provider=openai", Wire.Bob, null, ("custom-llm-provider", "azure"));

        Assert.That((listed.StatusCode, batch.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)));
        Assert.That(upstream.Requests.Select(request => request.Path), Is.All.StartWith("/openai/").And.All.Contains("api-version=2024-10-21"));
        Assert.That(upstream.Requests.Select(request => request.Headers["api-key"]), Is.All.EqualTo("azure-secret"));
        Assert.That(upstream.Requests.First().Body, Does.Not.Contain("custom_llm_provider"));
        Assert.That((await unclear.ErrorAsync()).Message, Does.Contain("custom_llm_provider: openai or azure"));
        Assert.That((await unknown.ErrorAsync()).Message, Does.Contain("no entry with custom_llm_provider: groq"));
        Assert.That((int)both.StatusCode, Is.EqualTo(400));
    }

    [Test]
    public async Task WithoutFilesSettingsTheSettingIsNamed()
    {
        await using var gateway = await GatewayHost.StartAsync(PathWire.Config("openai/m").Replace("{upstream}", "http://127.0.0.1:1"));

        using var response = await gateway.GetAsync("/v1/batches", Wire.Bob);

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("files_settings"));
    }

    [Test]
    public async Task ABatchAndWhatItWritesBelongToItsKey()
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(general: ", batch_bound_usd: 0.25"), upstream);
        var file = await UploadAsync(gateway, Wire.Bob);

        using var made = await BatchAsync(gateway, Wire.Bob, file, """,metadata:{"a":"b"},"custom_llm_provider":"openai" """.Replace("metadata", "\"metadata\""));
        using var ofOthersFile = await BatchAsync(gateway, Wire.Alice, file);
        var batch = (await made.JsonAsync()).GetProperty("id").GetString()!;
        using var shown = await gateway.GetAsync($"/v1/batches/{batch}", Wire.Bob);
        using var output = await gateway.GetAsync($"/v1/files/file-out-{batch}/content", Wire.Bob);
        using var others = await gateway.GetAsync($"/v1/files/file-out-{batch}/content", Wire.Alice);
        using var cancelled = await gateway.SendAsync(HttpMethod.Post, $"/v1/batches/{batch}/cancel", Wire.Bob, null);

        Assert.That(new[] { made, shown, output, cancelled }.Select(response => (int)response.StatusCode), Is.All.EqualTo(200));
        Assert.That(((int)ofOthersFile.StatusCode, (int)others.StatusCode), Is.EqualTo((404, 404)));
        Assert.That(await IdsAsync(gateway, Wire.Bob, "/v1/batches"), Is.EqualTo(new[] { batch }));
        Assert.That(await IdsAsync(gateway, Wire.Alice, "/v1/batches"), Is.Empty);
        var sent = upstream.Requests.Single(request => request.Path == "/v1/batches" && request.Body.Length > 0).Body;
        Assert.That(JsonDocument.Parse(sent).RootElement.EnumerateObject().Select(member => member.Name),
            Is.EqualTo(new[] { "input_file_id", "endpoint", "completion_window", "metadata" }));
        Assert.That(upstream.Requests.Last(request => request.Path.EndsWith("/cancel")).Path, Is.EqualTo($"/v1/batches/{batch}/cancel"));
    }

    [Test]
    public async Task ABatchIsBookedAtItsBoundWithinTheBudget()
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(general: ", batch_bound_usd: 0.6, budget_wait: 0"), upstream);
        var file = await UploadAsync(gateway, Wire.Alice);

        using var first = await BatchAsync(gateway, Wire.Alice, file);
        using var second = await BatchAsync(gateway, Wire.Alice, file);

        Assert.That(((int)first.StatusCode, (int)second.StatusCode), Is.EqualTo((200, 429)));
        Assert.That(first.Header("x-litellm-response-cost"), Is.EqualTo("0.6"));
        var row = (await gateway.StopAndReadAsync()).Single(row => (string)row["model_group"]! == "batches");
        Assert.That((row["cost_nano_usd"], row["is_estimated"], row["price_id"]), Is.EqualTo((600_000_000L, 1L, "batch_bound_usd")));
    }

    [Test]
    public async Task ABatchThatTheProviderRefusesCostsNothing()
    {
        await using var upstream = await ScriptedUpstream.AnswersAsync("""{"error":{"message":"no","type":"invalid_request_error"}}""", 400);
        await using var gateway = await GatewayHost.StartAsync(Config(general: ", batch_bound_usd: 0.6"), upstream);

        using var response = await BatchAsync(gateway, Wire.Master, "file-1");

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await gateway.StopAndReadAsync()).Single()["cost_nano_usd"], Is.EqualTo(0L));
    }

    [Test]
    public async Task WhoHasABudgetIsToldWhichSettingBoundsABatch()
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(), upstream);
        var (alices, bobs) = (await UploadAsync(gateway, Wire.Alice), await UploadAsync(gateway, Wire.Bob));

        using var refused = await BatchAsync(gateway, Wire.Alice, alices);
        using var made = await BatchAsync(gateway, Wire.Bob, bobs);

        Assert.That(((int)refused.StatusCode, (int)made.StatusCode), Is.EqualTo((400, 200)));
        Assert.That((await refused.ErrorAsync()).Message, Does.Contain("general_settings.batch_bound_usd"));
    }

    [Test]
    public async Task AKeyOfSomeModelsMakesNoBatchWhoseModelsNobodySees()
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(), upstream);
        var file = await UploadAsync(gateway, PathWire.Carol);

        using var response = await BatchAsync(gateway, PathWire.Carol, file);

        Assert.That((int)response.StatusCode, Is.EqualTo(403));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain("Only keys that may use all models"));
    }

    [TestCase("""{"input_file_id":"file-1","input_file_id":"file-2"}""", "'input_file_id' must be there once")]
    [TestCase("""{"input_file_id":5}""", "'input_file_id' must be there once")]
    [TestCase("""{"input_file_id":"file-1","api_base":"https://evil.example.com"}""", "api_base")]
    [TestCase("""["a"]""", "must be a JSON object")]
    public async Task ABatchThatCannotBeMeantIsRefused(string body, string said)
    {
        await using var upstream = await ProviderAsync();
        await using var gateway = await GatewayHost.StartAsync(Config(), upstream);

        using var response = await gateway.ChatAsync(body, Wire.Bob, "/v1/batches");

        Assert.That((int)response.StatusCode, Is.AnyOf(400, 401));
        Assert.That((await response.ErrorAsync()).Message, Does.Contain(said));
        Assert.That(upstream.Requests, Is.Empty);
    }
}
