using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>The room at other nodes.</summary>
public sealed partial class RoomCore
{
    /// <summary>Links to other nodes that serve the room.</summary>
    public IReadOnlyList<RoomLink> Links => Relays.Links;

    /// <summary>Makes this end of a link to another node that serves the room.</summary>
    /// <param name="options">What it is for.</param>
    /// <param name="changed">Called on the loop when it comes up, is complete, or ends.</param>
    /// <param name="now">Now.</param>
    public RoomLink OpenLink(RoomLinkOptions options, Action<RoomLink, Instant> changed, Instant now) => Relays.Open(options, changed, now);

    /// <summary>Bytes of datagrams sent over links to other nodes that serve the room, by the fleet at the other end. They only grow.</summary>
    public IReadOnlyDictionary<string, long> Relayed => Relays.Sent();

    /// <summary>For how long nothing came from the node that feeds this one; null where none does.</summary>
    public TimeSpan? ParentSilence(Instant now)
    {
        TimeSpan? shortest = null;
        foreach (var link in Relays.Links)
        {
            if (link is { Options.IsChild: true, IsUp: true } && link.Peer.Silence(now) is var silence && !(shortest <= silence))
            {
                shortest = silence;
            }
        }

        return shortest;
    }

    /// <summary>The node to which somebody is connected that the room knows; null when nobody is, or it is this one.</summary>
    public string? NodeOf(string identity) => Relays.Find(identity)?.Node;

    /// <summary>The node that has a session; null when none is known to, or it is this one.</summary>
    public string? NodeOfSession(string sid) => Relays.FindBySid(sid)?.Node;

    /// <summary>Somebody receives a track: its publisher is told the first time.</summary>
    internal void TellFirstSubscribed(TrackSid track)
    {
        if (FindTrack(track.Value) is { EverSubscribed: false } published)
        {
            published.EverSubscribed = true;
            published.Publisher.Send(new SignalResponse { TrackSubscribed = new TrackSubscribed { TrackSid = track.Value } });
        }
    }
}
