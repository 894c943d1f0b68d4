using System.Globalization;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Transport;
using BuildIt.Sfu.TestClient.Media;

namespace BuildIt.Sfu.TestClient.Negotiation;

/// <summary>
/// Offers and answers of one connection in the client's role. Sections keep their place and mid (RFC 8829 section 5.2.2).
/// Used on one loop.
/// </summary>
internal sealed class ConnectionNegotiation(ClientConnection connection, DtlsFingerprint fingerprint)
{
    private const string DataMid = "0";

    private readonly List<Section> _sections = [];
    private readonly ulong _sessionId = connection.NextRandom();
    private ulong _version;
    private uint _offerId;

    public bool NeedsOffer { get; private set; }

    public bool AwaitsAnswer { get; private set; }

    /// <summary>Id of the offer that is out.</summary>
    public uint OfferId => _offerId;

    /// <summary>The mid that a new section gets.</summary>
    public string NextMid => (_sections.Count + 1).ToString(CultureInfo.InvariantCulture);

    public void AddSender(ITrackSender sender)
    {
        _sections.Add(new Section(NextMid, sender.Kind) { Sender = sender });
        NeedsOffer = true;
    }

    public void RemoveSender(ITrackSender sender)
    {
        foreach (var section in _sections.Where(section => section.Sender == sender))
        {
            section.Sender = null;
            section.Ended = true;
            NeedsOffer = true;
        }
    }

