using System.Buffers.Binary;
using BuildIt.Sfu.Crypto.Gcm;

namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>AEAD_AES_128_GCM (RFC 7714).</summary>
internal sealed class AesGcmSrtpCipher : ISrtpCipher
{
    private const int SaltLength = 12;
    private const int RtcpHeaderLength = 8;
    private const int IndexLength = 4;

    private readonly AesGcmContext _rtp;
    private readonly AesGcmContext _rtcp;

    private readonly byte[] _rtpSalt;
    private readonly byte[] _rtcpSalt;

    public AesGcmSrtpCipher(ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt, bool encrypt)
    {
        Span<byte> key = stackalloc byte[16];
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtpEncryption, key);
        _rtp = AesGcmContext.Create(key, encrypt);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtcpEncryption, key);
        _rtcp = AesGcmContext.Create(key, encrypt);
        key.Clear();
        _rtpSalt = new byte[SaltLength];
        _rtcpSalt = new byte[SaltLength];
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtpSalt, _rtpSalt);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtcpSalt, _rtcpSalt);
    }

    /// <summary>From session keys, without derivation, as the vectors of RFC 7714 sections 16 and 17 are.</summary>
    internal AesGcmSrtpCipher(byte[] sessionKey, byte[] sessionSalt, bool encrypt)
    {
        _rtp = AesGcmContext.Create(sessionKey, encrypt);
        _rtcp = AesGcmContext.Create(sessionKey, encrypt);
        _rtpSalt = [.. sessionSalt];
        _rtcpSalt = [.. sessionSalt];
    }

    public int RtpOverhead => AesGcmContext.TagLength;

    public int RtcpOverhead => AesGcmContext.TagLength + IndexLength;

    public bool ProtectRtp(Span<byte> packet, int headerLength, ulong index)
    {
        Span<byte> nonce = stackalloc byte[AesGcmContext.NonceLength];
        WriteRtpNonce(nonce, SrtpPacket.Ssrc(packet), index);
        var end = packet.Length - AesGcmContext.TagLength;
        return _rtp.Seal(nonce, packet[..headerLength], packet[headerLength..end], packet[end..]);
    }

    public bool UnprotectRtp(Span<byte> packet, int headerLength, ulong index)
    {
        Span<byte> nonce = stackalloc byte[AesGcmContext.NonceLength];
        WriteRtpNonce(nonce, SrtpPacket.Ssrc(packet), index);
        var end = packet.Length - AesGcmContext.TagLength;
        return _rtp.Open(nonce, packet[..headerLength], packet[headerLength..end], packet[end..]);
    }

    public bool ProtectRtcp(Span<byte> packet, uint index)
    {
        // RFC 7714 section 17: header, ciphertext, tag, then the index with its encryption flag.
        var field = index | SrtpSession.RtcpEncryptedFlag;
        var end = packet.Length - AesGcmContext.TagLength - IndexLength;
        BinaryPrimitives.WriteUInt32BigEndian(packet[(packet.Length - IndexLength)..], field);
        Span<byte> nonce = stackalloc byte[AesGcmContext.NonceLength];
        Span<byte> associated = stackalloc byte[RtcpHeaderLength + IndexLength];
        WriteRtcpInputs(packet, field, nonce, associated);
        return _rtcp.Seal(nonce, associated, packet[RtcpHeaderLength..end], packet.Slice(end, AesGcmContext.TagLength));
    }

    public uint ReadRtcpIndex(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt32BigEndian(packet[^IndexLength..]);

    public bool UnprotectRtcp(Span<byte> packet)
    {
        var field = ReadRtcpIndex(packet);
        var end = packet.Length - AesGcmContext.TagLength - IndexLength;
        Span<byte> nonce = stackalloc byte[AesGcmContext.NonceLength];
        Span<byte> associated = stackalloc byte[RtcpHeaderLength + IndexLength];
        WriteRtcpInputs(packet, field, nonce, associated);
        return _rtcp.Open(nonce, associated, packet[RtcpHeaderLength..end], packet.Slice(end, AesGcmContext.TagLength));
    }

    public void Dispose()
    {
        _rtp.Dispose();
        _rtcp.Dispose();
        _rtpSalt.AsSpan().Clear();
        _rtcpSalt.AsSpan().Clear();
    }

    /// <summary>RFC 7714 section 8.1: zeros (16 bits), SSRC, rollover counter, sequence number, plus the salt.</summary>
    private void WriteRtpNonce(Span<byte> nonce, uint ssrc, ulong index)
    {
        BinaryPrimitives.WriteUInt64BigEndian(nonce, (ulong)ssrc << 16 | index >> 32);
        BinaryPrimitives.WriteUInt32BigEndian(nonce[8..], (uint)index);
        Xor(nonce, _rtpSalt);
    }

    /// <summary>RFC 7714 sections 9.1 and 9.2: nonce of SSRC and index; the index field is authenticated behind the header.</summary>
    private void WriteRtcpInputs(ReadOnlySpan<byte> packet, uint field, Span<byte> nonce, Span<byte> associated)
    {
        BinaryPrimitives.WriteUInt64BigEndian(nonce, (ulong)BinaryPrimitives.ReadUInt32BigEndian(packet[4..]) << 16);
        BinaryPrimitives.WriteUInt32BigEndian(nonce[8..], field & ~SrtpSession.RtcpEncryptedFlag);
        Xor(nonce, _rtcpSalt);
        packet[..RtcpHeaderLength].CopyTo(associated);
        BinaryPrimitives.WriteUInt32BigEndian(associated[RtcpHeaderLength..], field);
    }

    private static void Xor(Span<byte> nonce, ReadOnlySpan<byte> salt)
    {
        for (var i = 0; i < SaltLength; i++)
        {
            nonce[i] ^= salt[i];
        }
    }
}
