using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Speakers;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>A published track: what was announced, its encodings, and who is subscribed to it. Used on one loop.</summary>
internal sealed class Publication(TrackRouter router, IUpstream upstream, PublishedTrack track)
{
    /// <summary>Key frames that one subscriber may ask for on average: they cost the publisher and all who watch it.</summary>
    private const double KeyFramesPerSecond = 0.5;

    /// <summary>Losses and layer changes that come together.</summary>
    private const double KeyFrameBurst = 5;

    private readonly Dictionary<ParticipantSid, TokenBucket> _keyFrameBudgets = [];

    /// <summary>Where it is found.</summary>
    public TrackRouter Router => router;

    /// <summary>What feeds it; another one once it comes from elsewhere.</summary>
    public IUpstream Upstream { get; set; } = upstream;

    public PublishedTrack Track { get; private set; } = track;

    public TrackSid Sid => Track.Sid;

    public bool IsVideo => Track.Kind == TrackKind.Video;

    public bool Muted { get; set; } = track.Muted;

    /// <summary>Loudness of its publisher; null for video.</summary>
    public AudioLevelWindow? Loudness { get; set; }

    /// <summary>Whether media has arrived yet.</summary>
    public bool HasStarted { get; set; }

    public List<PublicationEncoding> Encodings { get; } = [];

    /// <summary>Codecs that the publisher was not asked for yet, or has not announced an encoding of.</summary>
    public List<BackupCodec> Backups { get; } = [];

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

    /// <summary>Takes over an announcement, the first or one that adds to it.</summary>
    public void Announce(PublishedTrack announced, Instant now)
    {
        Track = announced;
        foreach (var encoding in announced.Encodings)
        {
            if (!Encodings.Exists(known => known.Announced.Cid == encoding.Cid))
            {
                Encodings.Add(new PublicationEncoding(this, encoding, router.NextAnnouncement()));
            }
        }

        Backups.RemoveAll(backup => !announced.BackupCodecs.Contains(backup.Name));
        Backups.AddRange(announced.BackupCodecs.Where(name => !Backups.Exists(backup => backup.Name == name)).Select(name => new BackupCodec(name, now)));
    }

    /// <summary>When <see cref="TakeWantedQualities"/> may have something new.</summary>
    public Instant NextDeadline
    {
        get
        {
            var next = Instant.Never;
            foreach (var encoding in Encodings)
            {
                next = Instant.Min(next, encoding.Demand?.NextDeadline ?? Instant.Never);
            }

            foreach (var backup in Backups)
            {
                next = Instant.Min(next, backup.Demand.NextDeadline);
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
            encoding.Demand?.OnTime(now);
            changed |= encoding.Demand?.TryTakeChange(out _) ?? false;
        }

        foreach (var backup in Backups)
        {
            backup.Demand.OnTime(now);
            changed |= backup.Demand.TryTakeChange(out _);
        }

        return changed
            ?
            [
                .. Encodings.Where(encoding => encoding.Demand is not null).Select(encoding => new WantedCodec(encoding.CodecName, encoding.Demand!.Highest)),
                .. Backups.Select(backup => new WantedCodec(backup.Name, backup.Demand.Highest)),
            ]
            : null;
    }

    /// <summary>
    /// An encoding can be had, or goes on in another codec: those who have it get it under that codec's payload type, and who could
    /// receive none may receive this.
    /// </summary>
    public void OnFormatChanged(PublicationEncoding encoding, Instant now)
    {
        foreach (var subscription in Subscriptions.ToArray())
        {
            if (subscription.Encoding is null || subscription.Encoding == encoding)
            {
                subscription.TryStart(now);
            }
        }

        foreach (var pipe in encoding.Pipes.ToArray())
        {
            pipe.Restart(now);
        }
    }
}

/// <summary>A codec in which a track is not published yet, but will be once somebody needs it. Used on one loop.</summary>
/// <param name="name">Lower-case codec name ("vp8").</param>
/// <param name="now">When it was announced.</param>
internal sealed class BackupCodec(string name, Instant now)
{
    public string Name { get; } = name;

    /// <summary>Who needs it, and up to which quality.</summary>
    public Dynacast Demand { get; } = new(now, VideoQualityLevel.Off);
}
