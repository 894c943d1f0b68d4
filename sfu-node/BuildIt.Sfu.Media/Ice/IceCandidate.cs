using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Media.Ice;

/// <summary>How a candidate was found (RFC 8445 section 4).</summary>
public enum IceCandidateType : byte
{
    Host,
    ServerReflexive,
    PeerReflexive,
    Relayed,
}

/// <summary>Who opens the connection of a TCP candidate (RFC 6544 section 4.5); None for UDP.</summary>
public enum IceTcpType : byte
{
    None,
    Active,
    Passive,
    SimultaneousOpen,
}

/// <summary>One candidate of component 1 (RTP and RTCP are always multiplexed). Prints no address.</summary>
public sealed class IceCandidate
{
    /// <summary>A longer line is no candidate of any client.</summary>
    private const int MaxLineLength = 512;

    public required string Foundation { get; init; }

    public required uint Priority { get; init; }

    public required TransportAddress Address { get; init; }

    public IceCandidateType Type { get; init; }

    public IceTcpType TcpType { get; init; }

    /// <summary>The generation it belongs to (RFC 8840 section 4.1), or null when the line did not say.</summary>
    public string? Ufrag { get; init; }

    /// <summary>A host candidate of this node, with the usual priority for its kind.</summary>
    /// <param name="localPreference">0 to 65,535; larger is tried first among addresses of one kind.</param>
    public static IceCandidate Host(IPEndPoint address, TransportProtocol protocol, ushort localPreference = ushort.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(address);
        var tcp = protocol == TransportProtocol.Tcp;
        var tcpType = tcp ? IceTcpType.Passive : IceTcpType.None;
        return new IceCandidate
        {
            Foundation = $"{(tcp ? 2 : 1)}{(address.AddressFamily == AddressFamily.InterNetworkV6 ? 6 : 4)}{ushort.MaxValue - localPreference}",
            Priority = IcePriority.Compute(IceCandidateType.Host, tcpType, localPreference),
            Address = TransportAddress.FromEndPoint(address, protocol),
            TcpType = tcpType,
        };
    }

    /// <summary>
    /// Reads a candidate-attribute (RFC 8839 section 5.1), with or without "a=" before it. False for anything malformed,
    /// for components other than 1, and for names in place of addresses: those are mDNS names (never resolved here, by design).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> line, out IceCandidate candidate)
    {
        candidate = null!;
        line = line.Trim();
        if (line.Length > MaxLineLength)
        {
            return false;
        }

        if (line.StartsWith("a=", StringComparison.Ordinal))
        {
            line = line[2..];
        }

        if (!line.StartsWith("candidate:", StringComparison.Ordinal))
        {
            return false;
        }

        line = line["candidate:".Length..];
        var foundation = NextToken(ref line);
        var component = NextToken(ref line);
        var transport = NextToken(ref line);
        if (foundation.Length is 0 or > 32
            || !component.SequenceEqual("1")
            || !TryParseProtocol(transport, out var protocol)
            || !uint.TryParse(NextToken(ref line), NumberStyles.None, CultureInfo.InvariantCulture, out var priority)
            || !TryParseAddress(NextToken(ref line), out var ip)
            || !ushort.TryParse(NextToken(ref line), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || !NextToken(ref line).SequenceEqual("typ")
            || !TryParseType(NextToken(ref line), out var type))
        {
            return false;
        }

        var tcpType = IceTcpType.None;
        string? ufrag = null;
        while (!line.IsEmpty)
        {
            var name = NextToken(ref line);
            var value = NextToken(ref line);
            if (name.SequenceEqual("tcptype") && !TryParseTcpType(value, out tcpType))
            {
                return false;
            }

            if (name.SequenceEqual("ufrag"))
            {
                ufrag = value.ToString();
            }
        }

        if ((protocol == TransportProtocol.Tcp) != (tcpType != IceTcpType.None))
        {
            return false;
        }

        candidate = new IceCandidate
        {
            Foundation = foundation.ToString(),
            Priority = priority,
            Address = TransportAddress.FromEndPoint(new IPEndPoint(ip, port), protocol),
            Type = type,
            TcpType = tcpType,
            Ufrag = ufrag,
        };
        return true;
    }

    /// <summary>The candidate-attribute, without "a=". For signalling only: it holds an address.</summary>
    public string ToAttribute()
    {
        var endPoint = Address.ToEndPoint();
        var transport = Address.Protocol == TransportProtocol.Udp ? "udp" : "tcp";
        var type = Type switch
        {
            IceCandidateType.Host => "host",
            IceCandidateType.ServerReflexive => "srflx",
            IceCandidateType.PeerReflexive => "prflx",
            _ => "relay",
        };
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"candidate:{Foundation} 1 {transport} {Priority} {endPoint.Address} {endPoint.Port} typ {type}");

        // The related address may be hidden, but the grammar wants one (RFC 8839 section 5.1).
        line += Type == IceCandidateType.Host ? "" : " raddr 0.0.0.0 rport 0";
        line += TcpType switch
        {
            IceTcpType.Active => " tcptype active",
            IceTcpType.Passive => " tcptype passive",
            IceTcpType.SimultaneousOpen => " tcptype so",
            _ => "",
        };
        return Ufrag is null ? line : $"{line} ufrag {Ufrag}";
    }

