using System.Net;
using System.Net.Sockets;

namespace BuildIt.RoomApi.Regions;

/// <summary>
/// Finds the address a request really came from. Headers are believed only as far as they were written by proxies from the
/// configured networks: the first address from the right that is not one of those is the caller. Immutable.
/// </summary>
public sealed class TrustedProxies(IReadOnlyList<IPNetwork> networks)
{
    // More entries than any sane chain of proxies has are somebody playing.
    private const int MaxHops = 16;

    /// <summary>What all of a /48 may do, as a multiple of what one /64 may.</summary>
    private const int PrefixShare = 8;

    public static readonly TrustedProxies None = new([]);

    /// <summary>True when the peer is a proxy of ours, whose headers may be believed.</summary>
    public bool Trusts(IPAddress? peer) => peer is not null && Plain(peer) is var address && networks.Any(network => Contains(network, address));

    /// <param name="peer">The address at the other end of the connection.</param>
    /// <param name="forwardedFor">Values of X-Forwarded-For, in the order of the header lines.</param>
    public IPAddress? Resolve(IPAddress? peer, IEnumerable<string?> forwardedFor)
    {
        if (peer is null || !Trusts(peer))
        {
            return peer is null ? null : Plain(peer);
        }

        var hops = forwardedFor.SelectMany(line => (line ?? string.Empty).Split(',', StringSplitOptions.TrimEntries)).Reverse().Take(MaxHops);
        var nearest = Plain(peer);
        foreach (var hop in hops)
        {
            if (!TryAddress(hop, out var address))
            {
                break;
            }

            nearest = address;
            if (!Trusts(address))
            {
                break;
            }
        }

        return nearest;
    }

    /// <summary>
    /// The bytes by which an address counts towards limits: all of an IPv4 address, the first 64 bits of an IPv6 one, because
    /// one household or server usually holds a whole /64 (RFC 6177).
    /// </summary>
    public static byte[] LimitScope(IPAddress address)
    {
        var bytes = Plain(address).GetAddressBytes();
        return bytes.Length == 16 ? bytes[..8] : bytes;
    }

    /// <summary>
    /// All scopes by which an address counts, and how many times the limit of the first is allowed for each: whoever was given a /48, as
    /// any site may be (RFC 6177 section 2), has 65,536 of /64.
    /// </summary>
    public static IReadOnlyList<(byte[] Scope, int Times)> LimitScopes(IPAddress address) =>
        Plain(address).GetAddressBytes() is { Length: 16 } bytes ? [(bytes[..8], 1), (bytes[..6], PrefixShare)] : [(LimitScope(address), 1)];

    /// <summary>The widest of them: what shares fairly with others.</summary>
    public static byte[] ShareScope(IPAddress address) => LimitScopes(address)[^1].Scope;

    private static bool TryAddress(string text, out IPAddress address)
    {
        // Some proxies add the port: 192.0.2.1:4711 or [2001:db8::1]:4711.
        if (IPAddress.TryParse(text, out var plain))
        {
            address = Plain(plain);
            return true;
        }

        var parsed = IPEndPoint.TryParse(text, out var end);
        address = parsed ? Plain(end!.Address) : IPAddress.None;
        return parsed;
    }

    private static bool Contains(IPNetwork network, IPAddress address) =>
        network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address);

    private static IPAddress Plain(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
