using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Speakers;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>Whoever wants to know of every track of a room. Used on the room's loop.</summary>
internal interface ITrackFollower
{
    /// <summary>A track can be had, in one more format, or is muted or not any more.</summary>
    void OnTrackChanged(Publication publication, Instant now);

    void OnTrackGone(Publication publication);

    /// <summary>The room ends.</summary>
    void Close(Instant now);
}

/// <summary>The tracks of a room, whatever feeds them and whoever takes them. Lives on one loop.</summary>
internal sealed class TrackRouter
{
    /// <summary>What browsers put into one audio packet.</summary>
    private static readonly TimeSpan AudioPacket = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<TrackSid, Publication> _publications = [];
    private readonly List<ITrackFollower> _followers = [];
    private readonly EndingPublications _ending;
    private long _announcements;

    public TrackRouter(IMediaHost host)
    {
        Host = host;
        Batch = new ForwardingBatch(this);
        _ending = new EndingPublications(this);
    }

    public IMediaHost Host { get; }

    /// <summary>The time of the event being handled.</summary>
    public Instant Now { get; set; }

    /// <summary>What has come and is about to be forwarded.</summary>
    public ForwardingBatch Batch { get; }

    public ActiveSpeakers Speakers { get; } = new(new SpeakerOptions());

    public Dictionary<TrackSid, Publication>.ValueCollection Publications => _publications.Values;

    public Publication? Find(TrackSid track) => _publications.GetValueOrDefault(track);

    /// <summary>Takes a track that was not known.</summary>
    public Publication Add(IUpstream upstream, PublishedTrack track)
    {
        var publication = new Publication(this, upstream, track);
        if (!publication.IsVideo)
        {
            publication.Loudness = Speakers.WindowOf(track.Publisher);
        }

        _publications[track.Sid] = publication;
        return publication;
    }

    /// <summary>A track is over: its followers are told, and its subscriptions end, in a large room over a while.</summary>
    public void End(Publication publication, Instant now)
    {
        if (_publications.Remove(publication.Sid))
        {
            _followers.ForEach(follower => follower.OnTrackGone(publication));
        }

        _ending.Add(publication, now);
    }

    /// <summary>Counts the encodings that are announced.</summary>
    public long NextAnnouncement() => _announcements++;

    public void Follow(ITrackFollower follower) => _followers.Add(follower);

    public void Unfollow(ITrackFollower follower) => _followers.Remove(follower);

    /// <summary>A publication can be had in one more format, or is muted or not any more.</summary>
    public void OnChanged(Publication publication, Instant now) => _followers.ForEach(follower => follower.OnTrackChanged(publication, now));

    /// <summary>Forwards nothing of a track, or goes on; returns whether that is new.</summary>
    public bool SetMuted(Publication publication, bool muted, Instant now)
    {
        if (publication.Muted == muted)
        {
            return false;
        }

        publication.Muted = muted;
        publication.Subscriptions.ForEach(subscription => subscription.Update(now));
        OnChanged(publication, now);
        return true;
    }

    /// <summary>Takes what has come of a publication and forwards it; true when it is the first of it.</summary>
    public bool Receive(PublicationEncoding encoding, in IncomingPacket packet, Instant now)
    {
        Now = now;
        var publication = encoding.Publication;
        if (publication.Loudness is { } loudness && !publication.Muted && packet.Extensions.TryGetAudioLevel(packet.Rtp.Datagram, out var level, out _))
        {
            loudness.Observe(level, AudioPacket, now);
        }

        var isFirst = !publication.HasStarted;
        publication.HasStarted = true;
        if (!publication.Muted)
        {
            Batch.Add(encoding, packet, now);
        }

        return isFirst;
    }

    /// <summary>A participant has left the room.</summary>
    public void Forget(ParticipantSid participant)
    {
        foreach (var publication in _publications.Values)
        {
            publication.Forget(participant);
        }
    }

    /// <summary>The room ends: whoever follows its tracks does so no longer.</summary>
    public void CloseFollowers(Instant now)
    {
        foreach (var follower in _followers.ToArray())
        {
            follower.Close(now);
        }
    }

    /// <summary>Nothing is forwarded or ended any more.</summary>
    public void Close()
    {
        Host.Loop.Unschedule(Batch);
        Host.Loop.Unschedule(_ending);
    }

    /// <summary>Unpredictable, for SSRCs and first sequence numbers (RFC 3550 sections 5.1 and 8).</summary>
    public uint NextRandom()
    {
        Span<byte> bytes = stackalloc byte[4];
        Host.Random.Fill(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
