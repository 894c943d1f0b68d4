using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>
/// One DTLS 1.2 association: BouncyCastle negotiates it on a thread, then <see cref="DtlsRecords"/> carries its data on the
/// loop.
/// </summary>
internal sealed class DtlsSession(DtlsRole role, DtlsSessionFactory factory, Action? wake) : IDtlsSession
{
    private const byte AlertLevelWarning = 1;
    private const byte AlertLevelFatal = 2;
    private const byte AlertCloseNotify = 0;

    /// <summary>How often a peer can make us repeat our last flight.</summary>
    private const int MaxFlightRepeats = 16;

    private readonly Queue<byte[]> _repeats = new();
    private Handshake? _handshake;
    private DtlsKeys? _keys;
    private DtlsRecords? _records;
    private byte[][] _lastFlight = [];
    private int _flightRepeats;

    public DtlsState State { get; private set; }

    public SrtpProfile SrtpProfile { get; private set; }

    public int RecordOverhead => DtlsRecords.Overhead;

    public void Start(DtlsFingerprint peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (State == DtlsState.New)
        {
            State = DtlsState.Handshaking;
            _handshake = factory.StartHandshake(role, peer, wake);
        }
    }

    public void Poll()
    {
        if (State != DtlsState.Handshaking || _handshake is not { IsFinished: true } handshake)
        {
            return;
        }

        if (handshake.Keys is not { } keys)
        {
            State = DtlsState.Failed;
            return;
        }

        _keys = keys;
        _lastFlight = role == DtlsRole.Server ? [.. handshake.Channel.LastFlight] : [];
        _records = new DtlsRecords(keys, DtlsRecords.NextSequence(handshake.Channel.LastFlight));
        SrtpProfile = keys.Profile;
        State = DtlsState.Connected;
    }

    public bool TryTakeFlight(out ReadOnlyMemory<byte> datagram)
    {
        byte[]? bytes = null;
        var taken = _handshake?.Channel.TryTakeOutgoing(out bytes) == true || _repeats.TryDequeue(out bytes);
        datagram = bytes;
        return taken;
    }

    public void HandleDatagram(Span<byte> datagram)
    {
        Poll();
        if (State == DtlsState.Handshaking)
        {
            _handshake!.Channel.Enqueue(datagram);
        }
    }

    public bool TryReadRecord(ref Span<byte> datagram, out ReadOnlySpan<byte> data)
    {
        if (_records is null || State is not (DtlsState.Connected or DtlsState.Closed))
        {
            data = default;
            return false;
        }

        while (_records.TryOpenNext(ref datagram, out var type, out var record))
        {
            switch (type)
            {
                case DtlsContentType.ApplicationData:
                    data = record;
                    return true;
                case DtlsContentType.Alert when record.Length == 2 && (record[1] == AlertCloseNotify || record[0] == AlertLevelFatal):
                    State = DtlsState.Closed;
                    break;
                case DtlsContentType.Handshake:
                    RepeatLastFlight();
                    break;
            }
        }

        data = default;
        return false;
    }

    public bool TryTakeUnread(out Memory<byte> datagram)
    {
        byte[]? bytes = null;
        var taken = State == DtlsState.Connected && _handshake?.Channel.TryTakeUnread(out bytes) == true;
        datagram = bytes;
        return taken;
    }

    public int Protect(ReadOnlySpan<byte> data, Span<byte> destination) =>
        State == DtlsState.Connected ? _records!.Seal(DtlsContentType.ApplicationData, data, destination) : 0;

    public int Close(Span<byte> destination)
    {
        if (State != DtlsState.Connected)
        {
            return 0;
        }

        State = DtlsState.Closed;
        return _records!.Seal(DtlsContentType.Alert, [AlertLevelWarning, AlertCloseNotify], destination);
    }

    public bool TryExportSrtpKeys(Span<byte> sendKey, Span<byte> receiveKey)
    {
        if (_keys is null || _keys.Srtp.Length == 0)
        {
            return false;
        }

        // RFC 5764 section 4.2: client key, server key, client salt, server salt.
        var keyLength = SrtpProfiles.MasterKeyLength;
        var saltLength = _keys.Profile.MasterSaltLength();
        var clientKey = role == DtlsRole.Client ? sendKey : receiveKey;
        var serverKey = role == DtlsRole.Client ? receiveKey : sendKey;
        ReadOnlySpan<byte> material = _keys.Srtp;
        material[..keyLength].CopyTo(clientKey);
        material.Slice(keyLength, keyLength).CopyTo(serverKey);
        material.Slice(2 * keyLength, saltLength).CopyTo(clientKey[keyLength..]);
        material.Slice(2 * keyLength + saltLength, saltLength).CopyTo(serverKey[keyLength..]);
        _keys.Clear();
        _keys = null;
        return true;
    }

    public void Dispose()
    {
        _handshake?.Cancel();
        _records?.Dispose();
        _records = null;
        _keys?.Clear();
        State = DtlsState.Closed;
    }

    /// <summary>
    /// The client's Finished again means that ours was lost (RFC 6347 section 4.2.4). The same bytes go out once more: a peer
    /// that lacks them has not seen their sequence numbers.
    /// </summary>
    private void RepeatLastFlight()
    {
        if (_flightRepeats++ < MaxFlightRepeats)
        {
            foreach (var datagram in _lastFlight)
            {
                _repeats.Enqueue(datagram);
            }
        }
    }
}
