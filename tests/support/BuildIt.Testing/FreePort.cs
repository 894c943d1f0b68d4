using System.Net;
using System.Net.Sockets;

namespace BuildIt.Testing;

/// <summary>Ports for programs that cannot choose one themselves.</summary>
public static class FreePort
{
    /// <summary>A TCP port of the loopback address that nothing listens on at this moment.</summary>
    /// <remarks>Nothing keeps it free; whoever can bind port 0 should do that instead.</remarks>
    public static int NextTcp()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>A UDP port of the loopback address that nothing is bound to at this moment.</summary>
    /// <inheritdoc cref="NextTcp" path="/remarks"/>
    public static int NextUdp()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
