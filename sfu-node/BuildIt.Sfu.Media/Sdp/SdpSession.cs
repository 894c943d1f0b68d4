namespace BuildIt.Sfu.Media.Sdp;

/// <summary>A session description (RFC 8866) as far as WebRTC uses it (RFC 8829).</summary>
public sealed record SdpSession
{
    /// <summary>sess-id of the o-line; RFC 8829 section 5.2.1 keeps it below 2^63.</summary>
    public ulong SessionId { get; init; }

    /// <summary>sess-version of the o-line, one more with every changed description.</summary>
    public ulong SessionVersion { get; init; }

    /// <summary>Mids of each BUNDLE group, in order (RFC 9143 section 7.2).</summary>
    public IReadOnlyList<IReadOnlyList<string>> BundleGroups { get; init; } = [];

    public bool IceLite { get; init; }

    /// <summary>One- and two-byte header extensions may be mixed (RFC 8285 section 6).</summary>
    public bool ExtmapAllowMixed { get; init; }

    /// <summary>Value of msid-semantic, for example "WMS *"; null when absent.</summary>
    public string? MsidSemantic { get; init; }

    /// <summary>Transport attributes written at session level; sections without their own inherit them.</summary>
    public SdpTransport Transport { get; init; } = SdpTransport.Empty;

    public IReadOnlyList<SdpMedia> Media { get; init; } = [];

    /// <summary>Transport attributes in force for a section: its own, else those of the session.</summary>
    public SdpTransport TransportOf(SdpMedia media)
    {
        ArgumentNullException.ThrowIfNull(media);
        return media.Transport.WithDefaults(Transport);
    }

    public override string ToString() => $"sdp({Media.Count} sections)";
}
