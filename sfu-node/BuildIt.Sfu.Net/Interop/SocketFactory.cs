using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Net.Interop;

/// <summary>Opens and binds non-blocking sockets; dual-stack where the host has IPv6.</summary>
internal static unsafe class SocketFactory
{
    /// <summary>A socket for an address, not bound yet, and whether its addresses are IPv6 (which includes mapped IPv4).</summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    public static (int Descriptor, bool IPv6) Open(int type, IPEndPoint local, bool shared)
    {
        // "::" takes both families; 0.0.0.0 and an IPv4 address take one. Without IPv6 in the kernel "::" means any IPv4.
        bool ipv6 = local.AddressFamily == AddressFamily.InterNetworkV6;
        int flags = type | Linux.SocketNonBlocking | Linux.SocketCloseOnExec;
        int descriptor = Linux.Socket(ipv6 ? Linux.AddressFamilyIPv6 : Linux.AddressFamilyIPv4, flags, 0);
        if (descriptor < 0 && ipv6 && local.Address.Equals(IPAddress.IPv6Any))
        {
            ipv6 = false;
            descriptor = Linux.Socket(Linux.AddressFamilyIPv4, flags, 0);
        }

        if (descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "socket failed");
        }

        if (ipv6)
        {
            _ = Linux.TrySetOption(descriptor, Linux.LevelIPv6, Linux.IPv6Only, 0);
        }

        if (shared)
        {
            _ = Linux.TrySetOption(descriptor, Linux.LevelSocket, Linux.SoReusePort, 1);
        }

        if (type == Linux.SocketStream)
        {
            _ = Linux.TrySetOption(descriptor, Linux.LevelSocket, Linux.SoReuseAddress, 1);
        }

        return (descriptor, ipv6);
    }

    /// <summary>Binds a socket made for <paramref name="local"/>.</summary>
    /// <exception cref="Win32Exception">The kernel refused; most often the port is taken.</exception>
    public static void Bind(int descriptor, bool ipv6, IPEndPoint local)
    {
        if (!ipv6 && local.AddressFamily == AddressFamily.InterNetworkV6)
        {
            local = new IPEndPoint(IPAddress.Any, local.Port);
        }

        SocketAddressCodec.Write(TransportAddress.FromEndPoint(local), ipv6, out SocketAddressStorage address);
        if (Linux.Bind(descriptor, &address, SocketAddressCodec.Length(ipv6)) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"bind to port {local.Port} failed");
        }
    }

    public static int LocalPort(int descriptor)
    {
        SocketAddressStorage address = default;
        uint length = (uint)sizeof(SocketAddressStorage);
        return Linux.GetSocketName(descriptor, &address, &length) == 0
            ? SocketAddressCodec.Read(address).Port
            : throw new Win32Exception(Marshal.GetLastPInvokeError(), "getsockname failed");
    }

    /// <summary>Best effort: beyond net.core.[rw]mem_max only with CAP_NET_ADMIN.</summary>
    public static void SetBuffers(int descriptor, int bytes)
    {
        if (!Linux.TrySetOption(descriptor, Linux.LevelSocket, Linux.SoReceiveBufferForce, bytes))
        {
            _ = Linux.TrySetOption(descriptor, Linux.LevelSocket, Linux.SoReceiveBuffer, bytes);
        }

        if (!Linux.TrySetOption(descriptor, Linux.LevelSocket, Linux.SoSendBufferForce, bytes))
        {
            _ = Linux.TrySetOption(descriptor, Linux.LevelSocket, Linux.SoSendBuffer, bytes);
        }
    }
}
