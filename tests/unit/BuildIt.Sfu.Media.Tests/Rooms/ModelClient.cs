using System.Globalization;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;
using BuildIt.Sfu.Media.Tests.Network;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>A participant with one connection, made of the media core in the client's role, in virtual time.</summary>
internal sealed class ModelClient : IMediaPeerEvents, IPeerTransportEvents
{
    public static readonly DataRate[] LayerRates = [DataRate.FromKilobits(150), DataRate.FromKilobits(500), DataRate.FromKilobits(1500)];
    public static readonly DataRate AudioRate = DataRate.FromKilobits(32);

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(500);
    private static readonly string[] Rids = ["q", "h", "f"];

    private static readonly TransportAddress Node = TransportAddress.FromIPv4(0xC0000201, 7882);

    private readonly VirtualRoom _room;
    private readonly string _name;
    private readonly int _seed;
    private readonly PeerTransport _transport;
    private readonly VirtualEndpoint _endpoint;
    private readonly TransportFeedbackGenerator _feedback = new(new Ssrc(1));
    private readonly ExtensionMap _extensions = new();
    private readonly List<(MediaKind Kind, string? Cid)> _sections = [];
    private readonly List<ModelSource> _sources = [];
    private readonly List<ModelReceiver> _receivers = [];
    private readonly Dictionary<Ssrc, SequenceUnwrapper> _sent = [];
    private readonly HashSet<(Ssrc Ssrc, long Index)> _used = [];
    private ushort _transportSequence;
    private Instant _nextReport;
    private ulong _version;

    public ModelClient(VirtualRoom room, string name, int seed)
    {
        (_room, _name, _seed) = (room, name, seed);
        Up = new EmulatedLink(Fast(), seed);
        Down = new EmulatedLink(Fast(), seed + 1);
        _endpoint = new VirtualEndpoint(room, null!) { Output = (bytes, now) => Output(bytes, now) };
        var random = new SeededSource(seed);
        _transport = new PeerTransport(
            new PeerTransportOptions
            {
                Ice = new IceAgentOptions { Lite = false, Controlling = true },
                LocalCredentials = IceCredentials.Generate(random),
                DtlsRole = DtlsRole.Client,
                Dtls = room.Dtls,
                Srtp = room.Srtp,
                Random = random,
            },
            this,
            _endpoint);
        Data = new ModelData(_transport, seed);
        _extensions.TryAdd(ModelSource.TransportId, ExtensionKind.TransportSequence);
        _extensions.TryAdd(ModelSource.MidId, ExtensionKind.Mid);
        _nextReport = room.Now;
    }

    public IMediaPeer Peer { get; set; } = null!;

    public ModelData Data { get; }

    /// <summary>Bytes of datagrams that have come from the node.</summary>
    public long BytesReceived => _transport.BytesReceived;

    /// <summary>Bytes of datagrams that were sent to it.</summary>
    public long BytesSent => _transport.BytesSent;

    /// <summary>What the node does with a message of this client: the room's business.</summary>
    public Action<DataChannelKind, byte[], Instant> Relay { get; set; } = static (_, _, _) => { };

    public VirtualEndpoint NodeSide { get; set; } = null!;

    /// <summary>What the node held this client back by, each time.</summary>
    public List<ClientLimit> Limits { get; } = [];

    /// <summary>To the node.</summary>
    public EmulatedLink Up { get; }

    /// <summary>From the node.</summary>
    public EmulatedLink Down { get; }

    public Action<ReadOnlySpan<byte>, Instant> Output { get; set; } = static (_, _) => { };

    public IReadOnlyList<ModelSource> Sources => _sources;

    public ModelReceiver Video => _receivers.Single(r => !r.IsAudio);

    public ModelReceiver Audio => _receivers.Single(r => r.IsAudio);

    public IReadOnlyList<ModelReceiver> Receivers => _receivers;

    public List<(TrackSid Track, TrackStreamState State, Instant At)> StreamStates { get; } = [];

    public VideoQualityLevel? Watched { get; private set; }

    /// <summary>Streams of this client that the node's reports named.</summary>
    public HashSet<Ssrc> ReportedOn { get; } = [];

    /// <summary>When the node asked for sections and another offer.</summary>
    public List<Instant> SectionsRequired { get; } = [];

    public TrackSid VideoSid => new("TR_V" + _name);

    public TrackSid AudioSid => new("TR_A" + _name);

