using System.Buffers.Binary;
using BuildIt.Sfu.Media.Rooms.Tracks;
using BuildIt.Sfu.Media.Units;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>The media of one room: its peers, what they publish, and who receives it. Lives on one loop.</summary>
public sealed class MediaRoom : IMediaRoom
{
    private readonly List<MediaPeer> _peers = [];
    private readonly Dictionary<TrackSid, Publication> _publications = [];

    public MediaRoom(RoomSid sid, IMediaHost host, IMediaRoomEvents events)
    {
        Sid = sid;
        Host = host;
        Events = events;
    }

    public RoomSid Sid { get; }

    internal IMediaHost Host { get; }

    internal IMediaRoomEvents Events { get; }

    /// <summary>The time of the event being handled.</summary>
    internal Instant Now { get; set; }

    internal IReadOnlyList<MediaPeer> Peers => _peers;

    public IMediaPeer AddPeer(MediaPeerOptions options, IMediaPeerEvents events, Instant now)
    {
        Now = now;
        var peer = new MediaPeer(this, options, events, now);
        _peers.Add(peer);
        return peer;
    }

    public void Close(Instant now)
    {
        foreach (var peer in _peers.ToArray())
        {
            peer.Close(now);
        }
    }

    internal Publication? Find(TrackSid track) => _publications.GetValueOrDefault(track);

    internal void Add(Publication publication) => _publications[publication.Sid] = publication;

    internal void Remove(Publication publication) => _publications.Remove(publication.Sid);

    internal void Remove(MediaPeer peer) => _peers.Remove(peer);

    /// <summary>Unpredictable, for SSRCs and first sequence numbers (RFC 3550 sections 5.1 and 8).</summary>
    internal uint NextRandom()
    {
        Span<byte> bytes = stackalloc byte[4];
        Host.Random.Fill(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
