using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Net.Udp;

/// <summary>IP_PKTINFO and IPV6_PKTINFO (RFC 3542 section 6) control messages: which of our addresses a datagram used.</summary>
internal static unsafe class PacketInfo
{
    private const int HeaderLength = 16;
    private const int IPv6Length = 20;
    private const int IPv4Length = 12;

    // The low half of ::ffff:a.b.c.d as it lies in memory: two zero bytes, two of ones, then the address.
    private static readonly uint MappedPrefix = BitConverter.IsLittleEndian ? 0xFFFF0000u : 0x0000FFFFu;

    /// <summary>Writes one control message and returns the space it takes.</summary>
    public static int Write(byte* control, in LocalAddress local, bool ipv6)
    {
        ControlHeader* header = (ControlHeader*)control;
        byte* data = control + HeaderLength;
        if (ipv6)
        {
            header->Length = HeaderLength + IPv6Length;
            header->Level = Linux.LevelIPv6;
            header->Type = Linux.IPv6PacketInfo;
            ((ulong*)data)[0] = local.High;
            ((ulong*)data)[1] = local.Low;
            ((uint*)data)[4] = 0;
            return 40;
        }

        // struct in_pktinfo: interface index, the source to use, the header's destination (ignored when sending).
        ulong low = local.Low;
        header->Length = HeaderLength + IPv4Length;
        header->Level = Linux.LevelIP;
        header->Type = Linux.IpPacketInfo;
        ((uint*)data)[0] = 0;
        ((uint*)data)[1] = ((uint*)&low)[1];
        ((uint*)data)[2] = 0;
        return 32;
    }

    /// <summary>Reads the local address from a received control message, if it is one of the two kinds.</summary>
    public static bool TryRead(ControlHeader* header, out LocalAddress local)
    {
        byte* data = (byte*)header + HeaderLength;
        if (header->Level == Linux.LevelIPv6 && header->Type == Linux.IPv6PacketInfo && header->Length >= HeaderLength + IPv6Length)
        {
            local = new LocalAddress(((ulong*)data)[0], ((ulong*)data)[1]);
            return true;
        }

        if (header->Level == Linux.LevelIP && header->Type == Linux.IpPacketInfo && header->Length >= HeaderLength + IPv4Length)
        {
            ulong low = 0;
            ((uint*)&low)[0] = MappedPrefix;
            ((uint*)&low)[1] = ((uint*)data)[2];
            local = new LocalAddress(0, low);
            return true;
        }

        local = default;
        return false;
    }
}
