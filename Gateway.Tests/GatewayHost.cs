using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gateway.Config;
using Gateway.Reload;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests;

/// <summary>A whole gateway on a free port with a database of its own, made from the text of a config.</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    /// <summary>Longer than anything takes on a slow, busy machine: whatever waits longer hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private readonly bool _ownsFolder;
    private readonly MemoryStream _log = new();
    private GatewayApp? _app;

    private GatewayHost(string? folder)
    {
        _ownsFolder = folder is null;
        _folder = folder ?? Directory.CreateTempSubdirectory("gateway-test-").FullName;
    }

    public HttpClient Http { get; private set; } = null!;
    public GatewayApp App => _app!;
    public string Folder => _folder;
    public string DatabasePath => Path.Combine(_folder, "gateway.db");
    /// <summary>Where the config lies when the gateway was started from a file.</summary>
    public string ConfigPath => Path.Combine(_folder, "config.yaml");
    public string Log => Encoding.UTF8.GetString(_log.ToArray());

    /// <param name="yaml"><c>{upstream}</c> stands for the URL of <paramref name="upstream"/>.</param>
    /// <param name="folder">Where the database lies; null: a new one.</param>
    /// <param name="fromFile">True: the text becomes <see cref="ConfigPath"/>, which can be changed and is read again.</param>
    public static async Task<GatewayHost> StartAsync(
        string yaml, ScriptedUpstream? upstream = null, string? folder = null, TimeProvider? time = null, string host = "127.0.0.1",
        Dictionary<string, string>? environment = null, Func<GatewayOptions, GatewayOptions>? change = null,
        bool fromFile = false)
    {
        var gateway = new GatewayHost(folder);
        yaml = yaml.Replace("{upstream}", upstream?.Url);
        if (fromFile)
            await File.WriteAllTextAsync(gateway.ConfigPath, yaml);
        var loaded = fromFile
            ? ConfigReader.Load(gateway.ConfigPath, environment ?? [])
            : ConfigReader.Parse(yaml, "test.yaml", environment ?? []);
        Assert.That(loaded.Findings.Where(finding => finding.Kind == FindingKind.Fatal), Is.Empty);
        var random = new Random(1);
        var options = new GatewayOptions
        {
            Config = loaded.Config,
            Environment = loaded.Environment,
            Source = fromFile ? new ConfigSource(gateway.ConfigPath, environment ?? [], loaded) : null,
            Host = host,
            Port = 0,
            DatabasePath = gateway.DatabasePath,
            LogOutput = Stream.Synchronized(gateway._log),
            LogsEvents = false,
            Time = time ?? TimeProvider.System,
            Random = () =>
            {
                lock (random)
                    return random.NextDouble();
            },
        };
        try
        {
            gateway._app = await GatewayApp.StartAsync(change is null ? options : change(options));
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
        gateway.Http = new HttpClient(new SocketsHttpHandler { UseCookies = false })
        {
            BaseAddress = new Uri(gateway._app.Addresses[0]),
            Timeout = Patience,
        };
        return gateway;
    }

    /// <summary>Sends a chat request.</summary>
    public Task<HttpResponseMessage> ChatAsync(string json, string? key = null, string path = "/v1/chat/completions") =>
        SendAsync(HttpMethod.Post, path, key, json);

    public Task<HttpResponseMessage> GetAsync(string path, string? key = null) => SendAsync(HttpMethod.Get, path, key, null);

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? key, string? json, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Stops the gateway, which writes everything, and reads rows of its database.</summary>
    public async Task<List<Dictionary<string, object?>>> StopAndReadAsync(string sql = "SELECT * FROM ledger ORDER BY id")
    {
        await StopAsync();
        await using var connection = new SqliteConnection($"Data Source={DatabasePath};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<Dictionary<string, object?>>();
        while (await reader.ReadAsync())
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(
                reader.GetName, i => reader.IsDBNull(i) ? null : reader.GetValue(i)));
        return rows;
    }

    public async Task StopAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync().AsTask().WaitAsync(Patience);
        _app = null;
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        await StopAsync();
        if (_ownsFolder)
            Directory.Delete(_folder, recursive: true);
    }
}

internal static class Answers
{
    public static async Task<string> TextAsync(this HttpResponseMessage response) =>
        await response.Content.ReadAsStringAsync().WaitAsync(GatewayHost.Patience);

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response) =>
        JsonDocument.Parse(await response.TextAsync()).RootElement;

    /// <summary>A response header's value; null: it is not there.</summary>
    public static string? Header(this HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;

    /// <summary>The payloads of an event stream.</summary>
    public static async Task<List<string>> EventsAsync(this HttpResponseMessage response) =>
        [.. (await response.TextAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(e => e["data: ".Length..])];
}
