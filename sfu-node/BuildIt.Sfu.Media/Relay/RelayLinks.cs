using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>Makes rooms' ends of links to other nodes.</summary>
public static class RelayLinks
{
    /// <summary>As <see cref="RelayFactory"/> asks for it.</summary>
    public static IRelayPeer Create(MediaRoom room, RelayPeerOptions options, IRelayPeerEvents events, Instant now)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(options);
        return new RelayPeer(room, options, events, now);
    }
}