    /// <summary>Set before publishing: whether redundant audio is offered, sent and understood.</summary>
    public bool Red { get; set; }

    /// <summary>Set before publishing: whether the codec of telephones (PCMU) is offered beside Opus.</summary>
    public bool Telephone { get; set; }

    /// <summary>Set before publishing: whether the tracks are announced as encrypted end to end.</summary>
    public bool Encrypted { get; set; }

    /// <summary>Set before publishing: whether a second payload type of VP8 is offered, to change to.</summary>
    public bool TwoCodecs { get; set; }

    /// <summary>What happens once more between an offer and its answer.</summary>
    public Action? BeforeAnswer { get; set; }

    /// <summary>Publishes three layers of video and audio, and connects.</summary>
    public void Publish()
    {
        Announce(VideoSid, TrackKind.Video, TrackOrigin.Camera, [.. Rids.Select((rid, i) => new PublishedLayer((VideoQualityLevel)i, 320 << i, 180 << i, 0, rid))]);
        Announce(AudioSid, TrackKind.Audio, TrackOrigin.Microphone, []);
        _sections.Add((MediaKind.Video, "v" + _name));
        _sections.Add((MediaKind.Audio, "a" + _name));
        for (var layer = 0; layer < Rids.Length; layer++)
        {
            _sources.Add(new ModelSource("0", Rids[layer], layer, LayerRates[layer], 25, _seed + layer, _room.Now));
        }

        _sources.Add(new ModelSource("1", "", -1, AudioRate, 50, _seed + 9, _room.Now));
        Offer();
    }

    /// <summary>Publishes sounds only, so many of them, and connects.</summary>
    public void PublishSounds(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Announce(new TrackSid($"TR_A{i}{_name}"), TrackKind.Audio, TrackOrigin.Microphone, [], cid: $"a{i}{_name}");
            _sections.Add((MediaKind.Audio, $"a{i}{_name}"));
            _sources.Add(new ModelSource($"{i}", "", -1, AudioRate, 50, _seed + i, _room.Now));
        }

