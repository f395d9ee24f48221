using Gateway.Config;
using Gateway.Reload;

namespace Gateway;

/// <summary>What a gateway is started with.</summary>
public sealed record GatewayOptions
{
    public required GatewayConfig Config { get; init; }

    /// <summary>The environment as the config sees it: the process's variables, <c>.env</c> and <c>environment_variables</c>.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Where <see cref="Config"/> was read, to be read again when it changes. Null: it was not, and stays.</summary>
    public ConfigSource? Source { get; init; }

    /// <summary>A host name or address to listen on.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0: any free port.</summary>
    public int Port { get; init; } = 4000;

    public required string DatabasePath { get; init; }

    /// <summary>PEM files; both or none. With them the gateway speaks TLS, and HTTP/2 to clients that ask for it.</summary>
    public string? CertificateFile { get; init; }
    public string? CertificateKeyFile { get; init; }

    /// <summary>Where the line per request goes.</summary>
    public required Stream LogOutput { get; init; }

    /// <summary>False: nothing is logged beside that line.</summary>
    public bool LogsEvents { get; init; } = true;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Numbers uniform in [0, 1); called from many threads.</summary>
    public required Func<double> Random { get; init; }
}

/// <summary>The gateway cannot be started; the message is one line for its operator.</summary>
public sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
