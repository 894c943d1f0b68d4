namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>Reads from a remote section what negotiation needs. Shared by offers and answers.</summary>
internal static class SectionReader
{
    /// <summary>Turns agreed codec lines into codecs with their RTX payload types.</summary>
    public static IReadOnlyList<NegotiatedCodec> Codecs(IReadOnlyList<SdpCodec> agreed)
    {
        var codecs = new List<NegotiatedCodec>();
        foreach (var codec in agreed)
        {
            if (codec.Is(CodecPolicy.Rtx))
            {
                continue;
            }

            byte? rtx = null;
            foreach (var other in agreed)
            {
                rtx = other.AssociatedPayloadType == codec.PayloadType ? other.PayloadType : rtx;
            }

            codecs.Add(new NegotiatedCodec
            {
                Name = CanonicalName(codec.Name),
                PayloadType = codec.PayloadType,
                RtxPayloadType = rtx,
                ClockRate = codec.ClockRate,
                Channels = codec.Channels,
                Parameters = codec.Parameters,
                Nack = codec.Feedback.Contains("nack"),
                Pli = codec.Feedback.Contains("nack pli"),
                Fir = codec.Feedback.Contains("ccm fir"),
                Remb = codec.Feedback.Contains("goog-remb"),
                TransportCc = codec.Feedback.Contains("transport-cc"),
            });
        }

        return codecs;
    }

    /// <summary>The track a client sends: its msid line, else the msid of its first ssrc (older libwebrtc), else null.</summary>
    public static SdpMsid? Msid(SdpMedia media)
    {
        if (media.Msids.Count > 0)
        {
            return media.Msids[0];
        }

        foreach (var source in media.Sources)
        {
            if (source.Msid is not null)
            {
                return source.Msid;
            }
        }

        return null;
    }

    /// <summary>Announced sources with their repairs: in the order of a SIM group if there is one, else as written.</summary>
    public static IReadOnlyList<NegotiatedSource> Sources(SdpMedia media)
    {
        var repairs = new Dictionary<uint, uint>();
        IReadOnlyList<uint>? simulcast = null;
        foreach (var group in media.SourceGroups)
        {
            if (group.Semantics == "FID" && group.Ssrcs.Count == 2)
            {
                repairs[group.Ssrcs[0]] = group.Ssrcs[1];
            }
            else if (group.Semantics == "SIM")
            {
                simulcast = group.Ssrcs;
            }
        }

        var repairing = repairs.Values.ToHashSet();
        return
        [
            .. (simulcast ?? [.. media.Sources.Select(source => source.Ssrc)])
                .Where(ssrc => !repairing.Contains(ssrc))
                .Select(ssrc => new NegotiatedSource(ssrc, repairs.TryGetValue(ssrc, out var repair) ? repair : null)),
        ];
    }

    /// <summary>Transport parameters of the bundle: those of its first accepted section (RFC 9143 section 7.2).</summary>
    public static bool TryTransport(SdpSession session, out SdpTransport transport, out string error)
    {
        transport = session.Transport;
        foreach (var media in session.Media)
        {
            if (!media.Rejected)
            {
                transport = session.TransportOf(media);
                break;
            }
        }

        error = transport switch
        {
            { IceUfrag: null } or { IcePassword: null } => "no ICE credentials",
            { Fingerprints.Count: 0 } => "no DTLS fingerprint",
            _ => "",
        };
        return error.Length == 0;
    }

    public static IReadOnlyList<string> Candidates(SdpSession session) =>
        [.. session.Media.SelectMany(media => media.Candidates).Distinct(StringComparer.Ordinal).Take(SdpLimits.Default.MaxCandidates)];

    // RFC 8841 section 6: absent means 64 KiB, zero means any size.
    public static long MaxMessageSize(SdpMedia media) => media.MaxMessageSize switch
    {
        null => 65536,
        0 => long.MaxValue,
        { } size => size,
    };

    private static string CanonicalName(string name) => name.ToUpperInvariant() switch
    {
        "OPUS" => CodecPolicy.Opus,
        "RED" => CodecPolicy.Red,
        var upper => upper,
    };
}