        Offer();
    }

    /// <summary>Announces and offers one more encoding of the picture, of which nothing is sent.</summary>
    public void PublishSecondEncoding()
    {
        Announce(VideoSid, TrackKind.Video, TrackOrigin.Camera, [.. Rids.Select((rid, i) => new PublishedLayer((VideoQualityLevel)i, 320 << i, 180 << i, 0, rid))], second: "w" + _name);
        _sections.Add((MediaKind.Video, "w" + _name));
        Offer();
    }

    /// <summary>The encoder changes to the other payload type of the picture, or the microphone to the other one of sound.</summary>
    public void ChangeCodec(bool audio)
    {
        foreach (var source in _sources.Where(source => source.IsAudio == audio))
        {
            source.IsRed = audio && !source.IsRed;
            source.VideoType = source.VideoType == ModelSource.Vp8 ? ModelSource.OtherVp8 : ModelSource.Vp8;
        }
    }

    /// <summary>Connects with a section for sound and one for video in which it could receive, before there is anything to receive.</summary>
    public void OfferToReceive()
    {
        _sections.Add((MediaKind.Audio, null));
        _sections.Add((MediaKind.Video, null));
        Offer();
    }

    /// <summary>Adds data channels to the connection.</summary>
    public void OpenData()
    {
        _sections.Add((MediaKind.Application, null));
        Offer();
    }

    public void Subscribe(ModelClient other, SubscriptionSettings settings)
    {
        Peer.Subscribe(other.VideoSid, settings, _room.Now);
        Peer.Subscribe(other.AudioSid, new SubscriptionSettings(), _room.Now);
    }

    /// <summary>Says that the picture is lost, true or not.</summary>
    public void AskForKeyFrame()
    {
        Span<byte> buffer = stackalloc byte[64];
        var writer = new RtcpWriter(buffer);
        writer.WritePictureLoss(new Ssrc(1), Video.Ssrc);
        _transport.SendRtcp(buffer[..writer.Length]);
    }

    public void HandleDatagram(byte[] datagram, Instant now) => _transport.HandleDatagram(datagram, Node, now);

    public void HandleTimeout(Instant now)
    {
        if (_transport.NextDeadline <= now)
        {
            _transport.HandleTimeout(now);
        }

        if (!_transport.IsConnected)
        {
            return;
        }

        Data.HandleTimeout(now);
        _sources.ForEach(source => source.Play(now, ref _transportSequence, Send));
        Span<byte> buffer = stackalloc byte[1400];
        while (now >= _feedback.NextDeadline && _feedback.TakeDue(now, buffer) is > 0 and var length)
        {
            _transport.SendRtcp(buffer[..length]);
        }

        var writer = new RtcpWriter(buffer);
        foreach (var receiver in _receivers)
        {
            receiver.TakeFeedback(ref writer, new Ssrc(1), Down.Settings.Delay + Up.Settings.Delay, now);
        }

        if (now >= _nextReport)
        {
            _nextReport = now + ReportInterval;
            foreach (var source in _sources)
            {
                writer.WriteSenderReport(new SenderInfo(source.Ssrc, new NtpTime(0xE000_0000_0000_0000) + (now - Instant.Zero), source.Timestamp(now), 0, 0), []);
            }

            ReportBlock[] blocks = [.. _receivers.Where(r => r.Packets > 0).Select(r => r.TakeReport(now))];
            writer.WriteReceiverReport(new Ssrc(1), blocks);
        }

        if (writer.Length > 0)
        {
            _transport.SendRtcp(buffer[..writer.Length]);
        }
    }

    public void OnMediaSectionsRequired(int audio, int video, Instant now)
    {
        SectionsRequired.Add(now);
        _sections.AddRange(Enumerable.Repeat((MediaKind.Audio, (string?)null), audio));
        _sections.AddRange(Enumerable.Repeat((MediaKind.Video, (string?)null), video));
        _room.Post(_ => Offer());
    }

    public void OnSubscribed(TrackSid track, Instant now)
    {
    }

    public void OnSubscriptionFailed(TrackSid track, SubscriptionFailure reason, Instant now) => Assert.Fail($"{track}: {reason}");


    public void OnWantedQualities(TrackSid track, IReadOnlyList<WantedCodec> codecs, Instant now)
    {
        // As livekit-client does: layers above the highest wanted are not sent.
        Watched = codecs[0].Highest;
        foreach (var (source, layer) in _sources.Where(s => !s.IsAudio).Select((s, i) => (s, i)))
        {
            source.IsActive = Watched != VideoQualityLevel.Off && layer <= (int)Watched;
        }
    }

    public void OnStreamState(TrackSid track, TrackStreamState state, Instant now) => StreamStates.Add((track, state, now));

    public void OnRtp(Span<byte> packet, Instant now)
    {
        if (!RtpPacketView.TryParse(packet, out var view))
        {
            return;
        }

        if (RtpHeaderExtensions.Read(view, _extensions).TryGetTransportSequence(packet, out var number))
        {
            _feedback.OnPacket(number, view.Ssrc, now);
        }

        foreach (var receiver in _receivers)
        {
            if (receiver.Ssrc == view.Ssrc)
            {
                receiver.Receive(packet, view, repaired: false, now);
            }
            else if (receiver.RepairSsrc == view.Ssrc
                && RtxPacket.TryDecapsulate(packet, view, ModelSource.Vp8, receiver.Ssrc, out var original)
                && RtpPacketView.TryParse(original, out var inner))
            {
                receiver.Receive(original, inner, repaired: true, now);
            }
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
                _receivers.Find(r => r.Ssrc == info.Sender)?.OnSenderReport(info, now);
            }
            else if (packet.Type == RtcpType.ReceiverReport)
            {
                foreach (var block in new ReportBlocks(packet))
                {
                    ReportedOn.Add(block.Source);
                }
            }
            else if (FeedbackHead.TryRead(packet, out var head) && _sources.Find(s => s.Ssrc == head.Media) is { } source)
            {
                if (packet.IsPictureLoss)
                {
                    source.WantKeyFrame();
                }
                else if (packet.IsNack)
                {
                    foreach (var sequence in new NackedSequences(packet))
                    {
                        source.Repair(sequence, ref _transportSequence, Send);
                    }
                }
            }
        }
    }

    public void OnOffer(string sdp, IReadOnlyDictionary<string, string> midToTrack, Instant now) => Assert.Fail("the node offers on an only connection");

    public void OnConnectionState(PeerTarget target, PeerConnectionState state, Instant now)
    {
    }

    public void OnReady(Instant now)
    {
    }

    public void OnTrackNegotiated(TrackSid track, string cid, string mid, string mimeType, Instant now)
    {
    }

    public void OnTrackStarted(TrackSid track, Instant now)
    {
    }

    public void OnTrackEnded(TrackSid track, Instant now)
    {
    }

    public void OnLimited(ClientLimit limit, Instant now) => Limits.Add(limit);

    public void OnData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now) => Relay(channel, message.ToArray(), now);

    public void OnIceState(IceState state, Instant now)
    {
    }

    public void OnConnected(SrtpProfile profile, Instant now)
    {
        if (_sections.Exists(section => section.Kind == MediaKind.Application))
        {
            Data.Connect(now);
        }
    }

    public void OnApplicationData(ReadOnlySpan<byte> data, Instant now) => Data.Handle(data, now);

    public void OnPeerClosed(Instant now)
    {
    }

    public void OnFailed(TransportFailure reason, Instant now) => Assert.Fail($"{_name}: {reason}");

    private static LinkSettings Fast() => new() { Rate = DataRate.FromMegabits(50), Delay = TimeSpan.FromMilliseconds(10) };

    private void Send(byte[] packet)
    {
        Assert.True(RtpPacketView.TryParse(packet, out var view));
        var place = _sent.GetValueOrDefault(view.Ssrc);
        var index = place.Unwrap(view.SequenceNumber.Value) - 0x1_0000;
        _sent[view.Ssrc] = place;
        if (!_used.Add((view.Ssrc, index)))
        {
            // Once more as it was, since nothing may be encrypted twice under one index.
            _transport.SendProtectedRtp(packet);
            return;
        }

        _transport.SendRtp(packet, new PacketIndex((ulong)index));
    }

    private void Announce(TrackSid sid, TrackKind kind, TrackOrigin origin, IReadOnlyList<PublishedLayer> layers, string? cid = null, string? second = null) =>
        Peer.Publish(
            new PublishedTrack
            {
                Sid = sid,
                Publisher = new ParticipantSid("PA_" + _name),
                Kind = kind,
                Origin = origin,
                Encodings =
                [
                    new PublishedEncoding(cid ?? (kind == TrackKind.Video ? "v" : "a") + _name, kind == TrackKind.Video ? "vp8" : "", layers),
                    .. second is null ? [] : (PublishedEncoding[])[new PublishedEncoding(second, "vp8", layers)],
                ],
                DisableRed = !Red,
                Encrypted = Encrypted,
            },
            _room.Now);

    /// <summary>Offers all sections and takes the answer: signalling takes no time here.</summary>
    private void Offer()
    {
        var credentials = _transport.LocalCredentials;
        var fingerprint = _room.Dtls.LocalFingerprint.ToString().Split(' ');
        var transport = new SdpTransport
        {
            IceUfrag = credentials.Ufrag,
            IcePassword = credentials.Password,
            Fingerprints = [new SdpFingerprint(fingerprint[0], fingerprint[1])],
            Setup = DtlsSetup.ActPass,
        };
        SdpMedia[] media = [.. _sections.Select((section, index) => Section(section.Kind, section.Cid, index, transport))];
        var offer = SdpWriter.Write(new SdpSession { SessionId = 1, SessionVersion = ++_version, BundleGroups = [[.. media.Select(m => m.Mid)]], Media = media });
        var made = Peer.BeginOffer(RemoteDescription.Parse(offer), _room.Now);
        made.Build();
        var between = BeforeAnswer;
        BeforeAnswer = null;
        between?.Invoke();
        var result = Peer.FinishOffer(made, _room.Now);
        Assert.Null(result.Error);
        Assert.True(SdpParser.TryParse(result.Sdp, out var answer, out var error), error.ToString());
        Apply(answer, result.MidToTrack);
    }

    private void Apply(SdpSession answer, IReadOnlyDictionary<string, string> midToTrack)
    {
        var remote = answer.TransportOf(answer.Media[0]);
        Assert.True(DtlsFingerprint.TryParse($"{remote.Fingerprints[0].Algorithm} {remote.Fingerprints[0].Value}", out var fingerprint));
        _transport.SetRemoteParameters(new IceCredentials(remote.IceUfrag!, remote.IcePassword!), fingerprint, DtlsRole.Client, _room.Now);
        foreach (var line in answer.Media.SelectMany(m => m.Candidates).Distinct())
        {
            Assert.True(IceCandidate.TryParse(line, out var candidate));
            _transport.AddRemoteCandidate(candidate);
        }

        // As browsers do: the first codec of an answer is sent.
        foreach (var source in _sources.Where(source => source.IsAudio))
        {
            source.IsRed = answer.Media[int.Parse(source.Mid, CultureInfo.InvariantCulture)].Codecs[0].Is("red");
        }

        foreach (var media in answer.Media.Where(m => midToTrack.ContainsKey(m.Mid) && m.Sources.Count > 0))
        {
            var group = media.SourceGroups.FirstOrDefault(g => g.Semantics == "FID");
            var ssrc = new Ssrc(group?.Ssrcs[0] ?? media.Sources[0].Ssrc);
            if (!_receivers.Exists(r => r.Ssrc == ssrc))
            {
                var repairs = media.Codecs.Any(codec => codec.Feedback.Contains("nack"));
                _receivers.Add(new ModelReceiver(midToTrack[media.Mid], media.Kind == MediaKind.Audio, repairs, ssrc, group is null ? null : new Ssrc(group.Ssrcs[1])));
            }
        }
    }

    private SdpMedia Section(MediaKind kind, string? cid, int index, SdpTransport transport)
    {
        if (kind == MediaKind.Application)
        {
            return new SdpMedia
            {
                Kind = kind,
                KindName = "application",
                Protocol = "UDP/DTLS/SCTP",
                Formats = ["webrtc-datachannel"],
                Mid = index.ToString(CultureInfo.InvariantCulture),
                Transport = transport,
                SctpPort = 5000,
                MaxMessageSize = 65535,
            };
        }

        var isVideo = kind == MediaKind.Video;
        SdpCodec[] codecs = isVideo
            ?
            [
                new SdpCodec { PayloadType = ModelSource.Vp8, Name = "VP8", ClockRate = 90_000, Feedback = ["transport-cc", "nack", "nack pli"] },
                new SdpCodec { PayloadType = ModelSource.Vp8 + 1, Name = "rtx", ClockRate = 90_000, Parameters = $"apt={ModelSource.Vp8}" },
                .. TwoCodecs
                    ?
                    [
                        new SdpCodec { PayloadType = ModelSource.OtherVp8, Name = "VP8", ClockRate = 90_000, Feedback = ["transport-cc", "nack", "nack pli"] },
                        new SdpCodec { PayloadType = ModelSource.OtherVp8 + 1, Name = "rtx", ClockRate = 90_000, Parameters = $"apt={ModelSource.OtherVp8}" },
                    ]
                    : (SdpCodec[])[],
            ]
            :
            [
                new SdpCodec { PayloadType = ModelSource.Opus, Name = "opus", ClockRate = 48_000, Channels = 2, Feedback = ["transport-cc"] },
                .. Red ? [new SdpCodec { PayloadType = ModelSource.Red, Name = "red", ClockRate = 48_000, Channels = 2, Parameters = $"{ModelSource.Opus}/{ModelSource.Opus}" }] : (SdpCodec[])[],
                .. Telephone ? [new SdpCodec { PayloadType = ModelSource.Pcmu, Name = "PCMU", ClockRate = 8000, Channels = 1 }] : (SdpCodec[])[],
            ];
        var simulcast = isVideo && cid is not null;
        return new SdpMedia
        {
            Kind = kind,
            KindName = isVideo ? "video" : "audio",
            Protocol = "UDP/TLS/RTP/SAVPF",
            Formats = [.. codecs.Select(codec => codec.PayloadType.ToString(CultureInfo.InvariantCulture))],
            Mid = index.ToString(CultureInfo.InvariantCulture),
            Direction = cid is null ? MediaDirection.RecvOnly : MediaDirection.SendOnly,
            RtcpMux = true,
            RtcpReducedSize = true,
            Transport = transport,
            Codecs = codecs,
            Extensions =
            [
                new(ModelSource.TransportId, HeaderExtensionUris.TransportCc),
                new(ModelSource.MidId, HeaderExtensionUris.Mid),
                new(ModelSource.RidId, HeaderExtensionUris.Rid),
                new(ModelSource.RepairedRidId, HeaderExtensionUris.RepairedRid),
            ],
            Rids = simulcast ? [.. Rids.Select(rid => new SdpRid(rid, Sends: true))] : [],
            SimulcastSend = simulcast ? [.. Rids.Select(rid => new SdpSimulcastStream([new SdpSimulcastRid(rid)]))] : [],
            Msids = cid is null ? [] : [new SdpMsid("model", cid)],
        };
    }
}
