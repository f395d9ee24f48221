using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Benchmarks.Soak;

/// <summary>A gateway in a process of its own, with a folder of its own.</summary>
internal sealed class GatewayProcess : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-soak-");
    private readonly Process _process;

    /// <param name="program">The executable, or its <c>gateway.dll</c>.</param>
    public GatewayProcess(string program, string config)
    {
        var port = FreePort();
        Url = $"http://127.0.0.1:{port}";
        var file = Path.Combine(_folder.FullName, "config.yaml");
        File.WriteAllText(file, config);
        string[] arguments = ["-c", file, "--db", Path.Combine(_folder.FullName, "gateway.db"), "--port", $"{port}"];
        var isDll = program.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isDll ? "dotnet" : program, isDll ? [program, .. arguments] : arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Url { get; }

    /// <summary>The last line that it wrote.</summary>
    public string? LastLine { get; private set; }

    public bool HasExited => _process.HasExited;

    private void Keep(string? line) => LastLine = line ?? LastLine;

    /// <summary>Waits until it answers.</summary>
    public async Task<bool> IsReadyAsync()
    {
        using var http = new HttpClient();
        for (var i = 0; i < 300 && !_process.HasExited; i++)
        {
            try
            {
                using var response = await http.GetAsync(Url + "/health/readiness");
                if (response.IsSuccessStatusCode)
                    return true;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
            await Task.Delay(100);
        }
        return false;
    }

    /// <summary>Requests that it says have not ended.</summary>
    public async Task<string> InFlightAsync()
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(Url + "/metrics");
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith("litellm_in_flight_requests", StringComparison.Ordinal));
        return line?.Split(' ')[1] ?? "unknown";
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
