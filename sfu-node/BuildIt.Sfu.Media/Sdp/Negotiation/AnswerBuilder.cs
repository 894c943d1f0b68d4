namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>Who is behind the sections of an offer.</summary>
public interface IAnswerContext
{
    /// <summary>How to receive the track that a client sends in a section.</summary>
    ReceivePreferences PreferencesFor(string mid);

    /// <summary>The track to send in a section on which the client receives; null sends nothing there.</summary>
    SendTrack? TrackFor(string mid, MediaKind kind);
}

/// <summary>
/// Answers the offers of one connection (RFC 8829 section 5.3): the publisher connection of a dual-mode client, the only one of a
/// single-mode client. Keeps the session version; otherwise without state. Not thread-safe.
/// </summary>
/// <param name="policy">What the node forwards.</param>
/// <param name="version">Version of the answer before the next one.</param>
public sealed class AnswerBuilder(CodecPolicy policy, ulong version = 0)
{
    /// <summary>Each layer costs the node state; clients use three.</summary>
    private const int MaxSimulcastStreams = 4;

    private ulong _version = version;

    /// <summary>
    /// Answers <paramref name="offer"/>. False with <paramref name="error"/> in words when the whole offer cannot be used;
    /// a single unusable section is refused inside the answer (port 0) instead.
    /// </summary>
    public bool TryAnswer(
        SdpSession offer,
        LocalDescription local,
        IAnswerContext context,
        out SdpSession answer,
        out NegotiatedSession result,
        out string error)
    {
        ArgumentNullException.ThrowIfNull(offer);
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(context);
        answer = new SdpSession();
        result = new NegotiatedSession { Remote = SdpTransport.Empty, Sections = [] };
        if (!TryCheck(offer, out var remote, out error))
        {
            return false;
        }

        // RFC 8842 section 5.3: the answerer picks the role, unless the offerer already has.
        var setup = remote.Setup == DtlsSetup.Passive ? DtlsSetup.Active : DtlsSetup.Passive;
        var transport = local.TransportWith(setup);
        var bundle = new List<string>();
        var media = new List<SdpMedia>(offer.Media.Count);
        var sections = new List<NegotiatedSection>(offer.Media.Count);
        SdpMedia? data = null;
        for (var index = 0; index < offer.Media.Count; index++)
        {
            var section = offer.Media[index];
            var usable = IsUsable(offer, section);
            if (usable && section.Kind == MediaKind.Application && data is null)
            {
                data = section;
                media.Add(DataSection(section, transport));
                sections.Add(new NegotiatedSection { Mid = section.Mid, Index = index, Kind = section.Kind });
            }
            else if (!usable
                || section.Kind == MediaKind.Application
                || !TryRtpSection(section, index, transport, context, out var answered, out var negotiated))
            {
                media.Add(RejectedSection(section));
                sections.Add(new NegotiatedSection { Mid = section.Mid, Index = index, Kind = section.Kind, Rejected = true });
                continue;
            }
            else
            {
                media.Add(answered);
                sections.Add(negotiated);
            }

            bundle.Add(section.Mid);
            if (bundle.Count == 1 && local.Candidates.Count > 0)
            {
                // RFC 9143 section 7.2: transport attributes of the bundle stand in its first section.
                media[^1] = media[^1] with { Candidates = local.Candidates, EndOfCandidates = true };
            }
        }

        answer = new SdpSession
        {
            SessionId = local.SessionId,
            SessionVersion = ++_version,
            BundleGroups = offer.BundleGroups.Count > 0 && bundle.Count > 0 ? [bundle] : [],
            IceLite = local.IceLite,
            ExtmapAllowMixed = offer.ExtmapAllowMixed,
            MsidSemantic = " WMS *",
            Media = media,
        };
        result = new NegotiatedSession
        {
            Remote = remote,
            NodeIsDtlsClient = setup == DtlsSetup.Active,
            RemoteIceLite = offer.IceLite,
            RemoteCandidates = SectionReader.Candidates(offer),
            Sections = sections,
            HasData = data is not null,
            RemoteSctpPort = data?.SctpPort ?? 0,
            RemoteMaxMessageSize = data is null ? 0 : SectionReader.MaxMessageSize(data),
        };
        return true;
    }

