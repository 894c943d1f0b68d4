using System.Net;
using System.Net.Sockets;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>The address of a port of this node, as people and other processes can open it.</summary>
internal static class HostUrl
{
    /// <summary>
    /// An IPv6 address stands in brackets (RFC 3986 section 3.2.2). Where the node listens on all interfaces, the loopback address
    /// stands for them.
    /// </summary>
    public static string Of(string scheme, string host, int port) => $"{scheme}://{Authority(host, port)}";

    /// <summary>The same without a scheme.</summary>
    public static string Authority(string host, int port)
    {
        if (!IPAddress.TryParse(host, out var address))
        {
            return $"{host}:{port}";
        }

        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            address = IPAddress.Loopback;
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]:{port}" : $"{address}:{port}";
    }
}
