using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace BuildIt.Sfu.Media.Net;

/// <summary>How datagrams reach an address.</summary>
public enum TransportProtocol : byte
{
    Udp,

    /// <summary>ICE-TCP with RFC 4571 framing; the address is one accepted connection.</summary>
    Tcp,
}

/// <summary>
/// A remote address as a value: no allocation to store, compare or hash. IPv4 is held as an IPv4-mapped IPv6 address.
/// It does not print itself, because addresses of people must not reach logs, metrics or events.
/// </summary>
public readonly struct TransportAddress : IEquatable<TransportAddress>
{
    private readonly ulong _high;
    private readonly ulong _low;

    public TransportAddress(ulong high, ulong low, ushort port, TransportProtocol protocol = TransportProtocol.Udp, int connection = 0)
    {
        _high = high;
        _low = low;
        Port = port;
        Protocol = protocol;
        Connection = connection;
    }

    /// <summary>First and second half of the IPv6 (or IPv4-mapped) address, in network order read as big-endian numbers.</summary>
    public (ulong High, ulong Low) Bits => (_high, _low);

    public ushort Port { get; }

    public TransportProtocol Protocol { get; }

    /// <summary>Number of the accepted TCP connection on its loop; 0 for UDP.</summary>
    public int Connection { get; }

    /// <summary>True for an IPv4-mapped address (RFC 4291 section 2.5.5.2).</summary>
    public bool IsIPv4 => _high == 0 && _low >> 32 == 0xFFFF;

    public static TransportAddress FromIPv4(uint address, ushort port, TransportProtocol protocol = TransportProtocol.Udp, int connection = 0) =>
        new(0, 0xFFFF_0000_0000UL | address, port, protocol, connection);

    public static TransportAddress FromEndPoint(IPEndPoint endPoint, TransportProtocol protocol = TransportProtocol.Udp, int connection = 0)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        Span<byte> bytes = stackalloc byte[16];
        endPoint.Address.MapToIPv6().TryWriteBytes(bytes, out _);
        return new TransportAddress(
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            (ushort)endPoint.Port,
            protocol,
            connection);
    }

    /// <summary>For sockets and SDP at the edge. Allocates.</summary>
    public IPEndPoint ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _low);
        var address = new IPAddress(bytes);
        return new IPEndPoint(IsIPv4 ? address.MapToIPv4() : address, Port);
    }

    public AddressFamily Family => IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;

    public bool Equals(TransportAddress other) =>
        _high == other._high && _low == other._low && Port == other.Port && Protocol == other.Protocol && Connection == other.Connection;

    public override bool Equals(object? obj) => obj is TransportAddress other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_high, _low, Port, Protocol, Connection);

    public static bool operator ==(TransportAddress a, TransportAddress b) => a.Equals(b);

    public static bool operator !=(TransportAddress a, TransportAddress b) => !a.Equals(b);

    public override string ToString() => Protocol == TransportProtocol.Udp ? "udp(hidden)" : "tcp(hidden)";
}
