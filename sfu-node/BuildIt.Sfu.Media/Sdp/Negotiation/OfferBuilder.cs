using System.Globalization;

namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>
/// The node's offers on the subscriber connection of a dual-mode client: the data section first, then one sendonly section for
/// each track. Sections keep their place and mid for ever (RFC 8829 section 5.2.2); one whose track is gone turns inactive and,
/// once the client has answered that, takes the next track of its kind. Not thread-safe.
/// </summary>
public sealed class OfferBuilder(CodecPolicy policy, bool reuseSections = true)
{
    private const string RtpProtocol = "UDP/TLS/RTP/SAVPF";
    private const string DataMid = "0";

    private readonly List<Section> _sections = [];

    // By track: its section, or the one it was taken out of last.
    private readonly Dictionary<string, Section> _sectionOf = new(StringComparer.Ordinal);
    private readonly SortedSet<int> _freeAudio = [];
    private readonly SortedSet<int> _freeVideo = [];
    private IReadOnlyList<SendTrack?> _offered = [];
    private ulong _version;

    /// <summary>Changes were made that no offer has carried yet.</summary>
    public bool NeedsOffer { get; private set; } = true;

    /// <summary>An offer is out that the client has not answered.</summary>
    public bool AwaitsAnswer { get; private set; }

    /// <summary>
    /// Gives a track a section and returns its mid. A track that already has one keeps it, also when it was taken out and no offer
    /// has shown that.
    /// </summary>
    public string Add(SendTrack track)
    {
        ArgumentNullException.ThrowIfNull(track);
        if (!_sectionOf.TryGetValue(track.TrackId, out var section) || !section.Keeps(track))
        {
            section = reuseSections && FreeOf(track.Kind) is { Count: > 0 } free ? _sections[free.Min] : null;
            if (section is null)
            {
                section = new Section(_sections.Count, track.Kind);
                _sections.Add(section);
            }
        }

        _sectionOf[track.TrackId] = section;
        NeedsOffer |= section.Track != track;
        section.Track = track;
        FreeOf(track.Kind).Remove(section.Index);
        return section.Mid;
    }

    /// <summary>Takes a track out; false when it has no section.</summary>
    public bool Remove(string trackId)
    {
        if (!_sectionOf.TryGetValue(trackId, out var section) || section.Track?.TrackId != trackId)
        {
            return false;
        }

        section.Track = null;
        if (!section.IsOffered)
        {
            FreeOf(section.Kind).Add(section.Index);
        }

        NeedsOffer = true;
        return true;
    }

    /// <summary>The next offer. Its answer has to come before another is made.</summary>
    public SdpSession Build(LocalDescription local)
    {
        ArgumentNullException.ThrowIfNull(local);
        var transport = local.TransportWith(DtlsSetup.ActPass);
        var media = new List<SdpMedia>(_sections.Count + 1)
        {
            new()
            {
                Kind = MediaKind.Application,
                KindName = "application",
                Protocol = "UDP/DTLS/SCTP",
                Formats = ["webrtc-datachannel"],
                Mid = DataMid,
                Transport = transport,
                Candidates = local.Candidates,
                EndOfCandidates = local.Candidates.Count > 0,
                SctpPort = LocalDescription.SctpPort,
                MaxMessageSize = LocalDescription.MaxMessageSize,
            },
        };
        media.AddRange(_sections.Select(section => RtpSection(section, transport)));
        _offered = [.. _sections.Select(section => section.Show())];
        NeedsOffer = false;
        AwaitsAnswer = true;
        return new SdpSession
        {
            SessionId = local.SessionId,
            SessionVersion = ++_version,
            BundleGroups = [[.. media.Select(section => section.Mid)]],
            IceLite = local.IceLite,
            ExtmapAllowMixed = true,
            MsidSemantic = " WMS *",
            Media = media,
        };
    }

    /// <summary>Reads the client's answer to the last offer; false with <paramref name="error"/> in words when it does not fit.</summary>
    public bool TryApplyAnswer(SdpSession answer, out NegotiatedSession result, out string error)
    {
        ArgumentNullException.ThrowIfNull(answer);
        result = new NegotiatedSession { Remote = SdpTransport.Empty, Sections = [] };
        if (!AwaitsAnswer)
        {
            error = "no offer awaits an answer";
            return false;
        }

        // RFC 3264 section 6: an answer has as many sections as its offer, in the same order.
        if (answer.Media.Count != _offered.Count + 1)
        {
            error = $"the answer has {answer.Media.Count} sections where the offer had {_offered.Count + 1}";
            return false;
        }

        if (!SectionReader.TryTransport(answer, out var remote, out error))
        {
            return false;
        }

        if (remote.Setup is DtlsSetup.ActPass or DtlsSetup.HoldConnection)
        {
            error = "an answer has to choose a DTLS role";
            return false;
        }

        var sections = new List<NegotiatedSection>(answer.Media.Count);
        for (var index = 0; index < answer.Media.Count; index++)
        {
            var media = answer.Media[index];
            var mid = index == 0 ? DataMid : _sections[index - 1].Mid;
            var kind = index == 0 ? MediaKind.Application : _sections[index - 1].Kind;

            // Some clients leave the mid out of a section they refuse.
            if ((media.Mid != mid && !(media.Rejected && media.Mid.Length == 0)) || media.Kind != kind)
            {
                error = $"section {index} of the answer is not section {index} of the offer";
                return false;
            }

            sections.Add(index == 0
                ? new NegotiatedSection { Mid = mid, Index = 0, Kind = kind, Rejected = media.Rejected }
                : ReadSection(media, index));
        }

        Accept(answer);
        var data = answer.Media[0];
        result = new NegotiatedSession
        {
            Remote = remote,
            NodeIsDtlsClient = remote.Setup == DtlsSetup.Passive,
            RemoteIceLite = answer.IceLite,
            RemoteCandidates = SectionReader.Candidates(answer),
            Sections = sections,
            HasData = !data.Rejected,
            RemoteSctpPort = data.SctpPort ?? LocalDescription.SctpPort,
            RemoteMaxMessageSize = SectionReader.MaxMessageSize(data),
        };
        error = "";
        return true;
    }

