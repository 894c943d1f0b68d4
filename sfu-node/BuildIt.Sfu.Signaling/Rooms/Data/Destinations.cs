using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.Data;

/// <summary>Whom a data message is for. Made once a message and asked for each participant, however many it names.</summary>
internal readonly struct Destinations
{
    /// <summary>Fewer are found as fast by looking at each.</summary>
    private const int FewNames = 8;

    private readonly ICollection<string>? _identities;
    private readonly ICollection<string>? _sids;

    public Destinations(DataPacket packet)
    {
        // Older clients name destinations in the user packet only.
        if (packet.DestinationIdentities.Count > 0)
        {
            _identities = Set(packet.DestinationIdentities);
        }
        else if (packet.User is { } user && user.DestinationIdentities.Count + user.DestinationSids.Count > 0)
        {
            _identities = Set(user.DestinationIdentities);
            _sids = Set(user.DestinationSids);
        }
    }

    /// <summary>How many names a message has in its lists.</summary>
    public static int Count(DataPacket packet) =>
        packet.DestinationIdentities.Count + (packet.User is { } user ? user.DestinationIdentities.Count + user.DestinationSids.Count : 0);

    /// <summary>Whether it names whom it is for.</summary>
    public bool AreNamed => _identities is not null || _sids is not null;

    public bool Include(Member receiver) =>
        (_identities is null && _sids is null)
        || _identities?.Contains(receiver.Identity) == true
        || _sids?.Contains(receiver.Sid.Value) == true;

    private static ICollection<string> Set(ICollection<string> names) =>
        names.Count > FewNames ? names.ToHashSet(StringComparer.Ordinal) : names;
}
