using System.Buffers.Binary;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>How SRTP sessions of a node behave.</summary>
public sealed record SrtpOptions
{
    /// <summary>
    /// Refuse RTP packets that were received before. Off by default: Firefox probes for bandwidth with copies of old packets,
    /// and the packet buffers behind discard duplicates anyway. RTCP is always protected against replay.
    /// </summary>
    public bool RtpReplayProtection { get; init; }
}

/// <summary>SRTP and SRTCP of one peer, both directions.</summary>
public sealed class SrtpSession : ISrtpSession
{
    internal const uint RtcpEncryptedFlag = 0x8000_0000;

    /// <summary>Bounds the memory that an authenticated but hostile peer can make us keep.</summary>
    private const int MaxReceiveStreams = 1024;

    private const int RtcpHeaderLength = 8;

    private readonly ISrtpCipher _send;
    private readonly ISrtpCipher _receive;
    private readonly Dictionary<uint, SrtpStream> _sendStreams = [];
    private readonly Dictionary<uint, SrtpStream> _receiveStreams = [];
    private readonly Dictionary<uint, SrtpStream> _receiveRtcpStreams = [];
    private readonly bool _rtpReplayProtection;

    // Packets come in runs of one stream; this saves most look-ups.
    private SrtpStream? _lastSent;
    private SrtpStream? _lastReceived;
    private uint _rtcpSendIndex;
    private bool _disposed;

    /// <param name="profile">One of the two profiles that are offered.</param>
    /// <param name="sendKey">Master key (16 bytes) and salt.</param>
    /// <param name="receiveKey">Master key (16 bytes) and salt of the peer.</param>
    /// <param name="options">Replay protection.</param>
    public SrtpSession(SrtpProfile profile, ReadOnlySpan<byte> sendKey, ReadOnlySpan<byte> receiveKey, SrtpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Profile = profile;
        _rtpReplayProtection = options.RtpReplayProtection;
        _send = CreateCipher(profile, sendKey, encrypt: true);
        _receive = CreateCipher(profile, receiveKey, encrypt: false);
    }

    public SrtpProfile Profile { get; }

    public int RtpOverhead => _send.RtpOverhead;

    public int RtcpOverhead => _send.RtcpOverhead;

    public bool TryProtectRtp(Span<byte> packet, int plainLength, out int protectedLength)
    {
        protectedLength = plainLength + _send.RtpOverhead;
        if (_disposed
            || plainLength < 0
            || packet.Length < protectedLength
            || !SrtpPacket.TryGetHeaderLength(packet[..plainLength], out var headerLength))
        {
            return false;
        }

        var stream = FindOrAddSendStream(SrtpPacket.Ssrc(packet));
        var index = stream.EstimateIndex(SrtpPacket.SequenceNumber(packet));
        stream.Update(index);
        return _send.ProtectRtp(packet[..protectedLength], headerLength, index);
    }

    public bool TryUnprotectRtp(Span<byte> packet, out int plainLength)
    {
        plainLength = packet.Length - _receive.RtpOverhead;
        if (_disposed || plainLength < 0 || !SrtpPacket.TryGetHeaderLength(packet[..plainLength], out var headerLength))
        {
            return false;
        }

        var ssrc = SrtpPacket.Ssrc(packet);
        var known = FindReceiveStream(ssrc);
        if (known is null && _receiveStreams.Count >= MaxReceiveStreams)
        {
            return false;
        }

        ulong index = SrtpPacket.SequenceNumber(packet);
        if (known is not null)
        {
            index = known.EstimateIndex((ushort)index);
            if (_rtpReplayProtection && !known.Replay.IsNew(index))
            {
                return false;
            }
        }

        if (!_receive.UnprotectRtp(packet, headerLength, index))
        {
            return false;
        }

        // Only an authentic packet may make us remember anything.
        var stream = known ?? AddReceiveStream(_receiveStreams, ssrc);
        _lastReceived = stream;
        stream.Update(index);
        if (_rtpReplayProtection)
        {
            stream.Replay.Add(index);
        }

        return true;
    }

