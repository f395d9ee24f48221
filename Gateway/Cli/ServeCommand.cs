using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.InteropServices;
using Gateway.Catalog;
using Gateway.Config;
using Gateway.Reload;

namespace Gateway.Cli;

/// <summary><c>gateway serve</c>, which is also what <c>gateway</c> alone does: runs the gateway until it is told to stop.</summary>
public sealed class ServeCommand
{
    private const string DatabaseName = "gateway.db";
    private const string DefaultHost = "127.0.0.1";
    private const int DefaultPort = 4000;

    private readonly Option<string?> _config = new("--config", "-c")
    {
        Description = "The config file. Default: CONFIG_FILE_PATH, else ./config.yaml; without one a mock model is served.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _host = new("--host")
    {
        Description = "The address to listen on. Default: HOST, else 127.0.0.1; 0.0.0.0 for all (needs keys).",
        HelpName = "ADDRESS",
    };

    private readonly Option<int?> _port = new("--port", "-p")
    {
        Description = "The port; 0 for any free one. Default: PORT, else 4000.",
        HelpName = "PORT",
        CustomParser = ReadPort,
    };

    private readonly Option<string?> _database = new("--db")
    {
        Description = "The SQLite file with spend and minted keys. Default: gateway.db beside the config.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _certificate = new("--ssl-certfile", "--ssl_certfile_path", "--ssl_certfile")
    {
        Description = "A PEM file with the TLS certificate and its chain; read again when it changes.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _key = new("--ssl-keyfile", "--ssl_keyfile_path", "--ssl_keyfile")
    {
        Description = "A PEM file with the certificate's key.",
        HelpName = "FILE",
    };

    /// <summary>The command <c>serve</c>.</summary>
    public Command Create(IReadOnlyDictionary<string, string> environment)
    {
        var command = new Command("serve", "Run the gateway (the default command).");
        AddTo(command, environment);
        return command;
    }

    /// <summary>Makes <paramref name="command"/> serve.</summary>
    public void AddTo(Command command, IReadOnlyDictionary<string, string> environment)
    {
        foreach (var option in (Option[])[_config, _host, _port, _database, _certificate, _key])
            command.Add(option);
        command.SetAction((parsed, _) => RunAsync(parsed, environment));
    }

    private async Task<int> RunAsync(ParseResult parsed, IReadOnlyDictionary<string, string> environment)
    {
        try
        {
            var path = ConfigPath.Find(parsed.GetValue(_config), environment);
            var loaded = path is null ? LoadedConfig.Of(StarterConfig.For(environment), environment) : ConfigReader.Load(path, environment);
            Report(loaded.Findings);
            if (!loaded.WouldStart)
            {
                await Console.Error.WriteLineAsync($"gateway: not started, because '{path}' has errors.");
                return 2;
            }
            var source = path is null ? null : new ConfigSource(path, environment, loaded);
            return await ServeAsync(OptionsOf(parsed, loaded, path) with { Source = source }, path);
        }
        catch (StartException e)
        {
            await Console.Error.WriteLineAsync($"gateway: {e.Message}");
            return 1;
        }
    }

    /// <summary>What the command line says, else the environment, else the defaults.</summary>
    internal GatewayOptions OptionsOf(ParseResult parsed, LoadedConfig loaded, string? configPath)
    {
        var environment = loaded.Environment;
        var certificate = parsed.GetValue(_certificate);
        var key = parsed.GetValue(_key);
        if (certificate is null != key is null)
            throw new StartException("--ssl-certfile and --ssl-keyfile go together: give both or none.");
        return new GatewayOptions
        {
            Config = loaded.Config,
            Environment = environment,
            Host = HostOf(parsed.GetValue(_host) ?? environment.GetValueOrDefault("HOST")),
            Port = parsed.GetValue(_port) ?? PortOf(environment),
            DatabasePath = Path.GetFullPath(parsed.GetValue(_database) ?? Path.Combine(Path.GetDirectoryName(configPath) ?? "", DatabaseName)),
            CertificateFile = certificate,
            CertificateKeyFile = key,
            LogOutput = Console.OpenStandardOutput(),
            Random = NewRandom(),
        };
    }

    /// <summary>An empty address would be taken for all of them.</summary>
    private static string HostOf(string? named) => string.IsNullOrWhiteSpace(named) ? DefaultHost : named;

    private static int PortOf(IReadOnlyDictionary<string, string> environment)
    {
        if (environment.GetValueOrDefault("PORT") is not { Length: > 0 } text)
            return DefaultPort;
        return TryReadPort(text, out var port)
            ? port
            : throw new StartException($"The variable PORT must be a port number, 0 to 65535, not '{text}'.");
    }

    private static int? ReadPort(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (text.Length == 0)
            return DefaultPort;
        if (TryReadPort(text, out var port))
            return port;
        argument.AddError($"--port: '{text}' is not a port number, 0 to 65535.");
        return null;
    }

    private static bool TryReadPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65_535;

    private static Func<double> NewRandom()
    {
        var random = new ThreadLocal<Random>(() => new Random());
        return () => random.Value!.NextDouble();
    }

    private static async Task<int> ServeAsync(GatewayOptions options, string? configPath)
    {
        var app = await GatewayApp.StartAsync(options);
        await using (app)
        {
            using var hangUp = ReloadOnHangUp(app, options); // before anybody is told that the gateway runs
            Report(app.Findings);
            foreach (var address in app.Addresses)
                Console.WriteLine($"gateway {GatewayVersion.Text} listens on {address} "
                    + $"(config: {configPath ?? "none"}, database: {options.DatabasePath})");
            if (configPath is null)
                Console.WriteLine(StarterConfig.Welcome(app.Addresses[0], options.Config));
            foreach (var (user, key) in app.MintedKeys)
                Console.WriteLine($"new key for {user}, shown only now: {key}");
            await app.WaitForShutdownAsync();
        }
        return app.LostRows == 0 ? 0 : 1; // the log says what was lost
    }

    /// <summary>
    /// SIGHUP reads the config again, as daemons do. Null: there is no file to read, and the signal ends the process as ever; or the
    /// system is Windows, where it means that the console was closed.
    /// </summary>
    private static PosixSignalRegistration? ReloadOnHangUp(GatewayApp app, GatewayOptions options) =>
        options.Source is not { CanBeReadAgain: true } || OperatingSystem.IsWindows()
            ? null
            : PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                app.Reload(ReloadCause.Signal);
            });

    private static void Report(IEnumerable<ConfigFinding> findings)
    {
        foreach (var finding in findings)
            Console.Error.WriteLine(finding);
    }
}
