using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace BuildIt.Sfu.Net;

/// <summary>What addresses this host has; asked at start only.</summary>
internal static class HostAddresses
{
    /// <summary>
    /// A socket bound to no address answers from whichever the route prefers. That can be wrong only where one family
    /// has several addresses.
    /// </summary>
    public static bool NeedSourceSelection(IPAddress bound)
    {
        if (!bound.Equals(IPAddress.Any) && !bound.Equals(IPAddress.IPv6Any))
        {
            return false;
        }

        return NetworkInterface.GetAllNetworkInterfaces()
            .Where(nic => nic.OperationalStatus == OperationalStatus.Up && nic.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(nic => nic.GetIPProperties().UnicastAddresses)
            .Where(address => !address.Address.IsIPv6LinkLocal)
            .CountBy(address => address.Address.AddressFamily)
            .Any(family => family.Key is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 && family.Value > 1);
    }
}
