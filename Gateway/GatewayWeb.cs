using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Gateway.Api;
using Gateway.Telemetry;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway;

/// <summary>Makes the web server of a gateway: where it listens, with TLS or without, and what it allows browsers.</summary>
internal static class GatewayWeb
{
    /// <summary>Longer than the 100 s for which common clients and proxies keep an idle connection.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(130);

    public static WebApplication Make(GatewayOptions options, ILoggerFactory logs, GatewayMetrics metrics)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(logs);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Config.General.ShutdownGrace);
        metrics.ExportTo(builder.Services);
        if (!options.Config.General.CorsAllowOrigins.IsEmpty)
            AddCors(builder.Services, options.Config.General.CorsAllowOrigins);
        return builder.Build();
    }

    private static void AddCors(IServiceCollection services, ImmutableArray<string> origins) => services.AddCors(cors => cors.AddDefaultPolicy(policy =>
    {
        if (origins.Contains("*"))
            policy.AllowAnyOrigin();
        else
            policy.WithOrigins([.. origins]);
        policy.AllowAnyHeader().WithMethods("GET", "POST").WithExposedHeaders("x-litellm-call-id", "x-litellm-response-cost", "x-gateway-decision", "retry-after");
    }));

    private static void Listen(KestrelServerOptions kestrel, GatewayOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null; // the pipeline has its own limit, with its own answer
        kestrel.Limits.KeepAliveTimeout = KeepAlive;
        foreach (var address in AddressesOf(options.Host))
        {
            kestrel.Listen(address, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (options.CertificateFile is null)
                    return;
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(CertificateFile.Serve(options.CertificateFile, options.CertificateKeyFile!, options.Time));
            });
        }
    }

    /// <summary>An address, a name that means this machine's interfaces, or a host name to resolve.</summary>
    private static IPAddress[] AddressesOf(string host)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
            return [address];
        if (host is "*" or "+")
            return [Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any]; // the former takes IPv4 too
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return [IPAddress.Loopback];
        try
        {
            return Dns.GetHostAddresses(host) is { Length: > 0 } found ? found : throw new StartException($"The host '{host}' has no address.");
        }
        catch (SocketException e)
        {
            throw new StartException($"The host '{host}' to listen on is not known: {e.Message}", e);
        }
    }
}
