using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rooms.Connections;
using BuildIt.Sfu.Media.Rooms.Tracks;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>
/// A room's end of a link to another node that serves the room: to the tracks that come over it an upstream, to those that go over it
/// one more receiver. Each hop has numbers of its own, repairs its own losses and estimates its own path. Lives on one loop.
/// </summary>
internal sealed class RelayPeer : IRelayPeer, IUpstream, ITrackFollower, IDataPortOwner, IPeerConnectionOwner, IDeadline
{
    /// <summary>How often what is wanted, what fits and what crosses are compared.</summary>
    private static readonly TimeSpan UpdateInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the other end may take to be reached at first.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Without a word for so long the other node, or the path to it, is dead.</summary>
    private static readonly TimeSpan SilenceTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Something is said at least this often.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromMilliseconds(250);

    /// <summary>Reliable bytes of one sender that may wait: what a large room has to say to a node that is new.</summary>
    private const int HoldAbove = 8 * 1024 * 1024;

    /// <summary>Streams that are told apart: a thousand tracks in three layers with repair.</summary>
    private const int MaxSources = 8192;

    /// <summary>Tracks that the other node may offer.</summary>
    private const int MaxTracks = 4096;

    /// <summary>RTCP packets a second that are read.</summary>
    private const double FeedbackPerSecond = 20_000;

    /// <summary>A path between machine rooms is assumed to carry more than one to a client, and has to be known at higher rates.</summary>
    private static readonly BandwidthEstimatorOptions Path = new()
    {
        Start = DataRate.FromMegabits(5),
        Min = DataRate.FromKilobits(100),
        Max = DataRate.FromMegabits(2000),
        History = 16384,
    };

    private readonly MediaRoom _room;
    private readonly RelayPeerOptions _options;
    private readonly IRelayPeerEvents _events;
    private readonly PeerConnection _connection;
    private readonly IncomingMedia _incoming;
    private readonly OutgoingMedia _outgoing;
    private readonly ExtensionMap _extensions = RelayFormats.MakeExtensions();
    private readonly RelayDivision _division = new();
    private readonly Dictionary<TrackSid, RelayOffer> _offers = [];
    private readonly Dictionary<TrackSid, RelayFeed> _feeds = [];
    private readonly HashSet<TrackSid> _untold = [];
    private readonly DataPort _data;
    private TokenBucket _feedbackBudget = new(FeedbackPerSecond, FeedbackPerSecond);
    private Instant _nextUpdate;
    private Instant _heardAt;
    private Instant _nextKeepAlive = Instant.Never;
    private Instant _deadline = Instant.Never;
    private long _announcements;
    private long _packetsReceived;
    private long _bytesReceived;
    private bool _isUp;
    private bool _closed;

    public RelayPeer(MediaRoom room, RelayPeerOptions options, IRelayPeerEvents events, Instant now)
    {
        (_room, _options, _events) = (room, options, events);
        var host = room.Host;

        // Who is fed opens the connection (RFC 8445 section 6.1.1: the full agent controls), and the other only answers.
        _connection = new PeerConnection(host, this, PeerTarget.Publisher, iceLite: !options.IsChild, controlling: options.IsChild, exclusive: options.IsChild);
        _incoming = new IncomingMedia(_connection, new Ssrc(room.NextRandom()), MaxSources);
        foreach (var kind in Enum.GetValues<ExtensionKind>())
        {
            _incoming.AddExtension(_extensions.IdOf(kind), kind);
        }

        _outgoing = new OutgoingMedia(_connection, room, Path);
        _outgoing.UseExtensions(_extensions);
        _outgoing.Link.SetCeiling(options.MaxRate);
        _data = new DataPort(this, _connection, _outgoing.Link.Data, options.IsChild, opens: options.IsChild, HoldAbove)
        {
            PeerMaxMessageSize = IRelayPeer.MaxMessage,
        };
        var described = _connection.Describe();
        Local = new RelayAddress(
            described.IceUfrag,
            described.IcePassword,
            host.Dtls.LocalFingerprint.ToString(),
            options.IsChild ? [] : [.. host.Candidates.Select(candidate => candidate.ToAttribute())]);
        (_heardAt, _nextUpdate) = (now + ConnectTimeout, now);
        room.Follow(this);
        foreach (var publication in room.Publications)
        {
            OnTrackChanged(publication, now);
        }

        WakeBy(now);
    }