    private void Accept(SdpSession answer)
    {
        AwaitsAnswer = false;
        for (var i = 0; i < _offered.Count; i++)
        {
            // Only after the client has seen a section inactive does it report a new track there as new
            // (W3C webrtc-pc, "process the addition of a remote track").
            var section = _sections[i];
            if (_offered[i] is null && section.Track is null && !answer.Media[i + 1].Rejected)
            {
                FreeOf(section.Kind).Add(i);
            }
            else
            {
                FreeOf(section.Kind).Remove(i);
            }
        }

        foreach (var (track, section) in _sectionOf.ToArray())
        {
            if (section.Track?.TrackId != track && !section.StillShows(track))
            {
                _sectionOf.Remove(track);
            }
        }
    }

    /// <summary>Places of the sections that are negotiated inactive, so that another track may take them.</summary>
    private SortedSet<int> FreeOf(MediaKind kind) => kind == MediaKind.Audio ? _freeAudio : _freeVideo;

    private NegotiatedSection ReadSection(SdpMedia media, int index)
    {
        var section = _sections[index - 1];
        var track = _offered[index - 1];
        var flows = track is not null && !media.Rejected && media.Direction.Receives;
        IReadOnlyList<SdpCodec> offered = track is null ? [] : policy.OfferFor(track);
        var agreed = media.Codecs.Where(codec => offered.Any(own => own.PayloadType == codec.PayloadType && own.Is(codec.Name))).ToArray();

        // Retransmission alone is no codec.
        var codecs = SectionReader.Codecs(agreed);
        return new NegotiatedSection
        {
            Mid = section.Mid,
            Index = index,
            Kind = section.Kind,
            Direction = flows ? MediaDirection.SendOnly : MediaDirection.Inactive,
            Rejected = media.Rejected || (flows && codecs.Count == 0),
            Codecs = codecs,
            Extensions = ExtensionIds.From(
                [.. media.Extensions.Where(extension => ExtensionPolicy.OfferFor(section.Kind).Any(own => own.Id == extension.Id && own.Uri == extension.Uri))]),
            Sends = flows && codecs.Count > 0 ? track : null,
        };
    }

    private SdpMedia RtpSection(Section section, SdpTransport transport)
    {
        var track = section.Track;
        var codecs = policy.OfferFor(track ?? section.Placeholder);
        return new SdpMedia
        {
            Kind = section.Kind,
            KindName = section.Kind == MediaKind.Audio ? "audio" : "video",
            Protocol = RtpProtocol,
            Formats = AnswerCodecSelector.Formats(codecs),
            Mid = section.Mid,
            Direction = track is null ? MediaDirection.Inactive : MediaDirection.SendOnly,
            RtcpMux = true,
            RtcpReducedSize = true,
            Transport = transport,
            Codecs = codecs,
            Extensions = ExtensionPolicy.OfferFor(section.Kind),
            Msids = track is null ? [] : [track.Msid],
            Sources = track?.Sources ?? [],
            SourceGroups = track?.SourceGroups ?? [],
        };
    }

    private sealed class Section(int index, MediaKind kind)
    {
        private SendTrack? _shown;

        public int Index => index;

        public string Mid { get; } = (index + 1).ToString(CultureInfo.InvariantCulture);

        public MediaKind Kind { get; } = kind;

        public SendTrack? Track { get; set; }

        public bool IsOffered { get; private set; }

        /// <summary>An offer shows its track from now on.</summary>
        public SendTrack? Show()
        {
            IsOffered = true;
            return _shown = Track;
        }

        /// <summary>A track that is in this section or was taken out of it may go on there.</summary>
        public bool Keeps(SendTrack track) => Kind == track.Kind && (Track is null ? StillShows(track.TrackId) : Track.TrackId == track.TrackId);

        /// <summary>For all that the client knows, the track is in this section; or it knows nothing of the section yet.</summary>
        public bool StillShows(string trackId) => !IsOffered || _shown?.TrackId == trackId;

        /// <summary>Stands in for the track of an inactive section, which still has to list codecs.</summary>
        public SendTrack Placeholder => new() { TrackId = "", StreamId = "", Kind = Kind, Ssrc = 0, Cname = "" };
    }
}
