namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>One codec both sides agreed on.</summary>
public sealed record NegotiatedCodec
{
    /// <summary>Encoding name as the node writes it: "opus", "VP8".</summary>
    public required string Name { get; init; }

    public required byte PayloadType { get; init; }

    /// <summary>Payload type of its retransmissions; null when there are none.</summary>
    public byte? RtxPayloadType { get; init; }

    public required int ClockRate { get; init; }

    public int Channels { get; init; } = 1;

    /// <summary>Format parameters of the remote side.</summary>
    public string Parameters { get; init; } = "";

    public bool Nack { get; init; }

    public bool Pli { get; init; }

    public bool Fir { get; init; }

    public bool Remb { get; init; }

    public bool TransportCc { get; init; }

    public bool IsRed => Name == CodecPolicy.Red;

    /// <summary>"video/VP8", the form the protocol's mime_type has.</summary>
    public string MimeType(MediaKind kind) => $"{(kind == MediaKind.Audio ? "audio" : "video")}/{Name}";
}

/// <summary>A source the remote side announced, with the one that repairs it.</summary>
/// <param name="Ssrc">The media source.</param>
/// <param name="RepairSsrc">Its retransmissions (FID group); null when not announced.</param>
public readonly record struct NegotiatedSource(uint Ssrc, uint? RepairSsrc);

/// <summary>What one section came to.</summary>
public sealed record NegotiatedSection
{
    public required string Mid { get; init; }

    /// <summary>Index of the m-line, from 0.</summary>
    public required int Index { get; init; }

    public required MediaKind Kind { get; init; }

    /// <summary>As the node sees it: receiving means that the client publishes here.</summary>
    public MediaDirection Direction { get; init; } = MediaDirection.Inactive;

    /// <summary>True when the section is refused by either side, so that nothing flows.</summary>
    public bool Rejected { get; init; }

    /// <summary>In order of preference.</summary>
    public IReadOnlyList<NegotiatedCodec> Codecs { get; init; } = [];

    public ExtensionIds Extensions { get; init; }

    /// <summary>Rids of the simulcast streams the client sends, in the order it wrote them; empty without simulcast.</summary>
    public IReadOnlyList<string> Rids { get; init; } = [];

    /// <summary>Stream and track of the client; in some browsers the track is what it announced as cid. Null when it sends nothing.</summary>
    public SdpMsid? RemoteMsid { get; init; }

    /// <summary>
    /// Sources the client announced, lowest simulcast layer first when it uses a SIM group; empty when only rids tell them apart.
    /// </summary>
    public IReadOnlyList<NegotiatedSource> RemoteSources { get; init; } = [];

    /// <summary>What the node sends here; null when it sends nothing.</summary>
    public SendTrack? Sends { get; init; }

    public NegotiatedCodec? CodecOf(byte payloadType)
    {
        foreach (var codec in Codecs)
        {
            if (codec.PayloadType == payloadType || codec.RtxPayloadType == payloadType)
            {
                return codec;
            }
        }

        return null;
    }
}

/// <summary>What a whole description came to.</summary>
public sealed record NegotiatedSession
{
    /// <summary>The client's ICE and DTLS parameters.</summary>
    public required SdpTransport Remote { get; init; }

    /// <summary>True when the node has to open the DTLS handshake (RFC 8842 section 5.3).</summary>
    public bool NodeIsDtlsClient { get; init; }

    public bool RemoteIceLite { get; init; }

    /// <summary>Candidates written in the description.</summary>
    public IReadOnlyList<string> RemoteCandidates { get; init; } = [];

    public required IReadOnlyList<NegotiatedSection> Sections { get; init; }

    /// <summary>Data channels were agreed on; the fields below then hold.</summary>
    public bool HasData { get; init; }

    public int RemoteSctpPort { get; init; }

    /// <summary>Largest message the client takes, in bytes (RFC 8841 section 6).</summary>
    public long RemoteMaxMessageSize { get; init; }

    /// <summary>For every section on which the node sends: mid to track id.</summary>
    public IReadOnlyDictionary<string, string> MidToTrack =>
        Sections.Where(section => section.Sends is not null).ToDictionary(section => section.Mid, section => section.Sends!.TrackId);
}
