namespace BuildIt.Sfu.Media.Sdp;

/// <summary>One media section (RFC 8866 section 5.14).</summary>
public sealed record SdpMedia
{
    public required MediaKind Kind { get; init; }

    /// <summary>The media field as written, needed to repeat a section of an unknown kind.</summary>
    public required string KindName { get; init; }

    /// <summary>0 rejects the section, or with <see cref="BundleOnly"/> offers it only inside the group.</summary>
    public int Port { get; init; } = 9;

    /// <summary>Transport, for example "UDP/TLS/RTP/SAVPF".</summary>
    public required string Protocol { get; init; }

    /// <summary>The format list as written: payload types, or "webrtc-datachannel".</summary>
    public IReadOnlyList<string> Formats { get; init; } = [];

    /// <summary>Identification tag (RFC 5888 section 4); empty when absent.</summary>
    public string Mid { get; init; } = "";

    public MediaDirection Direction { get; init; }

    /// <summary>RFC 9143 section 6.</summary>
    public bool BundleOnly { get; init; }

    public bool RtcpMux { get; init; }

    /// <summary>Reduced-size RTCP (RFC 5506).</summary>
    public bool RtcpReducedSize { get; init; }

    public SdpTransport Transport { get; init; } = SdpTransport.Empty;

    /// <summary>In the order of the format list, which is the order of preference.</summary>
    public IReadOnlyList<SdpCodec> Codecs { get; init; } = [];

    public IReadOnlyList<SdpExtension> Extensions { get; init; } = [];

    public IReadOnlyList<SdpRid> Rids { get; init; } = [];

    /// <summary>Streams of "a=simulcast:send", each with its alternatives (RFC 8853 section 5.1).</summary>
    public IReadOnlyList<SdpSimulcastStream> SimulcastSend { get; init; } = [];

    public IReadOnlyList<SdpSimulcastStream> SimulcastReceive { get; init; } = [];

    public IReadOnlyList<SdpSource> Sources { get; init; } = [];

    public IReadOnlyList<SdpSourceGroup> SourceGroups { get; init; } = [];

    /// <summary>Stream and track the section carries (RFC 8830); several when a track belongs to several streams.</summary>
    public IReadOnlyList<SdpMsid> Msids { get; init; } = [];

    /// <summary>Candidate attributes without "a=", in order.</summary>
    public IReadOnlyList<string> Candidates { get; init; } = [];

    public bool EndOfCandidates { get; init; }

    /// <summary>RFC 8841 section 5; null when absent.</summary>
    public int? SctpPort { get; init; }

    /// <summary>Largest message the writer takes, in bytes; 0 means any size, null means absent (65,536, RFC 8841 section 6).</summary>
    public long? MaxMessageSize { get; init; }

    /// <summary>Refused, or never in use again unless it is recycled (RFC 8829 section 5.2.2).</summary>
    public bool Rejected => Port == 0 && !BundleOnly;

    public SdpCodec? CodecOf(int payloadType)
    {
        foreach (var codec in Codecs)
        {
            if (codec.PayloadType == payloadType)
            {
                return codec;
            }
        }

        return null;
    }

    public override string ToString() => $"{KindName}(mid {Mid})";
}
