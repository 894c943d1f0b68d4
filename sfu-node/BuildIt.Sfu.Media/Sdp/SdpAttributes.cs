namespace BuildIt.Sfu.Media.Sdp;

/// <summary>A header extension (RFC 8285 section 8).</summary>
/// <param name="Id">1 to 255; ids over 14 need the two-byte form.</param>
/// <param name="Uri">Which extension.</param>
/// <param name="Direction">Direction given with the id; null when none.</param>
public sealed record SdpExtension(byte Id, string Uri, MediaDirection? Direction = null);

/// <summary>A restriction id (RFC 8851 section 4).</summary>
/// <param name="Id">1 to 255 letters, digits, "-" and "_".</param>
/// <param name="Sends">True for "send", false for "recv".</param>
/// <param name="Restrictions">What follows the direction, as written.</param>
public sealed record SdpRid(string Id, bool Sends, string Restrictions = "");

/// <summary>One simulcast stream: its rids in order of preference (RFC 8853 section 5.1).</summary>
public sealed record SdpSimulcastStream(IReadOnlyList<SdpSimulcastRid> Alternatives)
{
    /// <summary>The preferred rid.</summary>
    public string Rid => Alternatives[0].Rid;
}

/// <param name="Rid">The restriction id.</param>
/// <param name="Paused">Written with "~": initially not sent.</param>
public sealed record SdpSimulcastRid(string Rid, bool Paused = false);

/// <summary>All that the ssrc lines (RFC 5576 section 4.1) say about one source.</summary>
public sealed record SdpSource(uint Ssrc)
{
    public string? Cname { get; init; }

    public SdpMsid? Msid { get; init; }
}

/// <summary>A group of sources, "FID" for media and its retransmission, "SIM" for simulcast (RFC 5576 section 4.2).</summary>
public sealed record SdpSourceGroup(string Semantics, IReadOnlyList<uint> Ssrcs);

/// <summary>A stream and a track in it (RFC 8830 section 2).</summary>
/// <param name="Stream">Stream id; "-" for none.</param>
/// <param name="Track">Track id; empty when the writer gives only a stream.</param>
public sealed record SdpMsid(string Stream, string Track);
