using BuildIt.Sfu.Media.Units;

namespace BuildIt.Sfu.Media.Rooms.Tracks;

/// <summary>A published track: what was announced, its encodings, and who is subscribed to it. Used on one loop.</summary>
internal sealed class Publication(MediaPeer publisher, PublishedTrack track)
{
    public MediaPeer Publisher { get; } = publisher;

    public PublishedTrack Track { get; private set; } = track;

    public TrackSid Sid => Track.Sid;

    public bool IsVideo => Track.Kind == TrackKind.Video;

    public bool Muted { get; set; } = track.Muted;

    /// <summary>Whether media has arrived yet.</summary>
    public bool HasStarted { get; set; }

    public List<PublicationEncoding> Encodings { get; } = [];

    public List<Subscription> Subscriptions { get; } = [];

    /// <summary>Takes over an announcement; returns the encodings that are new in it.</summary>
    public List<PublicationEncoding> Announce(PublishedTrack announced)
    {
        Track = announced;
        var added = new List<PublicationEncoding>();
        foreach (var encoding in announced.Encodings)
        {
            if (!Encodings.Exists(known => known.Announced.Cid == encoding.Cid))
            {
                var created = new PublicationEncoding(this, encoding);
                Encodings.Add(created);
                added.Add(created);
            }
        }

        return added;
    }

    /// <summary>The publisher changed the codec of an encoding: its subscribers get it under that codec's payload type.</summary>
    public void OnCodecChanged(PublicationEncoding encoding)
    {
        foreach (var subscription in encoding.Subscriptions.ToArray())
        {
            subscription.Restart();
        }
    }

    /// <summary>Tells everybody that an encoding can be had now.</summary>
    public void OnEncodingNegotiated(Instant now)
    {
        foreach (var subscription in Subscriptions.ToArray())
        {
            subscription.TryStart(now);
        }
    }
}