    private static bool TryCheck(SdpSession offer, out SdpTransport remote, out string error)
    {
        remote = SdpTransport.Empty;
        if (offer.Media.Count == 0)
        {
            error = "the offer has no sections";
            return false;
        }

        if (offer.Media.Any(media => media.Mid.Length == 0 && !media.Rejected))
        {
            error = "a section has no mid";
            return false;
        }

        if (offer.BundleGroups.Count == 0 && offer.Media.Count(media => !media.Rejected) > 1)
        {
            error = "the sections are not bundled";
            return false;
        }

        if (offer.Media.All(media => media.Rejected))
        {
            error = "";
            return true;
        }

        if (!SectionReader.TryTransport(offer, out remote, out error))
        {
            return false;
        }

        error = remote.Setup is DtlsSetup.HoldConnection ? "setup:holdconn is not supported" : "";
        return error.Length == 0;
    }

    private static bool IsUsable(SdpSession offer, SdpMedia section)
    {
        if (section.Rejected || (offer.BundleGroups.Count > 0 && !offer.BundleGroups[0].Contains(section.Mid)))
        {
            return false;
        }

        return section.Kind switch
        {
            // RFC 8834 section 4.1 asks for SAVPF, RFC 8858 for multiplexed RTCP when the section is bundled.
            MediaKind.Audio or MediaKind.Video => section.Protocol.EndsWith("RTP/SAVPF", StringComparison.Ordinal) && section.RtcpMux,
            MediaKind.Application => section.Protocol.EndsWith("DTLS/SCTP", StringComparison.Ordinal)
                && section.Formats is ["webrtc-datachannel"]
                && section.SctpPort is > 0,
            _ => false,
        };
    }

    private static SdpMedia DataSection(SdpMedia offer, SdpTransport transport) => new()
    {
        Kind = offer.Kind,
        KindName = offer.KindName,
        Protocol = offer.Protocol,
        Formats = offer.Formats,
        Mid = offer.Mid,
        Transport = transport,
        SctpPort = LocalDescription.SctpPort,
        MaxMessageSize = LocalDescription.MaxMessageSize,
    };

    // RFC 8829 section 5.3.1: a refused section keeps its place, its formats and its mid, and has port 0.
    private static SdpMedia RejectedSection(SdpMedia offer) => new()
    {
        Kind = MediaKind.Other,
        KindName = offer.KindName,
        Port = 0,
        Protocol = offer.Protocol,
        Formats = offer.Formats,
        Mid = offer.Mid,
        Direction = MediaDirection.Inactive,
    };

    private bool TryRtpSection(
        SdpMedia offer,
        int index,
        SdpTransport transport,
        IAnswerContext context,
        out SdpMedia answer,
        out NegotiatedSection negotiated)
    {
        var track = offer.Direction.Receives ? context.TrackFor(offer.Mid, offer.Kind) : null;
        var receives = offer.Direction.Sends;
        var preferences = receives ? context.PreferencesFor(offer.Mid) : ReceivePreferences.Default;
        var codecs = AnswerCodecSelector.Select(policy, offer, track, receives ? preferences : null);
        var extensions = ExtensionPolicy.Select(offer);
        var ids = ExtensionIds.From(extensions);

        // RFC 8853 section 5.3: what the offerer sends we receive, under the same rids.
        var streams = receives && offer.Kind == MediaKind.Video && ids.Rid != 0
            ? offer.SimulcastSend.Take(MaxSimulcastStreams).Select(stream => new SdpSimulcastStream([new SdpSimulcastRid(stream.Rid)])).ToArray()
            : [];
        var direction = MediaDirections.Of(track is not null, receives);
        answer = new SdpMedia
        {
            Kind = offer.Kind,
            KindName = offer.KindName,
            Protocol = offer.Protocol,
            Formats = AnswerCodecSelector.Formats(codecs),
            Mid = offer.Mid,
            Direction = direction,
            RtcpMux = true,
            RtcpReducedSize = offer.RtcpReducedSize,
            Transport = transport,
            Codecs = codecs,
            Extensions = extensions,
            Rids = [.. streams.Select(stream => new SdpRid(stream.Rid, Sends: false))],
            SimulcastReceive = streams,
            Msids = track is null ? [] : [track.Msid],
            Sources = track?.Sources ?? [],
            SourceGroups = track?.SourceGroups ?? [],
        };
        negotiated = new NegotiatedSection
        {
            Mid = offer.Mid,
            Index = index,
            Kind = offer.Kind,
            Direction = direction,
            Codecs = SectionReader.Codecs(codecs),
            Extensions = ids,
            Rids = [.. streams.Select(stream => stream.Rid)],
            RemoteMsid = receives ? SectionReader.Msid(offer) : null,
            RemoteSources = receives ? SectionReader.Sources(offer) : [],
            Sends = track,
        };
        return codecs.Count > 0;
    }
}
