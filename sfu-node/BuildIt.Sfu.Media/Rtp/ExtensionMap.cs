namespace BuildIt.Sfu.Media.Rtp;

/// <summary>Header extensions the node understands.</summary>
public enum ExtensionKind : byte
{
    /// <summary>Not negotiated or not known.</summary>
    None = 0,

    /// <summary>Media section id (RFC 8843 section 15.2).</summary>
    Mid,

    /// <summary>Restriction id of a simulcast encoding (RFC 8852).</summary>
    Rid,

    /// <summary>Restriction id of the encoding that a repair packet belongs to (RFC 8852).</summary>
    RepairedRid,

    /// <summary>Client-to-mixer audio level (RFC 6464).</summary>
    AudioLevel,

    /// <summary>Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).</summary>
    TransportSequence,

    /// <summary>24-bit send time in 6.18 fixed point seconds.</summary>
    AbsoluteSendTime,

    /// <summary>NTP time of capture and the estimated clock offset.</summary>
    AbsoluteCaptureTime,

    /// <summary>AV1 dependency descriptor.</summary>
    DependencyDescriptor,

    /// <summary>Frame marking (RFC 9626).</summary>
    FrameMarking,

    /// <summary>Coordination of video orientation (3GPP TS 26.114).</summary>
    VideoOrientation,

    /// <summary>Minimum and maximum playout delay.</summary>
    PlayoutDelay,
}

/// <summary>
/// The header extension ids one peer connection negotiated (RFC 8285 section 6: one id means one extension in the whole session).
/// Written while negotiating, read for every packet; used on one loop.
/// </summary>
public sealed class ExtensionMap
{
    private const int KindCount = (int)ExtensionKind.PlayoutDelay + 1;

    private readonly ExtensionKind[] _kinds = new ExtensionKind[256];
    private readonly byte[] _ids = new byte[KindCount];

    /// <summary>
    /// Maps <paramref name="id"/> (1 to 255, not 15) to <paramref name="kind"/>. False when the id is out of range or means something else.
    /// </summary>
    public bool TryAdd(byte id, ExtensionKind kind)
    {
        if (id is 0 or 15 || kind == ExtensionKind.None)
            return false;
        if (_kinds[id] != ExtensionKind.None)
            return _kinds[id] == kind;
        _kinds[id] = kind;
        _ids[(int)kind] = id;
        return true;
    }

    /// <summary>What <paramref name="id"/> means; <see cref="ExtensionKind.None"/> when it was not negotiated.</summary>
    public ExtensionKind KindOf(byte id) => _kinds[id];

    /// <summary>The id of <paramref name="kind"/>; 0 when it was not negotiated.</summary>
    public byte IdOf(ExtensionKind kind) => _ids[(int)kind];

    public bool Has(ExtensionKind kind) => _ids[(int)kind] != 0;
}