    public RelayAddress Local { get; }

    MediaRoom IDataPortOwner.Room => _room;

    public Instant NextDeadline => _deadline;

    public TimeSpan Silence(Instant now) => _isUp && now > _heardAt ? now - _heardAt : TimeSpan.Zero;

    public RelayStatistics Statistics => new(
        _outgoing.Link.RoundTrip, _outgoing.Link.Loss, _outgoing.Link.Estimate, _outgoing.BytesSent, _outgoing.PacketsSent, _bytesReceived, _packetsReceived,
        _connection.Transport.BytesSent);

    public string? Connect(RelayAddress remote, Instant now)
    {
        if (_closed)
        {
            return "the link is closed";
        }

        if (remote.Ufrag.Length is < 4 or > 256 || remote.Password.Length is < 22 or > 256)
        {
            // RFC 8839 section 5.4.
            return "the other end's ICE credentials are too short or too long";
        }

        if (!DtlsFingerprint.TryParse(remote.Fingerprint, out var fingerprint))
        {
            return "the other end's certificate fingerprint is of no supported kind (sha-256 or stronger)";
        }

        _room.Now = now;
        _connection.SetRemote(
            new IceCredentials(remote.Ufrag, remote.Password), fingerprint, _options.IsChild ? DtlsRole.Client : DtlsRole.Server, remote.Candidates, now);
        WakeBy(NextWork());
        return null;
    }

    public void AddTrack(RelayTrack track, Instant now)
    {
        _room.Now = now;
        if (_closed || (!_feeds.ContainsKey(track.Track.Sid) && _feeds.Count >= MaxTracks))
        {
            return;
        }

        var publication = _room.Find(track.Track.Sid);
        if (publication is null)
        {
            publication = new Publication(this, track.Track);
            if (!publication.IsVideo)
            {
                publication.Loudness = _room.Speakers.WindowOf(track.Track.Publisher);
            }

            _room.Add(publication);
        }
        else if (publication.Upstream is MediaPeer)
        {
            // Nobody else can say anything of what is published here.
            return;
        }

        var moves = publication.Upstream != this;
        if (moves)
        {
            publication.Upstream.Flush(now);
            (publication.Upstream as RelayPeer)?.Release(publication);
            publication.Upstream = this;
        }

        if (!_feeds.TryGetValue(track.Track.Sid, out var feed))
        {
            _feeds.Add(track.Track.Sid, feed = new RelayFeed(publication));
        }

        if (moves)
        {
            EndOffer(publication, now);
        }

        publication.Announce(track.Track, now);
        foreach (var described in track.Encodings)
        {
            if (publication.Encodings.Find(one => one.Announced.Cid == described.Cid) is { } encoding
                && (feed.ComesBy(described) || encoding.Format is null)
                && RelayFormats.Of(described, publication.IsVideo) is { } format)
            {
                _incoming.Remove(encoding);
                encoding.Told = publication.IsVideo ? new ToldLayers() : null;
                _incoming.Add(encoding, format, described.Streams, now);
                publication.OnNegotiated(encoding, now);
                encoding.Pipes.ForEach(pipe => pipe.Restart(now));
            }
        }

        _room.SetRelayedMuted(publication.Sid, track.Muted, now);
        _room.OnChanged(publication, now);
        feed.Forget();
        OnDemandChanged(now);
    }

    public bool Feeds(TrackSid track) => _feeds.ContainsKey(track) && !_closed;

    public void SetLayers(TrackSid track, string cid, int available, in LayerRates rates, Instant now)
    {
        _room.Now = now;
        if (_feeds.TryGetValue(track, out var feed) && feed.Publication.Upstream == this
            && feed.Publication.Encodings.Find(one => one.Announced.Cid == cid)?.Told is { } told)
        {
            told.Tell(available & ((1 << LayerRates.SpatialLayers) - 1), rates);
            feed.Publication.Subscriptions.ForEach(subscription => subscription.Update(now));
            OnDemandChanged(now);
        }
    }

