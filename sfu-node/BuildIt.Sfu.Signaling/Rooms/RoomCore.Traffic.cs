using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>What the room's media amounts to.</summary>
public sealed partial class RoomCore
{
    /// <summary>What the connections of its clients have carried.</summary>
    public RoomTraffic Traffic => _media.Traffic;

    /// <summary>Bytes of datagrams sent over links to other nodes that serve the room, by the fleet at the other end. They only grow.</summary>
    public IReadOnlyDictionary<string, long> Relayed => Relays.Sent();
}
