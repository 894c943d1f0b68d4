using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Speakers;
using BuildIt.Sfu.Media.Units;

namespace BuildIt.Sfu.Media.Rooms.Tracks;

/// <summary>A published track: what was announced, its encodings, and who is subscribed to it. Used on one loop.</summary>
internal sealed class Publication(MediaPeer publisher, PublishedTrack track)
{
    /// <summary>Key frames that one subscriber may ask for on average: they cost the publisher and all who watch it.</summary>
    private const double KeyFramesPerSecond = 0.5;

    /// <summary>Losses and layer changes that come together.</summary>
    private const double KeyFrameBurst = 5;

    private readonly Dictionary<ParticipantSid, TokenBucket> _keyFrameBudgets = [];

    public MediaPeer Publisher { get; } = publisher;

    public PublishedTrack Track { get; private set; } = track;

    public TrackSid Sid => Track.Sid;

    public bool IsVideo => Track.Kind == TrackKind.Video;

    public bool Muted { get; set; } = track.Muted;

    /// <summary>Loudness of its publisher; null for video.</summary>
    public AudioLevelWindow? Loudness { get; set; }

    /// <summary>Whether media has arrived yet.</summary>
    public bool HasStarted { get; set; }

    public List<PublicationEncoding> Encodings { get; } = [];

    public List<Subscription> Subscriptions { get; } = [];

    /// <summary>Takes a key frame from what a subscriber may ask for; false when that is used up.</summary>
    public bool TryTakeKeyFrame(ParticipantSid subscriber, Instant now)
    {
        // Kept when a subscription ends, so that subscribing anew does not renew it.
        ref var budget = ref CollectionsMarshal.GetValueRefOrAddDefault(_keyFrameBudgets, subscriber, out var known);
        if (!known)
        {
            budget = new TokenBucket(KeyFramesPerSecond, KeyFrameBurst);
        }

        return budget.TryTake(1, now);
    }

    /// <summary>A participant has left the room.</summary>
    public void Forget(ParticipantSid subscriber) => _keyFrameBudgets.Remove(subscriber);

    /// <summary>Takes over an announcement; returns the encodings that are new in it.</summary>
    public List<PublicationEncoding> Announce(PublishedTrack announced)
    {
        Track = announced;
        var added = new List<PublicationEncoding>();
        foreach (var encoding in announced.Encodings)
        {
            if (!Encodings.Exists(known => known.Announced.Cid == encoding.Cid))
            {
                var created = new PublicationEncoding(this, encoding, Publisher.NextAnnouncement());
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
            subscription.TryStart(Publisher.Room.Now);
        }
    }

    /// <summary>When <see cref="TakeWantedQualities"/> may have something new.</summary>
    public Instant NextDeadline
    {
        get
        {
            var next = Instant.Never;
            foreach (var encoding in Encodings)
            {
                next = Instant.Min(next, encoding.Watched?.NextDeadline ?? Instant.Never);
            }

            return next;
        }
    }

    /// <summary>Dynacast: what is watched of each codec, when that has changed since the last call; else null.</summary>
    public List<WantedCodec>? TakeWantedQualities(Instant now)
    {
        var changed = false;
        foreach (var encoding in Encodings)
        {
            encoding.Watched?.OnTime(now);
            changed |= encoding.Watched?.TryTakeChange(out _) ?? false;
        }

        return changed
            ? [.. Encodings.Where(e => e.Watched is not null).Select(e => new WantedCodec(e.CodecName, e.Watched!.Highest))]
            : null;
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
