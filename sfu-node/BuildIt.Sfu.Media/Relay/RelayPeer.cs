using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>
/// A room's end of a link to another node that serves the room: its connection, and whether the other end is there. The tracks that come
/// over it are in <see cref="RelayUpstream"/>, those that go over it in <see cref="RelayDownstream"/>. Each hop has numbers of its own,
/// repairs its own losses and estimates its own path. Lives on one loop.
/// </summary>
internal sealed class RelayPeer : IRelayPeer, ITrackFollower, IDataPortOwner, IPeerConnectionOwner, ISleeper
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

    /// <summary>Between two loops there is nothing to find out: what one cannot take in time is lost at its socket, and repaired.</summary>
    private static readonly BandwidthEstimatorOptions InnerPath = Path with { Start = DataRate.FromMegabits(10_000), Min = DataRate.FromMegabits(10_000), Max = DataRate.FromMegabits(10_000) };

    private readonly TrackRouter _router;
    private readonly Func<ParticipantSid, IDataSender?> _findSender;
    private readonly RelayPeerOptions _options;
    private readonly IRelayPeerEvents _events;
    private readonly PeerConnection _connection;
    private readonly IncomingMedia _incoming;
    private readonly OutgoingMedia _outgoing;
    private readonly RelayUpstream _upstream;
    private readonly RelayDownstream _downstream;
    private readonly DataPort _data;
    private readonly Wakeup _wakeup;
    private TokenBucket _feedbackBudget = new(FeedbackPerSecond, FeedbackPerSecond);
    private Instant _nextUpdate;
    private Instant _heardAt;
    private Instant _nextKeepAlive = Instant.Never;
    private long _packetsReceived;
    private long _bytesReceived;
    private bool _isUp;
    private bool _isSilent;

    /// <param name="router">The room's tracks.</param>
    /// <param name="findSender">Who of the room's clients has some sid.</param>
    /// <param name="options">How it is set up.</param>
    /// <param name="events">What is to be told to the other end, and to whoever made it.</param>
    /// <param name="now">Now.</param>
    public RelayPeer(TrackRouter router, Func<ParticipantSid, IDataSender?> findSender, RelayPeerOptions options, IRelayPeerEvents events, Instant now)
    {
        (_router, _findSender, _options, _events) = (router, findSender, options, events);
        var host = router.Host;
        _wakeup = new Wakeup(host.Loop, this);

        // Who is fed opens the connection (RFC 8445 section 6.1.1: the full agent controls), and the other only answers.
        _connection = new PeerConnection(
            host, this, PeerTarget.Publisher, iceLite: !options.IsChild, controlling: options.IsChild, PlaceOf(options), receivedStreams: 2 * MaxSources);
        _incoming = new IncomingMedia(_connection, new Ssrc(router.NextRandom()), MaxSources);
        var extensions = RelayFormats.MakeExtensions();
        foreach (var kind in Enum.GetValues<ExtensionKind>())
        {
            _incoming.AddExtension(extensions.IdOf(kind), kind);
        }

        _outgoing = new OutgoingMedia(_connection, router, options.IsInner ? InnerPath : Path);
        _outgoing.UseExtensions(extensions);
        _downstream = new RelayDownstream(router, _outgoing, options, events);
        _upstream = new RelayUpstream(router, _incoming, _downstream, _wakeup, UpdateAt);
        _data = new DataPort(this, _connection, _outgoing.Link.Data, host.Random, options.IsChild, opens: options.IsChild, HoldAbove)
        {
            PeerMaxMessageSize = IRelayPeer.MaxMessage,
        };
        var described = _connection.Describe();
        Local = new RelayAddress(
            described.IceUfrag,
            described.IcePassword,
            host.Dtls.LocalFingerprint.ToString(),
            options.IsChild ? [] : described.Candidates);
        (_heardAt, _nextUpdate) = (now + ConnectTimeout, now);
        router.Follow(this);
        foreach (var publication in router.Publications)
        {
            OnTrackChanged(publication, now);
        }

        _wakeup.By(now);
    }

    public RelayAddress Local { get; }

    public RelayStatistics Statistics => new(
        _outgoing.Link.RoundTrip, _outgoing.Link.Loss, _outgoing.Link.Estimate, _outgoing.BytesSent, _outgoing.PacketsSent, _bytesReceived, _packetsReceived,
        _connection.Transport.BytesSent);

    private Instant SuspectAt => _isUp && !_isSilent ? _heardAt + IRelayPeer.SuspectAfter : Instant.Never;

    public TimeSpan Silence(Instant now) => _isUp && now > _heardAt ? now - _heardAt : TimeSpan.Zero;

    public string? Connect(RelayAddress remote, Instant now)
    {
        if (_wakeup.IsClosed)
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

        _router.Now = now;
        _connection.SetRemote(
            new IceCredentials(remote.Ufrag, remote.Password), fingerprint, _options.IsChild ? DtlsRole.Client : DtlsRole.Server, remote.Candidates, now);
        _wakeup.By(NextWork());
        return null;
    }

    public void AddTrack(RelayTrack track, Instant now)
    {
        _router.Now = now;
        if (!_wakeup.IsClosed)
        {
            _upstream.AddTrack(track, now);
        }
    }

    public bool Feeds(TrackSid track) => _upstream.Feeds(track) && !_wakeup.IsClosed;

    public void SetLayers(TrackSid track, string cid, int available, in LayerRates rates, Instant now)
    {
        _router.Now = now;
        _upstream.SetLayers(track, cid, available, rates, now);
    }

    public void SetDemand(TrackSid track, IReadOnlyList<RelayDemand> demand, Instant now)
    {
        _router.Now = now;
        if (_downstream.SetDemand(track, demand, now))
        {
            Update(now);
            _wakeup.By(NextWork());
        }
    }

    public bool Send(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now)
    {
        _router.Now = now;
        if (!_isUp || _wakeup.IsClosed || message.Length > IRelayPeer.MaxMessage)
        {
            return false;
        }

        var sent = _data.Send(channel, from, message, now);
        _wakeup.By(NextWork());
        return sent;
    }

    public void Close(Instant now)
    {
        if (_wakeup.IsClosed)
        {
            return;
        }

        _router.Now = now;
        _wakeup.Close();
        _router.Unfollow(this);
        _downstream.Close(now);
        _upstream.Close();
        _data.Close(now);
        _connection.Close(now);
    }

    public void Work(Instant now)
    {
        _router.Now = now;
        _connection.HandleTimeout(now);
        if (_wakeup.IsClosed)
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

        if (now >= SuspectAt)
        {
            _isSilent = true;
            _events.OnSilence(true, now);
        }

        if (now >= _nextKeepAlive)
        {
            SendKeepAlive(now);
        }

        if (now >= _nextUpdate)
        {
            Update(now);
        }
    }

    public Instant NextWork()
    {
        var next = Instant.Min(_connection.NextDeadline, Instant.Min(_incoming.NextDeadline, _outgoing.NextDeadline));
        next = Instant.Min(next, Instant.Min(_data.NextDeadline, Instant.Min(SuspectAt, _heardAt + SilenceTimeout)));
        return Instant.Min(next, Instant.Min(_nextUpdate, _nextKeepAlive));
    }

    public void OnTrackChanged(Publication publication, Instant now)
    {
        if (_downstream.Offer(publication))
        {
            UpdateAt(now);
        }
    }

    public void OnTrackGone(Publication publication)
    {
        _downstream.EndOffer(publication, _router.Now);
        _upstream.Release(publication);
    }

    IDataSender? IDataPortOwner.FindSender(ParticipantSid sender) => _findSender(sender);

    void IDataPortOwner.OnDataChannelOpen(Instant now)
    {
        if (_data.IsReady && !_isUp && !_wakeup.IsClosed)
        {
            _isUp = true;
            _nextKeepAlive = now + KeepAlive;
            _events.OnUp(now);
            UpdateAt(now);
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
        _router.Now = now;
        if (state == PeerConnectionState.Connected)
        {
            _heardAt = Instant.Max(now, _isUp ? _heardAt : now);
            _data.Connect(now);
        }
        else if (state == PeerConnectionState.Failed)
        {
            Fail(RelayFailure.Transport, now);
        }

        _wakeup.By(NextWork());
    }

    void IPeerConnectionOwner.OnRtp(PeerConnection connection, Span<byte> packet, Instant now)
    {
        Hear(now);
        _packetsReceived++;
        _bytesReceived += packet.Length;
        if (_incoming.TryAccept(packet, now, out var encoding, out var accepted))
        {
            _router.Receive(encoding, accepted, now);
        }

        _wakeup.By(_incoming.NextDeadline);
    }

    void IPeerConnectionOwner.OnRtcp(PeerConnection connection, Span<byte> compound, Instant now)
    {
        Hear(now);
        _router.Now = now;
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

        _wakeup.By(Instant.Min(_incoming.NextDeadline, _outgoing.NextDeadline));
    }

    void IPeerConnectionOwner.OnSctp(PeerConnection connection, ReadOnlySpan<byte> packet, Instant now)
    {
        Hear(now);
        _router.Now = now;
        _data.Handle(packet, now);
        _wakeup.By(NextWork());
    }

    void IPeerConnectionOwner.OnReached(PeerConnection connection, Instant now)
    {
    }

    void IPeerConnectionOwner.OnInput(PeerConnection connection, Instant now) => _wakeup.By(connection.NextDeadline);

    private static EndpointPlace PlaceOf(RelayPeerOptions options) =>
        options.IsInner ? EndpointPlace.Inner : options.IsChild ? EndpointPlace.Exclusive : EndpointPlace.Shared;

    private void Hear(Instant now)
    {
        if (!_isUp)
        {
            return;
        }

        _heardAt = now;
        if (_isSilent)
        {
            _isSilent = false;
            _events.OnSilence(false, now);
        }
    }

    private void Fail(RelayFailure reason, Instant now)
    {
        if (!_wakeup.IsClosed)
        {
            Close(now);
            _events.OnDown(reason, now);
        }
    }

    /// <summary>There may be something to tell, or to send otherwise than before.</summary>
    private void UpdateAt(Instant now)
    {
        _nextUpdate = Instant.Min(_nextUpdate, now);
        _wakeup.By(_nextUpdate);
    }

    private void Update(Instant now)
    {
        _nextUpdate = now + UpdateInterval;
        _incoming.RoundTrip = _outgoing.Link.RoundTrip;
        if (_isUp)
        {
            _downstream.Update(now);
            _upstream.TellDemand(_events, now);
        }
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
}
