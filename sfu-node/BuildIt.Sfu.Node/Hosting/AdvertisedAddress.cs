using System.Net;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>Where clients are told to send media. Prints no address: it is the node's own, but logs are read by many.</summary>
/// <param name="Addresses">At least one; the first is preferred.</param>
/// <param name="UdpPort">The outside port.</param>
/// <param name="TcpPort">The outside port; 0 when media over TCP is off.</param>
public sealed record AdvertisedAddress(IReadOnlyList<IPAddress> Addresses, int UdpPort, int TcpPort)
{
    public bool Equals(AdvertisedAddress? other) =>
        other is not null && UdpPort == other.UdpPort && TcpPort == other.TcpPort && Addresses.SequenceEqual(other.Addresses);

    public override int GetHashCode() => HashCode.Combine(UdpPort, TcpPort, Addresses.Count);
}