    public override string ToString() => $"{Type} {Address}";

    private static ReadOnlySpan<char> NextToken(ref ReadOnlySpan<char> line)
    {
        line = line.TrimStart(' ');
        var end = line.IndexOf(' ');
        var token = end < 0 ? line : line[..end];
        line = line[token.Length..];
        return token;
    }

    private static bool TryParseProtocol(ReadOnlySpan<char> text, out TransportProtocol protocol)
    {
        protocol = text.Equals("tcp", StringComparison.OrdinalIgnoreCase) ? TransportProtocol.Tcp : TransportProtocol.Udp;
        return protocol == TransportProtocol.Tcp || text.Equals("udp", StringComparison.OrdinalIgnoreCase);
    }

    // IPAddress accepts short forms such as "1" or "0x7f.1" that no candidate may have.
    private static bool TryParseAddress(ReadOnlySpan<char> text, out IPAddress address)
    {
        address = IPAddress.None;
        return text.Length <= 45
            && (text.Contains(':') || text.Count('.') == 3)
            && text.IndexOfAny('%', '[', 'x') < 0
            && IPAddress.TryParse(text, out address!);
    }

    private static bool TryParseType(ReadOnlySpan<char> text, out IceCandidateType type)
    {
        (type, var known) = text switch
        {
            "host" => (IceCandidateType.Host, true),
            "srflx" => (IceCandidateType.ServerReflexive, true),
            "prflx" => (IceCandidateType.PeerReflexive, true),
            "relay" => (IceCandidateType.Relayed, true),
            _ => (default, false),
        };
        return known;
    }

    private static bool TryParseTcpType(ReadOnlySpan<char> text, out IceTcpType type)
    {
        type = text switch
        {
            "active" => IceTcpType.Active,
            "passive" => IceTcpType.Passive,
            "so" => IceTcpType.SimultaneousOpen,
            _ => IceTcpType.None,
        };
        return type != IceTcpType.None;
    }
}

/// <summary>Priorities of candidates and pairs (RFC 8445 section 5.1.2 and 6.1.2.3, RFC 6544 section 4.2).</summary>
public static class IcePriority
{
    private const int Component = 1;

    public static uint Compute(IceCandidateType type, IceTcpType tcpType, ushort localPreference)
    {
        // RFC 6544 section 4.2: TCP's type preference is below UDP's of the same type, and the top 3 bits of its local
        // preference are the direction preference.
        var tcp = tcpType != IceTcpType.None;
        uint typePreference = type switch
        {
            IceCandidateType.Host => tcp ? 90u : 126u,
            IceCandidateType.PeerReflexive => tcp ? 80u : 110u,
            IceCandidateType.ServerReflexive => tcp ? 70u : 100u,
            _ => 0u,
        };
        uint directionPreference = tcpType switch
        {
            IceTcpType.Active => 6,
            IceTcpType.Passive => 4,
            IceTcpType.SimultaneousOpen => 2,
            _ => 0,
        };
        var preference = tcp ? (directionPreference << 13) | (localPreference & 0x1FFFu) : localPreference;
        return (typePreference << 24) | (preference << 8) | (256 - Component);
    }
}
