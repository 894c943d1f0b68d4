using System.Buffers.Binary;
using System.Net;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sctp;
using BuildIt.Sfu.Media.Transport;
using BuildIt.Sfu.Net;
using BuildIt.Sfu.Net.Timing;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Statistics;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>
/// One peer connection of a headless participant with a socket of its own: transport, streams out and in, feedback, data channels.
/// Lives on one loop.
/// </summary>
internal sealed class ClientConnection : IDatagramHandler, IPeerTransportEvents, IDeadlineHandler, IDataChannelEvents, IDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly HeadlessNetwork _network;
    private readonly MediaLoop _loop;
    private readonly MediaEndpoint _endpoint;
    private readonly LoopTimer _timer;
    private readonly IConnectionOwner _owner;
    private readonly int _decryptOneIn;
    private readonly List<ITrackSender> _senders = [];
    private readonly Dictionary<Ssrc, OutgoingStream> _outgoing = [];
    private readonly Dictionary<Ssrc, ReceivedTrack> _received = [];
    private readonly Dictionary<Ssrc, ReceivedTrack> _repairs = [];
    private readonly List<ReceivedTrack> _tracks = [];
    private readonly List<TrackStatistics> _endedTracks = [];
    private readonly Dictionary<RtpIdentifier, RemoteSection> _sections = [];
    private readonly TransportFeedbackGenerator _feedback;
    private readonly Ssrc _sender;
    private readonly byte[] _sctpPacket = new byte[1500];
    private readonly Func<Instant> _readArrival;
    private readonly PacketHandler? _packetReceived;
    private DataChannelSet? _data;
    private Instant _nextReport;
    private ushort _transportSequence;
    private uint _sampled;
    private bool _disposed;

    public ClientConnection(HeadlessNetwork network, MediaLoop loop, IConnectionOwner owner, HeadlessOptions options, bool controlling)
    {
        _network = network;
        _loop = loop;
        _owner = owner;
        _decryptOneIn = options.DecryptOneIn;
        Key = options.Key;
        _packetReceived = options.PacketReceived;
        _sender = new Ssrc(NextRandom());
        _feedback = new TransportFeedbackGenerator(_sender);
        _readArrival = loop.ReadArrival;
        _timer = loop.CreateTimer(this);

        // An address of any kind: the node learns ours from our checks (peer reflexive), so none is announced.
        _endpoint = loop.CreateExclusiveEndpoint(this, new IPEndPoint(IPAddress.Any, 0));
        Action<Instant> wake = HandleTimeout;
        Transport = new PeerTransport(
            new PeerTransportOptions
            {
                Ice = new IceAgentOptions { Lite = false, Controlling = controlling },
                LocalCredentials = IceCredentials.Generate(network.Random),
                DtlsRole = DtlsRole.Client,
                Dtls = network.Dtls,
                Srtp = network.Srtp,
                Random = network.Random,
                Wake = () => loop.Post(wake),
            },
            this,
            _endpoint);
        _nextReport = loop.Now + ReportInterval;
        // On its own connection the node opens channels and waits for them, whether we use them or not.
        WantsData = options.Data || !controlling;
    }

    public PeerTransport Transport { get; }

    /// <summary>What frames are encrypted with; null when they are not.</summary>
    public IFrameKey? Key { get; }

    public bool WantsData { get; }

    /// <summary>True for a client that reads nothing of its data channels any more.</summary>
    public bool IgnoresData { get; set; }

    /// <summary>Header extensions by the ids in force on this connection.</summary>
    public ExtensionMap Extensions { get; } = new();

    public IReadOnlyList<ITrackSender> Senders => _senders;

    public IReadOnlyList<ReceivedTrack> Tracks => _tracks;

    public LatencyHistogram Latency { get; } = new();

    public ushort NextTransportSequence() => _transportSequence++;

    public uint NextRandom()
    {
        Span<byte> bytes = stackalloc byte[4];
        _network.Random.Fill(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public void Add(ITrackSender sender)
    {
        _senders.Add(sender);
        foreach (var stream in sender.Streams)
        {
            _outgoing[stream.Ssrc] = stream;
        }
    }

    public void Remove(ITrackSender sender)
    {
        _senders.Remove(sender);
        sender.Dispose();
        foreach (var stream in sender.Streams)
        {
            _outgoing.Remove(stream.Ssrc);
        }
    }

    public void SetRemote(IceCredentials credentials, DtlsFingerprint fingerprint, DtlsRole localRole, Instant now)
    {
        Transport.SetRemoteParameters(credentials, fingerprint, localRole, now);
        Reschedule();
    }

    public void AddRemoteCandidate(string line)
    {
        // The socket is IPv4's and opens no TCP connections.
        if (IceCandidate.TryParse(line, out var candidate) && candidate.Address is { IsIPv4: true, Protocol: TransportProtocol.Udp })
        {
            Transport.AddRemoteCandidate(candidate);
            Reschedule();
        }
    }

    /// <summary>Takes the tracks the node sends from its newest description; those no longer in it end.</summary>
    public void SetSections(IReadOnlyList<RemoteSection> sections)
    {
        _sections.Clear();
        foreach (var section in sections)
        {
            if (RtpIdentifier.TryParse(section.Mid, out var mid))
            {
                _sections[mid] = section;
            }

            foreach (var (media, repair) in section.Sources)
            {
                Bind(section, media, repair);
            }
        }

        foreach (var track in _tracks.Where(track => !sections.Any(section => section.TrackSid == track.Section.TrackSid)).ToArray())
        {
            _endedTracks.Add(track.Snapshot(_loop.Now));
            _tracks.Remove(track);
            foreach (var routes in (Dictionary<Ssrc, ReceivedTrack>[])[_received, _repairs])
            {
                foreach (var (ssrc, _) in routes.Where(route => route.Value == track).ToArray())
                {
                    routes.Remove(ssrc);
                }
            }
        }
    }

    /// <summary>Tracks that have ended, then those that go on.</summary>
    public IEnumerable<TrackStatistics> Snapshot(Instant now) => [.. _endedTracks, .. _tracks.Select(track => track.Snapshot(now))];

    public bool Send(string label, ReadOnlySpan<byte> message, Instant now)
    {
        if (_data?.Find(label) is not { } channel || _data.Send(channel, message, isBinary: true, now) != SctpSendResult.Queued)
        {
            return false;
        }

        FlushData(now);
        Reschedule();
        return true;
    }

    public void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now)
    {
        if (_decryptOneIn > 1
            && _sampled++ % (uint)_decryptOneIn != 0
            && Demultiplexer.Classify(datagram) == DatagramKind.Rtp
            && Transport.IsConnected
            && !IsRepair(datagram))
        {
            Count(datagram, now);
            return;
        }

        // The deadlines of media are brought forward where they change; to look at all of them for each packet would be slow.
        var isMedia = Demultiplexer.Classify(datagram) == DatagramKind.Rtp;
        Transport.HandleDatagram(datagram, from, now);
        if (isMedia)
        {
            _timer.ScheduleNoLaterThan(_feedback.NextDeadline);
            return;
        }

        FlushData(now);
        Reschedule();
    }

    public void HandlePathLost(in TransportAddress remote, Instant now) => Transport.HandlePathLost(remote, now);

    public void OnDeadline(Instant now) => HandleTimeout(now);

    public void OnIceState(IceState state, Instant now)
    {
    }

    public void OnConnected(SrtpProfile profile, Instant now)
    {
        if (WantsData)
        {
            _data = new DataChannelSet(SctpOptions.Default, _network.Random, isDtlsClient: true, this);
            _data.Connect(now);
        }

        _owner.OnConnected(this, now);
    }

    public void OnRtp(Span<byte> packet, Instant now)
    {
        if (!RtpPacketView.TryParse(packet, out var view))
        {
            return;
        }

        _packetReceived?.Invoke(packet);
        NoteTransportSequence(view, now);
        if (_repairs.TryGetValue(view.Ssrc, out var repaired))
        {
            if (repaired.Section.RepairedBy(view.PayloadType) is { } original
                && RtxPacket.TryDecapsulate(packet, view, original, repaired.Ssrc, out var bytes)
                && RtpPacketView.TryParse(bytes, out var inner))
            {
                repaired.Receive(inner, Extensions, repaired: true, now);
                _timer.ScheduleNoLaterThan(repaired.NextDeadline);
            }

            return;
        }

        if (Find(view) is { } track)
        {
            track.Receive(view, Extensions, repaired: false, now);
            _timer.ScheduleNoLaterThan(track.NextDeadline);
        }
    }

    public void OnRtcp(Span<byte> compound, Instant now)
    {
        var reader = new RtcpReader(compound);
        while (reader.MoveNext())
        {
            var packet = reader.Current;
            if (SenderInfo.TryRead(packet, out var info))
            {
                if (_received.TryGetValue(info.Sender, out var track))
                {
                    track.OnSenderReport(info, now);
                }
            }
            else if (FeedbackHead.TryRead(packet, out var head))
            {
                OnFeedback(packet, head);
            }
        }
    }

    public void OnApplicationData(ReadOnlySpan<byte> data, Instant now)
    {
        if (!IgnoresData)
        {
            _data?.Handle(data, now);
        }
    }

    public void OnPeerClosed(Instant now)
    {
    }

    public void OnFailed(TransportFailure reason, Instant now) => _owner.OnFailed(this, reason.ToString());

    void IDataChannelEvents.OnConnected(Instant now) => _owner.OnDataConnected(this, _data!, now);

    public void OnOpen(DataChannel channel, Instant now) => _owner.OnChannelOpen(this, channel);

    public void OnMessage(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now) => _owner.OnMessage(channel, message);

    public void OnClosed(DataChannel channel, Instant now)
    {
    }

    public void OnDisconnected(SctpCloseReason reason, Instant now)
    {
    }

    /// <summary>Asks for the last thousand packets of every track, in so many packets; see <see cref="HeadlessParticipant.SendNacksAsync"/>.</summary>
    public int SendNacks(int packets)
    {
        Span<SequenceNumber> wanted = stackalloc SequenceNumber[1000];
        Span<byte> buffer = stackalloc byte[1200];
        var sent = 0;
        foreach (var track in _tracks)
        {
            if (track.Latest is not { } latest)
            {
                continue;
            }

            for (var i = 0; i < wanted.Length; i++)
            {
                wanted[i] = new SequenceNumber((ushort)(latest - wanted.Length + 1 + i));
            }

            for (var packet = 0; packet < packets; packet++)
            {
                var writer = new RtcpWriter(buffer);
                writer.WriteNack(_sender, track.Ssrc, wanted);
                sent += Transport.SendRtcp(buffer[..writer.Length]) ? 1 : 0;
            }
        }

        _loop.Flush();
        return sent;
    }

    /// <summary>Asks for a key frame of every track, in so many packets.</summary>
    public int SendPictureLosses(int packets)
    {
        Span<byte> buffer = stackalloc byte[1200];
        var sent = 0;
        for (var packet = 0; packet < packets; packet++)
        {
            var writer = new RtcpWriter(buffer);
            foreach (var track in _tracks)
            {
                writer.WritePictureLoss(_sender, track.Ssrc);
            }

            sent += writer.Length > 0 && Transport.SendRtcp(buffer[..writer.Length]) ? 1 : 0;
        }

        _loop.Flush();
        return sent;
    }

    /// <summary>Forgets the gaps between frames so far.</summary>
    public void ClearGaps() => _tracks.ForEach(track => track.ClearGaps());

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _timer.Cancel();
        Transport.Close();
        _senders.ForEach(sender => sender.Dispose());
        _loop.Flush();
        _endpoint.Dispose();
    }

    /// <summary>Looks at all deadlines again, after something outside has changed.</summary>
    public void Reschedule()
    {
        var next = Instant.Min(Transport.NextDeadline, Instant.Min(_feedback.NextDeadline, _nextReport));
        next = Instant.Min(next, _data?.NextDeadline ?? Instant.Never);
        foreach (var sender in _senders)
        {
            next = Instant.Min(next, sender.NextDeadline);
        }

        foreach (var track in _tracks)
        {
            next = Instant.Min(next, track.NextDeadline);
        }

        if (!_disposed && next != _timer.Due)
        {
            _timer.Schedule(next);
        }
    }

    private void HandleTimeout(Instant now)
    {
        if (_disposed)
        {
            return;
        }

        Transport.HandleTimeout(now);
        foreach (var sender in _senders)
        {
            if (now >= sender.NextDeadline)
            {
                sender.Play(now);

                // What other participants of this process have to do meanwhile is no delay of the network's.
                _loop.Flush();
            }
        }

        SendFeedback(now);
        if (_data is not null)
        {
            if (now >= _data.NextDeadline)
            {
                _data.HandleTimeout(now);
            }

            FlushData(now);
        }

        Reschedule();
    }

    private void SendFeedback(Instant now)
    {
        Span<byte> buffer = stackalloc byte[1200];
        var writer = new RtcpWriter(buffer);
        foreach (var track in _tracks)
        {
            if (now >= track.NextDeadline)
            {
                track.TakeFeedback(ref writer, _sender, now);
            }

            if (writer.Available < 400)
            {
                Transport.SendRtcp(buffer[..writer.Length]);
                writer = new RtcpWriter(buffer);
            }
        }

        if (writer.Length > 0)
        {
            Transport.SendRtcp(buffer[..writer.Length]);
        }

        while (now >= _feedback.NextDeadline && _feedback.TakeDue(now, buffer) is > 0 and var length)
        {
            Transport.SendRtcp(buffer[..length]);
        }

        if (now >= _nextReport)
        {
            _nextReport = now + ReportInterval;
            SendReports(now, buffer);
        }
    }

    private void SendReports(Instant now, Span<byte> buffer)
    {
        Span<ReportBlock> blocks = stackalloc ReportBlock[RtcpWriter.MaxReportBlocks];
        var writer = new RtcpWriter(buffer);
        foreach (var stream in _outgoing.Values)
        {
            if (stream.TryReport(now, out var info))
            {
                writer.WriteSenderReport(info, []);
            }
        }

        var count = 0;
        foreach (var track in _tracks)
        {
            if (count < blocks.Length && track.TryTakeReport(now, out blocks[count]))
            {
                count++;
            }

            if (count == 20)
            {
                writer.WriteReceiverReport(_sender, blocks[..count]);
                Transport.SendRtcp(buffer[..writer.Length]);
                writer = new RtcpWriter(buffer);
                count = 0;
            }
        }

        if (count > 0)
        {
            writer.WriteReceiverReport(_sender, blocks[..count]);
        }

        if (writer.Length > 0)
        {
            Transport.SendRtcp(buffer[..writer.Length]);
        }
    }

    private void OnFeedback(in RtcpPacketView packet, FeedbackHead head)
    {
        if (packet.IsNack && _outgoing.TryGetValue(head.Media, out var stream))
        {
            foreach (var sequence in new NackedSequences(packet))
            {
                stream.Resend(sequence);
            }
        }
        else if (packet.IsPictureLoss)
        {
            _senders.ForEach(sender => sender.RequestKeyFrame(head.Media));
        }
        else if (packet.IsFullIntraRequest)
        {
            foreach (var source in new FullIntraRequests(packet))
            {
                _senders.ForEach(sender => sender.RequestKeyFrame(source));
            }
        }
    }

    private void Count(Span<byte> datagram, Instant now)
    {
        // The padding count is encrypted; the header's own fields are not.
        datagram[0] &= 0xDF;
        if (RtpPacketView.TryParse(datagram, out var view))
        {
            NoteTransportSequence(view, now);
            Find(view)?.Count(view, now);
            _timer.ScheduleNoLaterThan(_feedback.NextDeadline);
        }
    }

    // What a repair repairs stands in its encrypted part.
    private bool IsRepair(ReadOnlySpan<byte> datagram) => _repairs.ContainsKey(new Ssrc(BinaryPrimitives.ReadUInt32BigEndian(datagram[8..])));

    private void NoteTransportSequence(in RtpPacketView view, Instant now)
    {
        if (RtpHeaderExtensions.Read(view, Extensions).TryGetTransportSequence(view.Datagram, out var sequence))
        {
            _feedback.OnPacket(sequence, view.Ssrc, now);
        }
    }

    private ReceivedTrack? Find(in RtpPacketView view)
    {
        if (_received.TryGetValue(view.Ssrc, out var track))
        {
            return track;
        }

        var mid = RtpHeaderExtensions.Read(view, Extensions).DataOf(ExtensionKind.Mid, view.Datagram);
        return RtpIdentifier.TryRead(mid, out var identifier)
            && _sections.TryGetValue(identifier, out var section)
            && section.RepairedBy(view.PayloadType) is null
                ? Bind(section, view.Ssrc, null)
                : null;
    }

    private ReceivedTrack Bind(RemoteSection section, Ssrc media, Ssrc? repair)
    {
        if (!_received.TryGetValue(media, out var track) || track.Section.TrackSid != section.TrackSid)
        {
            track = new ReceivedTrack(section, media, _owner.KnownSince(section.TrackSid), Latency, _readArrival) { ChecksFrames = _decryptOneIn == 1 };
            track.SetPaused(_owner.IsPaused(section.TrackSid));
            _received[media] = track;
            _tracks.Add(track);
        }

        if (repair is { } ssrc)
        {
            _repairs[ssrc] = track;
        }

        return track;
    }

    private void FlushData(Instant now)
    {
        while (_data is not null && _data.TryGetOutgoing(_sctpPacket, now, out var written))
        {
            Transport.SendApplicationData(_sctpPacket.AsSpan(0, written));
        }
    }
}

/// <summary>The participant a connection belongs to, as the connection sees it. On the loop.</summary>
internal interface IConnectionOwner
{
    void OnConnected(ClientConnection connection, Instant now);

    void OnFailed(ClientConnection connection, string reason);

    void OnDataConnected(ClientConnection connection, DataChannelSet channels, Instant now);

    void OnChannelOpen(ClientConnection connection, DataChannel channel);

    void OnMessage(DataChannel channel, ReadOnlySpan<byte> message);

    /// <summary>When this participant first heard of a track.</summary>
    Instant KnownSince(string trackSid);

    bool IsPaused(string trackSid);
}
