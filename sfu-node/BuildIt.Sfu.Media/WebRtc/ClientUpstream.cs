using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.WebRtc;

/// <summary>What a client publishes, and how it comes in. Used on one loop.</summary>
internal sealed class ClientUpstream(TrackRouter router, PeerConnection connection, IMediaPeerEvents events, Wakeup wakeup) : IUpstream
{
    public bool IsRelay => false;

    public IncomingMedia Incoming { get; } = new(connection, new Ssrc(router.NextRandom()));

    public TrackRouter Router => router;

    public IMediaPeerEvents Events => events;

    // A concrete type, because it is walked all the time and an interface's enumerator would be allocated.
    public Dictionary<TrackSid, Publication> Publications { get; } = [];

    public Instant NextDeadline
    {
        get
        {
            var next = Incoming.NextDeadline;
            foreach (var publication in Publications.Values)
            {
                next = Instant.Min(next, publication.NextDeadline);
            }

            return next;
        }
    }

    public void Publish(PublishedTrack track, Instant now)
    {
        if (!Publications.TryGetValue(track.Sid, out var publication))
        {
            Publications.Add(track.Sid, publication = router.Add(this, track));
        }

        publication.Announce(track, now);
    }

    public void Unpublish(TrackSid track, Instant now)
    {
        router.Now = now;
        if (Publications.Remove(track, out var publication))
        {
            publication.Encodings.ForEach(Incoming.Remove);
            router.End(publication, now);
        }
    }

    /// <summary>Takes one RTP packet.</summary>
    public void Handle(Span<byte> packet, Instant now)
    {
        if (Incoming.TryAccept(packet, now, out var encoding, out var accepted) && router.Receive(encoding, accepted, now))
        {
            events.OnTrackStarted(encoding.Publication.Sid, now);
        }

        wakeup.By(Incoming.NextDeadline);
    }

    /// <summary>Dynacast: tells the client what is watched of its tracks.</summary>
    public void TellWantedQualities(Instant now)
    {
        foreach (var publication in Publications.Values)
        {
            if (publication.TakeWantedQualities(now) is { } wanted)
            {
                events.OnWantedQualities(publication.Sid, wanted, now);
            }
        }
    }

    /// <summary>Nothing is published any more.</summary>
    public void Close(Instant now)
    {
        foreach (var track in Publications.Keys.ToArray())
        {
            Unpublish(track, now);
        }
    }

    public void OnKeyFrameWanted(IncomingLayer layer)
    {
        Incoming.Note(layer);
        wakeup.By(Incoming.NextDeadline);
    }

    public void OnDemandChanged(Instant now) => wakeup.By(now);

    public void OnCodecChangeRefused(Instant now) => events.OnLimited(ClientLimit.CodecChanges, now);
}
