using System.Buffers.Binary;
using BuildIt.Sfu.Media.Rtp;
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

    /// <summary>Streams that are sent at a time: media and repair of more tracks than one client watches.</summary>
    public const int MaxSendStreams = 16_384;

    private const int RtcpHeaderLength = 8;

    private readonly ISrtpCipher _send;
    private readonly ISrtpCipher _receive;
    private readonly SrtpRefusals? _refusals;
    private readonly Dictionary<uint, SentStream> _sendStreams = [];
    private readonly EndedStreams _ended = new();
    private readonly ReceivedStreams _received;
    private readonly ReceivedStreams _receivedReports;
    private readonly bool _rtpReplayProtection;

    // Packets go in runs of one stream; this saves most look-ups.
    private SentStream? _lastSent;
    private uint _nextRtcpIndex;
    private bool _disposed;

    /// <param name="profile">One of the two profiles that are offered.</param>
    /// <param name="sendKey">Master key (16 bytes) and salt.</param>
    /// <param name="receiveKey">Master key (16 bytes) and salt of the peer.</param>
    /// <param name="options">Replay protection.</param>
    /// <param name="refusals">Where packets are counted that were not protected.</param>
    /// <param name="receivedStreams">Streams of the peer that are remembered at most: what an authenticated but hostile one can make us keep.</param>
    public SrtpSession(
        SrtpProfile profile,
        ReadOnlySpan<byte> sendKey,
        ReadOnlySpan<byte> receiveKey,
        SrtpOptions options,
        SrtpRefusals? refusals = null,
        int receivedStreams = ISrtpSession.ClientStreams)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_received, _receivedReports) = (new ReceivedStreams(receivedStreams), new ReceivedStreams(receivedStreams));
        Profile = profile;
        _refusals = refusals;
        _rtpReplayProtection = options.RtpReplayProtection;
        _send = CreateCipher(profile, sendKey, encrypt: true);
        _receive = CreateCipher(profile, receiveKey, encrypt: false);
    }

    public SrtpProfile Profile { get; }

    /// <summary>Streams that are remembered of those sent: those under way, and ranges of those that ended.</summary>
    internal (int Open, int EndedRanges) StreamsKept => (_sendStreams.Count, _ended.Count);

    /// <summary>Streams that are remembered of those received: those of media, and those of reports.</summary>
    internal (int Media, int Reports) ReceivedStreamsKept => (_received.Count, _receivedReports.Count);

    public int RtpOverhead => _send.RtpOverhead;

    public int RtcpOverhead => _send.RtcpOverhead;

    public SrtpError ProtectRtp(Span<byte> packet, int plainLength, PacketIndex index, out int protectedLength)
    {
        var error = TakeIndex(packet, plainLength, index, out var headerLength);
        protectedLength = error == SrtpError.None ? plainLength + _send.RtpOverhead : 0;
        if (error == SrtpError.None && _send.ProtectRtp(packet[..protectedLength], headerLength, index.Value))
        {
            return SrtpError.None;
        }

        protectedLength = 0;
        return Refuse(error == SrtpError.None ? SrtpError.Malformed : error);
    }

    public bool TryUnprotectRtp(Span<byte> packet, out int plainLength)
    {
        plainLength = packet.Length - _receive.RtpOverhead;
        if (_disposed || plainLength < 0 || !SrtpPacket.TryGetHeaderLength(packet[..plainLength], out var headerLength))
        {
            return false;
        }

        var ssrc = SrtpPacket.Ssrc(packet);
        var known = _received.Find(ssrc);
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
        var stream = known ?? _received.Add(ssrc);
        _received.OnPacket(stream);
        stream.Update(index);
        if (_rtpReplayProtection)
        {
            stream.Replay.Add(index);
        }

        return true;
    }

    public SrtpError ProtectRtcp(Span<byte> packet, int plainLength, uint index, out int protectedLength)
    {
        protectedLength = 0;
        if (_disposed)
        {
            return Refuse(SrtpError.Closed);
        }

        if (plainLength < RtcpHeaderLength || packet.Length < plainLength + _send.RtcpOverhead || packet[0] >> 6 != 2)
        {
            return Refuse(SrtpError.Malformed);
        }

        // RFC 3711 section 9.2: at most 2^31 packets under one key.
        if (index >= RtcpEncryptedFlag)
        {
            return Refuse(SrtpError.KeySpent);
        }

        if (index < _nextRtcpIndex)
        {
            return Refuse(SrtpError.IndexReused);
        }

        _nextRtcpIndex = index + 1;
        protectedLength = plainLength + _send.RtcpOverhead;
        return _send.ProtectRtcp(packet[..protectedLength], index) ? SrtpError.None : Refuse(SrtpError.Malformed);
    }

    public void EndStream(Ssrc ssrc)
    {
        _sendStreams.Remove(ssrc.Value);
        _lastSent = _lastSent?.Ssrc == ssrc.Value ? null : _lastSent;
        _ended.Add(ssrc.Value);
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
        var known = _receivedReports.Find(ssrc);

        // Both profiles always encrypt (RFC 5764 section 4.1.2), so a cleared flag is an attack or an error.
        if ((field & RtcpEncryptedFlag) == 0
            || known?.Replay.IsNew(field) == false
            || !_receive.UnprotectRtcp(packet))
        {
            return false;
        }

        known ??= _receivedReports.Add(ssrc);
        _receivedReports.OnPacket(known);
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

    /// <summary>Checks a packet that is to be protected, and uses up its index.</summary>
    private SrtpError TakeIndex(ReadOnlySpan<byte> packet, int plainLength, PacketIndex index, out int headerLength)
    {
        headerLength = 0;
        if (_disposed)
        {
            return SrtpError.Closed;
        }

        if (plainLength < 0
            || packet.Length < plainLength + _send.RtpOverhead
            || !SrtpPacket.TryGetHeaderLength(packet[..plainLength], out headerLength)
            || SrtpPacket.SequenceNumber(packet) != index.Sequence.Value)
        {
            return SrtpError.Malformed;
        }

        if (index.Value >= PacketIndex.End)
        {
            return SrtpError.KeySpent;
        }

        var ssrc = SrtpPacket.Ssrc(packet);
        var stream = _lastSent is { } last && last.Ssrc == ssrc ? last : null;
        if (stream is null && !_sendStreams.TryGetValue(ssrc, out stream))
        {
            if (_ended.Contains(ssrc))
            {
                return SrtpError.StreamEnded;
            }

            if (_sendStreams.Count >= MaxSendStreams || _ended.IsFull)
            {
                return SrtpError.StreamLimit;
            }

            stream = new SentStream(ssrc);
            _sendStreams.Add(ssrc, stream);
        }

        _lastSent = stream;
        return stream.TryTake(index.Value) ? SrtpError.None : SrtpError.IndexReused;
    }

    private SrtpError Refuse(SrtpError error)
    {
        _refusals?.Count(error);
        return error;
    }
}

/// <summary>Makes sessions with libcrypto.</summary>
public sealed class SrtpSessionFactory(SrtpOptions? options = null) : ISrtpSessionFactory
{
    private readonly SrtpOptions _options = options ?? new SrtpOptions();

    /// <summary>Packets of all its sessions that were not protected.</summary>
    public SrtpRefusals Refusals { get; } = new();

    public ISrtpSession Create(
        SrtpProfile profile, ReadOnlySpan<byte> sendKey, ReadOnlySpan<byte> receiveKey, int receivedStreams = ISrtpSession.ClientStreams) =>
        new SrtpSession(profile, sendKey, receiveKey, _options, Refusals, receivedStreams);
}
