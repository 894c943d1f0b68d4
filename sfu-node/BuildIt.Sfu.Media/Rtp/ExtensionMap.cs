namespace BuildIt.Sfu.Media.Rtp;

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
