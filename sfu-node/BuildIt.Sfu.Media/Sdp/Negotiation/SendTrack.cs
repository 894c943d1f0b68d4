namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>A track the node sends in one section.</summary>
public sealed record SendTrack
{
    /// <summary>Server id of the track (<c>TR_…</c>), which is also the msid's track id.</summary>
    public required string TrackId { get; init; }

    /// <summary>Stream id of the msid: <c>PA_sid|TR_sid</c>.</summary>
    public required string StreamId { get; init; }

    public required MediaKind Kind { get; init; }

    public required uint Ssrc { get; init; }

    /// <summary>Source of retransmissions (RFC 4588); null for audio.</summary>
    public uint? RtxSsrc { get; init; }

    /// <summary>RTCP canonical name (RFC 3550 section 6.5.1); one for all tracks of a publisher keeps them in lip sync.</summary>
    public required string Cname { get; init; }

    /// <summary>Codecs to list first, best first; others follow.</summary>
    public IReadOnlyList<string> PreferredCodecs { get; init; } = [];

    /// <summary>False keeps RED out, as for end-to-end encrypted audio and for clients without it.</summary>
    public bool AllowRed { get; init; } = true;

    public bool Stereo { get; init; }

    /// <summary>The msid line (RFC 8830).</summary>
    internal SdpMsid Msid => new(StreamId, TrackId);

    /// <summary>The ssrc lines (RFC 5576).</summary>
    internal IReadOnlyList<SdpSource> Sources
    {
        get
        {
            var media = new SdpSource(Ssrc) { Cname = Cname, Msid = Msid };
            return RtxSsrc is { } rtx ? [media, media with { Ssrc = rtx }] : [media];
        }
    }

    /// <summary>Ties a retransmission source to its media (RFC 5576 section 4.2).</summary>
    internal IReadOnlyList<SdpSourceGroup> SourceGroups => RtxSsrc is { } rtx ? [new SdpSourceGroup("FID", [Ssrc, rtx])] : [];
}

/// <summary>How the node wants to receive an offered track.</summary>
public sealed record ReceivePreferences
{
    public static readonly ReceivePreferences Default = new();

    /// <summary>Codecs to list first, best first; the client sends in the first one.</summary>
    public IReadOnlyList<string> PreferredCodecs { get; init; } = [];

    /// <summary>Whether the client may use discontinuous transmission.</summary>
    public bool Dtx { get; init; } = true;

    public bool Stereo { get; init; }

    /// <summary>False takes redundant audio (RFC 2198) out of the answer.</summary>
    public bool AllowRed { get; init; } = true;
}