    public void SetDemand(TrackSid track, IReadOnlyList<RelayDemand> demand, Instant now)
    {
        _room.Now = now;
        if (_offers.TryGetValue(track, out var offer))
        {
            if (offer.SetDemand(demand, _options.Sid, now))
            {
                _events.OnWatched(track, now);
            }

            Update(now);
            WakeBy(NextWork());
        }
    }

    public bool Send(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now)
    {
        _room.Now = now;
        if (!_isUp || _closed || message.Length > IRelayPeer.MaxMessage)
        {
            return false;
        }

        var sent = _data.Send(channel, from, message, now);
        WakeBy(NextWork());
        return sent;
    }

    public void Close(Instant now)
    {
        if (_closed)
        {
            return;
        }

        _room.Now = now;
        _closed = true;
        _room.Unfollow(this);
        foreach (var offer in _offers.Values)
        {
            offer.End(_options.Sid, now);
        }

        _offers.Clear();
        foreach (var encoding in _feeds.Values.SelectMany(feed => feed.Publication.Encodings))
        {
            _incoming.Remove(encoding);
        }

        _data.Close(now);
        _connection.Close(now);
        _room.Host.Loop.Unschedule(this);
    }

    public void HandleTimeout(Instant now)
    {
        if (_closed)
        {
            return;
        }

        _room.Now = now;
        _deadline = Instant.Never;
        _connection.HandleTimeout(now);
        if (_closed)
        {
            return;
        }

        _data.HandleTimeout(now);
        _incoming.Flush(now);
        _outgoing.Flush(now);
        if (now >= _heardAt + SilenceTimeout)
        {
            Fail(RelayFailure.Silence, now);
            return;
        }

        if (now >= _nextKeepAlive)
        {
            SendKeepAlive(now);
        }

        if (now >= _nextUpdate)
        {
            Update(now);
        }

        if (!_closed)
        {
            _deadline = NextWork();
            _room.Host.Loop.Schedule(this);
        }
    }

    void IUpstream.Flush(Instant now) => _room.Forwarding.Flush(now);

    void IUpstream.OnFeedbackWanted() => WakeBy(_incoming.NextDeadline());

    public void OnDemandChanged(Instant now)
    {
        _nextUpdate = Instant.Min(_nextUpdate, now);
        WakeBy(_nextUpdate);
    }

    void IUpstream.OnCodecChangeRefused(Instant now)
    {
        // The node of the publisher has refused it before, and does not forward what it refuses.
    }

    long IUpstream.NextAnnouncement() => _announcements++;

    public void OnTrackChanged(Publication publication, Instant now)
    {
        if (publication.Upstream != this)
        {
            _untold.Add(publication.Sid);
            OnDemandChanged(now);
        }
    }

    public void OnTrackGone(Publication publication)
    {
        EndOffer(publication, _room.Now);
        Release(publication);
    }

    void IDataPortOwner.OnDataChannelOpen(Instant now)
    {
        if (_data.IsReady && !_isUp && !_closed)
        {
            _isUp = true;
            _nextKeepAlive = now + KeepAlive;
            _events.OnUp(now);
            OnDemandChanged(now);
        }
    }

