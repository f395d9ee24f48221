using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Benchmarks.Kill;

/// <summary>A gateway that is killed and started again on one port, config and database.</summary>
internal sealed class KilledGateway : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-kill-");
    private readonly string _program;
    private readonly int _port = FreePort();
    private Process? _process;

    /// <param name="program">The executable, or its <c>gateway.dll</c>.</param>
    public KilledGateway(string program, string config)
    {
        _program = program;
        File.WriteAllText(ConfigPath, config);
    }

    public string Url => $"http://127.0.0.1:{_port}";

    /// <summary>What it has written in all its lives.</summary>
    public List<string> Lines { get; } = [];

    private string ConfigPath => Path.Combine(_folder.FullName, "config.yaml");
    private string DatabasePath => Path.Combine(_folder.FullName, "gateway.db");

    /// <summary>Starts it, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        _process = Process.Start(Command(["-c", ConfigPath, "--db", DatabasePath, "--port", $"{_port}"]))!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var http = new HttpClient();
        for (var i = 0; i < 3_000 && !_process.HasExited; i++)
        {
            try
            {
                using var response = await http.GetAsync(Url + "/health/readiness");
                if (response.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
            await Task.Delay(10);
        }
        throw new InvalidOperationException($"The gateway did not start: {string.Join('\n', Lines.TakeLast(5))}");
    }

    /// <summary>Kills it as <c>kill -9</c> does.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Lets it finish and stop.</summary>
    public async Task StopAsync()
    {
        using (var term = Process.Start("kill", ["-TERM", $"{_process!.Id}"]))
            await term.WaitForExitAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Runs a command on the database, beside no gateway.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(Command([.. arguments, "--db", DatabasePath]))!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    private ProcessStartInfo Command(string[] arguments)
    {
        var isDll = _program.EndsWith(".dll", StringComparison.Ordinal);
        return new(isDll ? "dotnet" : _program, isDll ? [_program, .. arguments] : arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (Lines)
            Lines.Add(line);
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public void Dispose()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
        _folder.Delete(recursive: true);
    }
}
