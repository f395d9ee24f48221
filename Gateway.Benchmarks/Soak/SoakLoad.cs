using System.Diagnostics;
using System.Text;

namespace Gateway.Benchmarks.Soak;

/// <summary>What came of one request.</summary>
/// <param name="At">When it ended, counted from the start of the load.</param>
/// <param name="Deployment">What served it. Null: nothing did.</param>
/// <param name="Error">Null: it was answered.</param>
/// <param name="IsCut">True when a stream that had begun broke off, which no gateway can mend.</param>
internal sealed record SoakResult(TimeSpan At, string? Deployment, string? Error, bool IsCut);

/// <summary>Workers that ask the gateway one request after the other, plain ones and streams in turn.</summary>
internal sealed class SoakLoad(string url, int workers, TimeSpan pause) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<SoakResult> _results = [];

    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>Runs until <paramref name="end"/> and returns what came of every request.</summary>
    public async Task<List<SoakResult>> RunAsync(TimeSpan end)
    {
        await Task.WhenAll(Enumerable.Range(0, workers).Select(worker => WorkAsync(worker, end)));
        return _results;
    }

    private async Task WorkAsync(int worker, TimeSpan end)
    {
        await Task.Delay(pause * worker / workers); // not all at once
        for (var i = worker; _clock.Elapsed < end; i++)
        {
            var result = await AskAsync(isStream: i % 2 == 0);
            lock (_results)
                _results.Add(result);
            await Task.Delay(pause);
        }
    }

    private async Task<SoakResult> AskAsync(bool isStream)
    {
        string? deployment = null;
        try
        {
            var json = $$"""{"model":"soak","stream":{{(isStream ? "true" : "false")}},"messages":[{"role":"user","content":"Hello"}]}""";
            using var body = new StringContent(json, Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, url + "/v1/chat/completions") { Content = body };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            deployment = response.Headers.TryGetValues("x-litellm-model-id", out var ids) ? ids.First() : null;
            var text = await response.Content.ReadAsStringAsync();
            if (!response.IsSuccessStatusCode)
                return new(_clock.Elapsed, deployment, $"{(int)response.StatusCode} {text}", IsCut: false);
            if (isStream ? text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal) : text.Contains("finish_reason", StringComparison.Ordinal))
                return new(_clock.Elapsed, deployment, null, IsCut: false);
            return new(_clock.Elapsed, deployment, "cut: " + text[Math.Max(0, text.Length - 300)..], IsCut: isStream);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return new(_clock.Elapsed, deployment, e.Message, IsCut: false);
        }
    }

    public void Dispose() => _http.Dispose();
}
