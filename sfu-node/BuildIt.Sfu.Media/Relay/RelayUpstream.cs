using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>The tracks that come over a link, and what is told the other node of what is wanted of them. Used on one loop.</summary>
/// <param name="router">The room's tracks.</param>
/// <param name="incoming">How they come in.</param>
/// <param name="downstream">The same link the other way: what comes over it does not go back.</param>
/// <param name="wakeup">Wakes the link's end.</param>
/// <param name="changed">Called when there may be something to tell.</param>
internal sealed class RelayUpstream(TrackRouter router, IncomingMedia incoming, RelayDownstream downstream, Wakeup wakeup, Action<Instant> changed) : IUpstream
{
    /// <summary>Tracks that the other node may offer.</summary>
    private const int MaxTracks = 4096;

    private readonly Dictionary<TrackSid, RelayFeed> _feeds = [];

    public bool IsRelay => true;

    public IncomingMedia Incoming => incoming;

    /// <summary>Whether this is the other direction of that link.</summary>
    public bool IsBackOf(RelayDownstream other) => downstream == other;

    /// <summary>Whether a track comes over the link.</summary>
    public bool Feeds(TrackSid track) => _feeds.ContainsKey(track);

    /// <summary>The other node has a track, or has it in one more format.</summary>
    public void AddTrack(RelayTrack track, Instant now)
    {
        var sid = track.Track.Sid;
        if (!_feeds.ContainsKey(sid) && _feeds.Count >= MaxTracks)
        {
            return;
        }

        var publication = router.Find(sid) ?? router.Add(this, track.Track);
        if (!publication.Upstream.IsRelay)
        {
            // Nobody else can say anything of what is published here.
            return;
        }

        var moves = publication.Upstream != this;
        if (moves)
        {
            router.Batch.Flush(now);
            (publication.Upstream as RelayUpstream)?.Release(publication);
            publication.Upstream = this;
        }

        if (!_feeds.TryGetValue(sid, out var feed))
        {
            _feeds.Add(sid, feed = new RelayFeed(publication));
        }

        if (moves)
        {
            downstream.EndOffer(publication, now);
        }

        publication.Announce(track.Track, now);
        foreach (var described in track.Encodings)
        {
            Take(described, feed, now);
        }

        router.SetMuted(publication, track.Muted, now);
        router.OnChanged(publication, now);
        feed.Forget();
        changed(now);
    }

    /// <summary>What the other node says of the layers of an encoding.</summary>
    public void SetLayers(TrackSid track, string cid, int available, in LayerRates rates, Instant now)
    {
        if (_feeds.TryGetValue(track, out var feed) && feed.Publication.Upstream == this
            && feed.Publication.Encodings.Find(one => one.Announced.Cid == cid)?.Told is { } told)
        {
            told.Tell(available & ((1 << LayerRates.SpatialLayers) - 1), rates);
            feed.Publication.Subscriptions.ForEach(subscription => subscription.Update(now));
            changed(now);
        }
    }

    /// <summary>A publication does not come over this link any more.</summary>
    public void Release(Publication publication)
    {
        if (_feeds.Remove(publication.Sid))
        {
            publication.Encodings.ForEach(incoming.Remove);
        }
    }

    /// <summary>Tells the other node what is wanted of its tracks, as far as that has changed.</summary>
    public void TellDemand(IRelayPeerEvents events, Instant now)
    {
        foreach (var (sid, feed) in _feeds)
        {
            if (feed.TakeDemand(now) is { } demand)
            {
                events.OnDemand(sid, demand, now);
            }
        }
    }

    /// <summary>The link is over. What came over it stays published, and silent.</summary>
    public void Close()
    {
        foreach (var encoding in _feeds.Values.SelectMany(feed => feed.Publication.Encodings))
        {
            incoming.Remove(encoding);
        }
    }

    public void OnKeyFrameWanted(IncomingLayer layer)
    {
        incoming.Note(layer);
        wakeup.By(incoming.NextDeadline);
    }

    public void OnDemandChanged(Instant now) => changed(now);

    public void OnCodecChangeRefused(Instant now)
    {
        // The node of the publisher has refused it before, and does not forward what it refuses.
    }

    private void Take(RelayEncoding described, RelayFeed feed, Instant now)
    {
        var publication = feed.Publication;
        if (publication.Encodings.Find(one => one.Announced.Cid == described.Cid) is { } encoding
            && (feed.ComesBy(described) || encoding.Format is null)
            && RelayFormats.Of(described, publication.IsVideo) is { } format)
        {
            incoming.Remove(encoding);
            encoding.Told = publication.IsVideo ? new ToldLayers() : null;
            incoming.Add(encoding, format, described.Streams, now);
            publication.OnFormatChanged(encoding, now);
        }
    }
}
