using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>To which registered stream a packet belongs.</summary>
/// <param name="Stream">The number under which the stream was registered.</param>
/// <param name="IsRepair">True when the packet is a retransmission for that stream.</param>
public readonly record struct RtpRoute(int Stream, bool IsRepair);

/// <summary>
/// Finds the stream of each packet of one peer connection (RFC 8843 section 9.2, RFC 8852): by MID and RID while they are sent,
/// by SSRC once that is learned or was signalled, and by payload type when it belongs to one section only. Bounded: so many
/// SSRCs are learned and no more. Used on one loop.
/// </summary>
/// <param name="extensions">Ids of header extensions.</param>
/// <param name="maxSsrcs">Most SSRCs remembered; a sender that uses more does not get them routed.</param>
public sealed class RtpDemultiplexer(ExtensionMap extensions, int maxSsrcs = RtpDemultiplexer.MaxSsrcs)
{
    /// <summary>Most SSRCs remembered of a client.</summary>
    public const int MaxSsrcs = 256;

    private readonly Dictionary<(RtpIdentifier Mid, RtpIdentifier Rid), int> _streams = [];
    private readonly Dictionary<RtpIdentifier, int> _sectionsByMid = [];
    private readonly Dictionary<Ssrc, RtpRoute> _bySsrc = [];
    private readonly int[] _streamByPayloadType = NewPayloadTypeTable();
    private readonly bool[] _isRepairType = new bool[128];

    private const int Unused = -1;
    private const int Ambiguous = -2;

    /// <summary>
    /// Registers the stream of a media section, or one simulcast encoding of it. An empty <paramref name="rid"/> is the section's only stream.
    /// </summary>
    public void AddStream(int stream, RtpIdentifier mid, RtpIdentifier rid = default)
    {
        _streams[(mid, rid)] = stream;
        _sectionsByMid[mid] = _sectionsByMid.GetValueOrDefault(mid) + 1;
    }

    /// <summary>Registers an SSRC from the SDP (<c>a=ssrc</c>, <c>a=ssrc-group:FID</c>). False when there are too many.</summary>
    public bool AddSsrc(Ssrc ssrc, int stream, bool isRepair)
    {
        if (_bySsrc.Count >= maxSsrcs && !_bySsrc.ContainsKey(ssrc))
            return false;
        _bySsrc[ssrc] = new RtpRoute(stream, isRepair);
        return true;
    }

    /// <summary>Registers a payload type of a stream's section. One that several streams use routes nothing by itself.</summary>
    public void AddPayloadType(byte payloadType, int stream, bool isRepair)
    {
        ref var entry = ref _streamByPayloadType[payloadType & 0x7F];
        entry = entry == Unused || entry == stream ? stream : Ambiguous;
        _isRepairType[payloadType & 0x7F] = isRepair;
    }

    /// <summary>Forgets streams with numbers that follow each other, and every SSRC that led to them.</summary>
    /// <param name="first">The lowest number.</param>
    /// <param name="count">Numbers.</param>
    public void RemoveStreams(int first, int count)
    {
        foreach (var (key, value) in _streams)
        {
            if (!Covers(value))
                continue;
            _streams.Remove(key);
            _sectionsByMid[key.Mid]--;
        }

        foreach (var (ssrc, route) in _bySsrc)
        {
            if (Covers(route.Stream))
                _bySsrc.Remove(ssrc);
        }

        foreach (ref var stream in _streamByPayloadType.AsSpan())
            stream = Covers(stream) ? Unused : stream;

        bool Covers(int stream) => stream >= first && stream < first + count;
    }

    /// <summary>The stream that an SSRC is known to belong to; false when it is not, or not yet.</summary>
    public bool TryFind(Ssrc ssrc, out RtpRoute route) => _bySsrc.TryGetValue(ssrc, out route);

    /// <summary>Finds the stream of <paramref name="packet"/>; false when it belongs to none and must be dropped.</summary>
    public bool TryRoute(in RtpPacketView packet, in RtpHeaderExtensions found, out RtpRoute route)
    {
        var isKnown = _bySsrc.TryGetValue(packet.Ssrc, out route);
        if (!extensions.Has(ExtensionKind.Mid) || !found.Has(ExtensionKind.Mid))
            return isKnown || TryRouteByPayloadType(packet, out route);

        if (!RtpIdentifier.TryRead(found.DataOf(ExtensionKind.Mid, packet.Datagram), out var mid))
            return false;
        if (!TryRouteByName(packet, found, mid, out var named))
        {
            // A known section without the RID (it is sent only until acknowledged) falls back on the SSRC; an unknown MID is dropped.
            return isKnown && _sectionsByMid.GetValueOrDefault(mid) > 0;
        }

        if (!isKnown || route != named)
        {
            route = named;
            AddSsrc(packet.Ssrc, route.Stream, route.IsRepair);
        }

        return true;
    }

    private bool TryRouteByName(in RtpPacketView packet, in RtpHeaderExtensions found, RtpIdentifier mid, out RtpRoute route)
    {
        route = default;
        var isRepair = found.Has(ExtensionKind.RepairedRid);
        RtpIdentifier rid = default;
        var kind = isRepair ? ExtensionKind.RepairedRid : ExtensionKind.Rid;
        if (found.Has(kind) && !RtpIdentifier.TryRead(found.DataOf(kind, packet.Datagram), out rid))
            return false;
        if (!_streams.TryGetValue((mid, rid), out var stream))
            return false;
        route = new RtpRoute(stream, isRepair || _isRepairType[packet.PayloadType]);
        return true;
    }

    private bool TryRouteByPayloadType(in RtpPacketView packet, out RtpRoute route)
    {
        // RFC 8843 section 9.2: the last resort, for a payload type that is unique to one section.
        var stream = _streamByPayloadType[packet.PayloadType];
        route = new RtpRoute(stream, _isRepairType[packet.PayloadType]);
        return stream >= 0 && AddSsrc(packet.Ssrc, stream, route.IsRepair);
    }

    private static int[] NewPayloadTypeTable()
    {
        var table = new int[128];
        Array.Fill(table, Unused);
        return table;
    }
}