    public bool TryProtectRtcp(Span<byte> packet, int plainLength, out int protectedLength)
    {
        protectedLength = plainLength + _send.RtcpOverhead;
        if (_disposed || plainLength < RtcpHeaderLength || packet.Length < protectedLength || packet[0] >> 6 != 2)
        {
            return false;
        }

        // RFC 3711 section 9.2: at most 2^31 packets under one key. No connection gets there; none goes beyond.
        _rtcpSendIndex++;
        return _rtcpSendIndex < RtcpEncryptedFlag && _send.ProtectRtcp(packet[..protectedLength], _rtcpSendIndex);
    }

    public bool TryUnprotectRtcp(Span<byte> packet, out int plainLength)
    {
        plainLength = packet.Length - _receive.RtcpOverhead;
        if (_disposed || plainLength < RtcpHeaderLength || packet[0] >> 6 != 2)
        {
            return false;
        }

        var field = _receive.ReadRtcpIndex(packet);
        var ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        var known = _receiveRtcpStreams.GetValueOrDefault(ssrc);

        // Both profiles always encrypt (RFC 5764 section 4.1.2), so a cleared flag is an attack or an error.
        if ((field & RtcpEncryptedFlag) == 0
            || (known is null ? _receiveRtcpStreams.Count >= MaxReceiveStreams : !known.Replay.IsNew(field))
            || !_receive.UnprotectRtcp(packet))
        {
            return false;
        }

        known ??= AddReceiveStream(_receiveRtcpStreams, ssrc);
        known.Replay.Add(field);
        return true;
    }

    public void Dispose()
    {
        _disposed = true;
        _send.Dispose();
        _receive.Dispose();
    }

    private static ISrtpCipher CreateCipher(SrtpProfile profile, ReadOnlySpan<byte> key, bool encrypt)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, SrtpProfiles.MasterKeyLength + profile.MasterSaltLength());
        var masterKey = key[..SrtpProfiles.MasterKeyLength];
        var masterSalt = key[SrtpProfiles.MasterKeyLength..];
        return profile switch
        {
            SrtpProfile.AeadAes128Gcm => new AesGcmSrtpCipher(masterKey, masterSalt, encrypt),
            SrtpProfile.Aes128CmHmacSha1Tag80 => new AesCmSrtpCipher(masterKey, masterSalt),
            _ => throw new ArgumentOutOfRangeException(nameof(profile)),
        };
    }

    private static SrtpStream AddReceiveStream(Dictionary<uint, SrtpStream> streams, uint ssrc)
    {
        var stream = new SrtpStream(ssrc);
        streams.Add(ssrc, stream);
        return stream;
    }

    private SrtpStream? FindReceiveStream(uint ssrc) =>
        _lastReceived is { } last && last.Ssrc == ssrc ? last : _receiveStreams.GetValueOrDefault(ssrc);

    private SrtpStream FindOrAddSendStream(uint ssrc)
    {
        if (_lastSent is { } last && last.Ssrc == ssrc)
        {
            return last;
        }

        if (!_sendStreams.TryGetValue(ssrc, out var stream))
        {
            stream = new SrtpStream(ssrc);
            _sendStreams.Add(ssrc, stream);
        }

        _lastSent = stream;
        return stream;
    }
}

/// <summary>Makes sessions with libcrypto.</summary>
public sealed class SrtpSessionFactory(SrtpOptions? options = null) : ISrtpSessionFactory
{
    private readonly SrtpOptions _options = options ?? new SrtpOptions();

    public ISrtpSession Create(SrtpProfile profile, ReadOnlySpan<byte> sendKey, ReadOnlySpan<byte> receiveKey) =>
        new SrtpSession(profile, sendKey, receiveKey, _options);
}
