using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>Stands in for DTLS where the network, not the encryption, is what is tested: one flight each way, then plain bytes.</summary>
internal sealed class PlainDtlsFactory : IDtlsSessionFactory
{
    public DtlsFingerprint LocalFingerprint { get; } = DtlsFingerprint.FromSha256(new byte[32]);

    public IDtlsSession Create(DtlsRole role, Action? wake) => new PlainDtlsSession(role);
}

internal sealed class PlainDtlsSession(DtlsRole role) : IDtlsSession
{
    /// <summary>The content type of handshake records (RFC 6347 section 4.1), by which datagrams are told apart.</summary>
    private static readonly byte[] Flight = [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>The content type of records of data.</summary>
    private const byte ApplicationData = 23;

    private bool _due;

    public DtlsState State { get; private set; }

    public SrtpProfile SrtpProfile => SrtpProfile.AeadAes128Gcm;

    public int RecordOverhead => 1;

    public void Start(DtlsFingerprint peer)
    {
        State = DtlsState.Handshaking;
        _due = role == DtlsRole.Client;
    }

    public void Poll()
    {
    }

    public bool TryTakeFlight(out ReadOnlyMemory<byte> datagram)
    {
        datagram = Flight;
        var due = _due;
        _due = false;
        return due;
    }

    public void HandleDatagram(Span<byte> datagram)
    {
        if (datagram[0] == ApplicationData)
        {
            return;
        }

        _due |= role == DtlsRole.Server && State == DtlsState.Handshaking;
        State = DtlsState.Connected;
    }

    public bool TryReadRecord(ref Span<byte> datagram, out ReadOnlySpan<byte> data)
    {
        var found = State == DtlsState.Connected && datagram.Length > 0 && datagram[0] == ApplicationData;
        data = found ? datagram[1..] : default;
        datagram = default;
        return found;
    }

    public bool TryTakeUnread(out Memory<byte> datagram)
    {
        datagram = default;
        return false;
    }

    public int Protect(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        destination[0] = ApplicationData;
        data.CopyTo(destination[1..]);
        return data.Length + 1;
    }

    public int Close(Span<byte> destination) => 0;

    public bool TryExportSrtpKeys(Span<byte> sendKey, Span<byte> receiveKey) => true;

    public void Dispose()
    {
    }
}

internal sealed class PlainSrtpFactory : ISrtpSessionFactory
{
    /// <summary>Why packets of its sessions were not protected, each time.</summary>
    public List<SrtpError> Refused { get; } = [];

    public ISrtpSession Create(
        SrtpProfile profile, ReadOnlySpan<byte> sendKey, ReadOnlySpan<byte> receiveKey, int receivedStreams = ISrtpSession.ClientStreams) => new PlainSrtpSession(Refused);
}

/// <summary>Passes bytes on, and holds to the rule that no index is protected twice.</summary>
internal sealed class PlainSrtpSession(List<SrtpError> refused) : ISrtpSession
{
    private readonly HashSet<(Ssrc Ssrc, PacketIndex Index)> _used = [];
    private readonly HashSet<Ssrc> _ended = [];
    private uint _nextRtcpIndex;

    public SrtpProfile Profile => SrtpProfile.AeadAes128Gcm;

    public int RtpOverhead => 0;

    public int RtcpOverhead => 0;

    public SrtpError ProtectRtp(Span<byte> packet, int plainLength, PacketIndex index, out int protectedLength)
    {
        protectedLength = 0;
        if (!RtpPacketView.TryParse(packet[..plainLength], out var view) || view.SequenceNumber != index.Sequence)
        {
            return Refuse(SrtpError.Malformed);
        }

        if (_ended.Contains(view.Ssrc))
        {
            return Refuse(SrtpError.StreamEnded);
        }

        if (!_used.Add((view.Ssrc, index)))
        {
            return Refuse(SrtpError.IndexReused);
        }

        protectedLength = plainLength;
        return SrtpError.None;
    }

    public bool TryUnprotectRtp(Span<byte> packet, out int plainLength) => Pass(packet.Length, out plainLength);

    public SrtpError ProtectRtcp(Span<byte> packet, int plainLength, uint index, out int protectedLength)
    {
        protectedLength = 0;
        if (index < _nextRtcpIndex)
        {
            return Refuse(SrtpError.IndexReused);
        }

        _nextRtcpIndex = index + 1;
        protectedLength = plainLength;
        return SrtpError.None;
    }

    public void EndStream(Ssrc ssrc) => _ended.Add(ssrc);

    public bool TryUnprotectRtcp(Span<byte> packet, out int plainLength) => Pass(packet.Length, out plainLength);

    public void Dispose()
    {
    }

    private SrtpError Refuse(SrtpError error)
    {
        refused.Add(error);
        return error;
    }

    private static bool Pass(int length, out int result)
    {
        result = length;
        return true;
    }
}

/// <summary>Unpredictable bytes that a seed repeats.</summary>
internal sealed class SeededSource(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);

    public void Fill(Span<byte> destination) => _random.NextBytes(destination);
}
