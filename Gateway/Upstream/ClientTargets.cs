using System.Net;
using System.Net.Sockets;

namespace Gateway.Upstream;

/// <summary>Keeps calls to URLs that clients chose out of the gateway's own network.</summary>
internal static class ClientTargets
{
    /// <summary>
    /// Makes a handler connect to public addresses only. The check is made on the address that is connected to, so a name
    /// that resolves to something else the second time is no way around it.
    /// </summary>
    public static SocketsHttpHandler Guard(SocketsHttpHandler handler)
    {
        handler.ConnectCallback = static async (context, ct) =>
        {
            var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, ct);
            if (addresses.Length == 0 || !addresses.All(IsPublic))
                throw new HttpRequestException(HttpRequestError.ConnectionError, "The host is not a public one.");
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
        return handler;
    }

    /// <summary>False for loopback, private, link-local, shared, multicast, documentation and unspecified addresses (RFC 6890), v6 and v4-in-v6 too.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || address.IsIPv6Multicast || address.IsIPv6UniqueLocal)
            return false;
        var bytes = address.GetAddressBytes();
        if (bytes.Length == 16)
            return IsPublicV6(bytes);
        return bytes[0] switch
        {
            0 or 10 or 127 or >= 224 => false,
            100 => bytes[1] is < 64 or > 127,
            168 => !(bytes[1] == 63 && bytes[2] == 129 && bytes[3] == 16), // Azure's host, which answers every machine in it
            169 => bytes[1] != 254,
            172 => bytes[1] is < 16 or > 31,
            192 => bytes[1] != 168 && !(bytes[1] == 0 && bytes[2] is 0 or 2) && !(bytes[1] == 88 && bytes[2] == 99),
            198 => bytes[1] is not (18 or 19) && !(bytes[1] == 51 && bytes[2] == 100),
            203 => !(bytes[1] == 0 && bytes[2] == 113),
            _ => true,
        };
    }

    /// <summary>Global unicast (2000::/3) without what holds a v4 address (Teredo 2001::/32, 6to4 2002::/16) or is for documentation.</summary>
    private static bool IsPublicV6(ReadOnlySpan<byte> bytes) => (bytes[0] & 0xe0) == 0x20 && bytes switch
    {
        [0x20, 0x01, 0, 0, ..] or [0x20, 0x02, ..] or [0x20, 0x01, 0x0d, 0xb8, ..] or [0x3f, 0xff, < 0x10, ..] => false,
        _ => true,
    };
}