    /// <summary>Adds sections in which the node may send.</summary>
    public void AddReceivers(MediaKind kind, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _sections.Add(new Section(NextMid, kind));
            NeedsOffer = true;
        }
    }

    public void RequestOffer() => NeedsOffer = true;

    /// <summary>The next offer; its answer has to come before another is made.</summary>
    public string MakeOffer()
    {
        NeedsOffer = false;
        AwaitsAnswer = true;
        _offerId++;
        var transport = Transport(DtlsSetup.ActPass);
        var media = new List<SdpMedia>();
        if (connection.WantsData)
        {
            media.Add(new SdpMedia
            {
                Kind = MediaKind.Application,
                KindName = "application",
                Protocol = "UDP/DTLS/SCTP",
                Formats = ["webrtc-datachannel"],
                Mid = DataMid,
                Transport = transport,
                SctpPort = 5000,
                MaxMessageSize = 65535,
            });
        }

        media.AddRange(_sections.Select(section => Offered(section, transport)));
        return SdpWriter.Write(new SdpSession
        {
            SessionId = _sessionId,
            SessionVersion = ++_version,
            BundleGroups = [[.. media.Select(section => section.Mid)]],
            ExtmapAllowMixed = true,
            MsidSemantic = " WMS",
            Media = media,
        });
    }

    /// <summary>Takes the answer to the offer that is out; null when it fits, else what is wrong.</summary>
    public string? ApplyAnswer(string sdp, IDictionary<string, string> midToTrack, Instant now)
    {
        AwaitsAnswer = false;
        if (!SdpParser.TryParse(sdp, out var answer, out var syntax))
        {
            return $"the answer cannot be read: {syntax}";
        }

        if (SetTransport(answer, now) is { } fault)
        {
            return fault;
        }

        foreach (var media in answer.Media)
        {
            _sections.Find(section => section.Mid == media.Mid)?.Sender?.Configure(media);
        }

        SetTracks(answer, midToTrack);
        return null;
    }

    /// <summary>Answers an offer of the node; null with <paramref name="error"/> when that is not possible.</summary>
    public string? Answer(string sdp, IDictionary<string, string> midToTrack, Instant now, out string error)
    {
        if (!SdpParser.TryParse(sdp, out var offer, out var syntax))
        {
            error = $"the offer cannot be read: {syntax}";
            return null;
        }

        error = SetTransport(offer, now) ?? "";
        if (error.Length > 0)
        {
            return null;
        }

        SetTracks(offer, midToTrack);
        var transport = Transport(DtlsSetup.Active);
        var media = offer.Media.Select(section => Answered(section, transport)).ToArray();
        return SdpWriter.Write(new SdpSession
        {
            SessionId = _sessionId,
            SessionVersion = ++_version,
            BundleGroups = [[.. media.Where(section => !section.Rejected).Select(section => section.Mid)]],
            ExtmapAllowMixed = offer.ExtmapAllowMixed,
            Media = media,
        });
    }

    private string? SetTransport(SdpSession remote, Instant now)
    {
        if (remote.Media.FirstOrDefault(media => !media.Rejected) is not { } first)
        {
            return "every section is refused";
        }

        var transport = remote.TransportOf(first);
        if (transport is not { IceUfrag: { } ufrag, IcePassword: { } password, Fingerprints: [var named, ..] }
            || !DtlsFingerprint.TryParse($"{named.Algorithm} {named.Value}", out var expected))
        {
            return "no ICE credentials or no fingerprint";
        }

        // RFC 8842 section 5.3: we open the handshake unless the node does.
        var role = transport.Setup == DtlsSetup.Active ? DtlsRole.Server : DtlsRole.Client;
        connection.SetRemote(new IceCredentials(ufrag, password), expected, role, now);
        foreach (var candidate in remote.Media.SelectMany(media => media.Candidates).Distinct())
        {
            connection.AddRemoteCandidate(candidate);
        }

        return null;
    }

    private void SetTracks(SdpSession remote, IDictionary<string, string> midToTrack)
    {
        foreach (var extension in remote.Media.SelectMany(media => media.Extensions))
        {
            connection.Extensions.TryAdd(extension.Id, KnownExtensions.KindOf(extension.Uri));
        }

        connection.SetSections([.. remote.Media.Select(media => RemoteSection.Read(media, midToTrack)).OfType<RemoteSection>()]);
    }

    private SdpTransport Transport(DtlsSetup setup) => new()
    {
        IceUfrag = connection.Transport.LocalCredentials.Ufrag,
        IcePassword = connection.Transport.LocalCredentials.Password,
        IceOptions = ["trickle"],
        Fingerprints = [new SdpFingerprint(fingerprint.Algorithm, fingerprint.ToString()[(fingerprint.Algorithm.Length + 1)..])],
        Setup = setup,
    };

    private static SdpMedia Offered(Section section, SdpTransport transport)
    {
        var isAudio = section.Kind == MediaKind.Audio;
        var sender = section.Sender;
        var codecs = (isAudio, sender is not null) switch
        {
            (true, true) => ClientCapabilities.SentAudio,
            (true, false) => ClientCapabilities.ReceivedAudio,
            (false, true) => ClientCapabilities.SentVideo,
            (false, false) => ClientCapabilities.ReceivedVideo,
        };
        var rids = sender?.Rids ?? [];

        // Simulcast streams are told apart by rid alone; a single stream names its sources, as browsers do.
        var named = rids.Count == 0 ? sender?.Streams ?? [] : [];
        return new SdpMedia
        {
            Kind = section.Kind,
            KindName = isAudio ? "audio" : "video",
            Protocol = "UDP/TLS/RTP/SAVPF",
            Formats = [.. codecs.Select(codec => codec.PayloadType.ToString(CultureInfo.InvariantCulture))],
            Mid = section.Mid,
            Direction = sender is not null ? MediaDirection.SendOnly : section.Ended ? MediaDirection.Inactive : MediaDirection.RecvOnly,
            RtcpMux = true,
            RtcpReducedSize = true,
            Transport = transport,
            Codecs = codecs,
            Extensions = isAudio ? ClientCapabilities.AudioExtensions : ClientCapabilities.VideoExtensions,
            Rids = [.. rids.Select(rid => new SdpRid(rid, Sends: true))],
            SimulcastSend = [.. rids.Select(rid => new SdpSimulcastStream([new SdpSimulcastRid(rid)]))],
            Msids = sender is null ? [] : [new SdpMsid("headless", sender.Cid)],
            Sources =
            [
                .. named.Select(stream => new SdpSource(stream.Ssrc.Value) { Cname = "headless" }),
                .. named.Where(_ => !isAudio).Select(stream => new SdpSource(stream.RepairSsrc.Value) { Cname = "headless" }),
            ],
            SourceGroups = isAudio ? [] : [.. named.Select(stream => new SdpSourceGroup("FID", [stream.Ssrc.Value, stream.RepairSsrc.Value]))],
        };
    }

    private SdpMedia Answered(SdpMedia offer, SdpTransport transport)
    {
        if (offer.Kind == MediaKind.Application && connection.WantsData)
        {
            return new SdpMedia
            {
                Kind = offer.Kind,
                KindName = offer.KindName,
                Protocol = offer.Protocol,
                Formats = offer.Formats,
                Mid = offer.Mid,
                Transport = transport,
                SctpPort = 5000,
                MaxMessageSize = 65535,
            };
        }

        var codecs = offer.Codecs.Where(codec => ClientCapabilities.Receives(codec, offer.Codecs)).ToArray();
        if (offer.Rejected || codecs.Length == 0)
        {
            return new SdpMedia
            {
                Kind = MediaKind.Other,
                KindName = offer.KindName,
                Port = 0,
                Protocol = offer.Protocol,
                Formats = offer.Formats,
                Mid = offer.Mid,
                Direction = MediaDirection.Inactive,
            };
        }

        return new SdpMedia
        {
            Kind = offer.Kind,
            KindName = offer.KindName,
            Protocol = offer.Protocol,
            Formats = [.. codecs.Select(codec => codec.PayloadType.ToString(CultureInfo.InvariantCulture))],
            Mid = offer.Mid,
            Direction = offer.Direction.Sends ? MediaDirection.RecvOnly : MediaDirection.Inactive,
            RtcpMux = true,
            RtcpReducedSize = offer.RtcpReducedSize,
            Transport = transport,
            Codecs = codecs,
            Extensions = [.. offer.Extensions.Where(extension => KnownExtensions.KindOf(extension.Uri) != ExtensionKind.None)],
        };
    }

    private sealed class Section(string mid, MediaKind kind)
    {
        public string Mid { get; } = mid;

        public MediaKind Kind { get; } = kind;

        /// <summary>What we send here; null when the node may send.</summary>
        public ITrackSender? Sender { get; set; }

        /// <summary>Something was sent here and is not any more.</summary>
        public bool Ended { get; set; }
    }
}