    void IDataPortOwner.OnData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now)
    {
        if (message.Length > 0)
        {
            _events.OnMessage(channel, message, now);
        }
    }

    // What the two ends know of each other would differ from now on.
    void IDataPortOwner.OnSlowReader(Instant now) => Fail(RelayFailure.Overflow, now);

    void IPeerConnectionOwner.OnConnectionState(PeerConnection connection, PeerConnectionState state, Instant now)
    {
        _room.Now = now;
        if (state == PeerConnectionState.Connected)
        {
            _heardAt = Instant.Max(now, _isUp ? _heardAt : now);
            _data.Connect(now);
        }
        else if (state == PeerConnectionState.Failed)
        {
            Fail(RelayFailure.Transport, now);
        }

        WakeBy(NextWork());
    }

    void IPeerConnectionOwner.OnRtp(PeerConnection connection, Span<byte> packet, Instant now)
    {
        Hear(now);
        _packetsReceived++;
        _bytesReceived += packet.Length;
        if (_incoming.TryAccept(packet, now, out var encoding, out var accepted))
        {
            _room.Receive(encoding, accepted, now);
        }

        WakeBy(_incoming.NextDeadline());
    }

    void IPeerConnectionOwner.OnRtcp(PeerConnection connection, Span<byte> compound, Instant now)
    {
        Hear(now);
        _room.Now = now;
        if (!_feedbackBudget.TryTake(1, now))
        {
            return;
        }

        var reader = new RtcpReader(compound);
        while (reader.MoveNext())
        {
            var packet = reader.Current;
            if (SenderInfo.TryRead(packet, out var info))
            {
                _incoming.HandleSenderReport(info, now);
            }

            _outgoing.HandleFeedback(packet, now);
        }

        WakeBy(Instant.Min(_incoming.NextDeadline(), _outgoing.NextDeadline));
    }

    void IPeerConnectionOwner.OnSctp(PeerConnection connection, ReadOnlySpan<byte> packet, Instant now)
    {
        Hear(now);
        _room.Now = now;
        _data.Handle(packet, now);
        WakeBy(NextWork());
    }

    void IPeerConnectionOwner.OnReached(PeerConnection connection, Instant now)
    {
    }

    void IPeerConnectionOwner.OnInput(PeerConnection connection, Instant now) => WakeBy(connection.NextDeadline);

    /// <summary>A publication does not come over this link any more.</summary>
    private void Release(Publication publication)
    {
        if (_feeds.Remove(publication.Sid))
        {
            publication.Encodings.ForEach(_incoming.Remove);
        }
    }

    private void EndOffer(Publication publication, Instant now)
    {
        _untold.Remove(publication.Sid);
        if (_offers.Remove(publication.Sid, out var offer))
        {
            offer.End(_options.Sid, now);
        }
    }

    private void Hear(Instant now) => _heardAt = _isUp ? now : _heardAt;

    private void Fail(RelayFailure reason, Instant now)
    {
        if (!_closed)
        {
            Close(now);
            _events.OnDown(reason, now);
        }
    }

    private void Update(Instant now)
    {
        _nextUpdate = now + UpdateInterval;
        _incoming.RoundTrip = _outgoing.Link.RoundTrip;
        if (!_isUp)
        {
            return;
        }

        TellTracks(now);
        _outgoing.Link.SetWanted(_division.Update(_offers.Values, DataRate.Min(_options.MaxRate, _outgoing.Link.Available(negotiated: true)), _events, now));
        foreach (var (sid, feed) in _feeds)
        {
            if (feed.TakeDemand(now) is { } demand)
            {
                _events.OnDemand(sid, demand, now);
            }
        }
    }

    private void TellTracks(Instant now)
    {
        foreach (var sid in _untold)
        {
            if (_room.Find(sid) is not { } publication || publication.Upstream == this)
            {
                continue;
            }

            if (!_offers.TryGetValue(sid, out var offer))
            {
                _offers.Add(sid, offer = new RelayOffer(publication, _outgoing, _extensions, _room.NextRandom));
            }

            if (offer.Describe() is { } described)
            {
                _events.OnTrack(described, now);
            }
        }

        _untold.Clear();
    }

    /// <summary>An empty receiver report (RFC 3550 section 6.1): it is heard, and says nothing.</summary>
    private void SendKeepAlive(Instant now)
    {
        _nextKeepAlive = now + KeepAlive;
        Span<byte> buffer = stackalloc byte[16];
        var writer = new RtcpWriter(buffer);
        writer.WriteReceiverReport(new Ssrc(1), []);
        _connection.Transport.SendRtcp(buffer[..writer.Length]);
    }

    private Instant NextWork()
    {
        var next = Instant.Min(_connection.NextDeadline, Instant.Min(_incoming.NextDeadline(), _outgoing.NextDeadline));
        next = Instant.Min(next, Instant.Min(_data.NextDeadline, _heardAt + SilenceTimeout));
        return Instant.Min(next, Instant.Min(_nextUpdate, _nextKeepAlive));
    }

    /// <summary>Makes sure that <see cref="HandleTimeout"/> is called by then.</summary>
    private void WakeBy(Instant due)
    {
        if (due < _deadline && !_closed)
        {
            _deadline = due;
            _room.Host.Loop.Schedule(this);
        }
    }
}
