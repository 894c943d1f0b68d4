using System.Buffers.Binary;
using System.Security.Cryptography;
using BuildIt.Sfu.Crypto.Interop;

namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>AES128_CM_HMAC_SHA1_80 (RFC 3711, RFC 5764 section 4.1.2).</summary>
internal sealed class AesCmSrtpCipher : ISrtpCipher
{
    private const int TagLength = 10;
    private const int IndexLength = 4;
    private const int RtcpHeaderLength = 8;
    private const int AuthenticationKeyLength = 20;
    private const int SaltLength = 14;

    private readonly AesCtrContext _rtp;
    private readonly AesCtrContext _rtcp;
    private readonly HmacSha1Context _rtpTag;
    private readonly HmacSha1Context _rtcpTag;
    private readonly byte[] _rtpSalt = new byte[SaltLength];
    private readonly byte[] _rtcpSalt = new byte[SaltLength];

    public AesCmSrtpCipher(ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt)
    {
        Span<byte> key = stackalloc byte[16];
        Span<byte> tagKey = stackalloc byte[AuthenticationKeyLength];
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtpEncryption, key);
        _rtp = new AesCtrContext(key);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtcpEncryption, key);
        _rtcp = new AesCtrContext(key);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtpAuthentication, tagKey);
        _rtpTag = new HmacSha1Context(tagKey);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtcpAuthentication, tagKey);
        _rtcpTag = new HmacSha1Context(tagKey);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtpSalt, _rtpSalt);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpKeyDerivation.RtcpSalt, _rtcpSalt);
        key.Clear();
        tagKey.Clear();
    }

    public int RtpOverhead => TagLength;

    public int RtcpOverhead => TagLength + IndexLength;

    public bool ProtectRtp(Span<byte> packet, int headerLength, ulong index)
    {
        var end = packet.Length - TagLength;
        if (!Transform(_rtp, _rtpSalt, SrtpPacket.Ssrc(packet), index, packet[headerLength..end]))
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[HmacSha1Context.DigestLength];
        ComputeRtpTag(packet[..end], index, digest);
        digest[..TagLength].CopyTo(packet[end..]);
        return true;
    }

    public bool UnprotectRtp(Span<byte> packet, int headerLength, ulong index)
    {
        var end = packet.Length - TagLength;
        Span<byte> digest = stackalloc byte[HmacSha1Context.DigestLength];
        ComputeRtpTag(packet[..end], index, digest);
        return CryptographicOperations.FixedTimeEquals(digest[..TagLength], packet[end..])
            && Transform(_rtp, _rtpSalt, SrtpPacket.Ssrc(packet), index, packet[headerLength..end]);
    }

    public bool ProtectRtcp(Span<byte> packet, uint index)
    {
        // RFC 3711 section 3.4: header, ciphertext, index with encryption flag, tag over all of it.
        var authenticated = packet.Length - TagLength;
        var end = authenticated - IndexLength;
        var ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        if (!Transform(_rtcp, _rtcpSalt, ssrc, index, packet[RtcpHeaderLength..end]))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(packet[end..], index | SrtpSession.RtcpEncryptedFlag);
        Span<byte> digest = stackalloc byte[HmacSha1Context.DigestLength];
        _rtcpTag.Compute(packet[..authenticated], default, digest);
        digest[..TagLength].CopyTo(packet[authenticated..]);
        return true;
    }

    public uint ReadRtcpIndex(ReadOnlySpan<byte> packet) =>
        BinaryPrimitives.ReadUInt32BigEndian(packet[^(TagLength + IndexLength)..]);

    public bool UnprotectRtcp(Span<byte> packet)
    {
        var authenticated = packet.Length - TagLength;
        Span<byte> digest = stackalloc byte[HmacSha1Context.DigestLength];
        _rtcpTag.Compute(packet[..authenticated], default, digest);
        if (!CryptographicOperations.FixedTimeEquals(digest[..TagLength], packet[authenticated..]))
        {
            return false;
        }

        var index = ReadRtcpIndex(packet) & ~SrtpSession.RtcpEncryptedFlag;
        var ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        return Transform(_rtcp, _rtcpSalt, ssrc, index, packet[RtcpHeaderLength..(authenticated - IndexLength)]);
    }

    public void Dispose()
    {
        _rtp.Dispose();
        _rtcp.Dispose();
        _rtpSalt.AsSpan().Clear();
        _rtcpSalt.AsSpan().Clear();
    }

    /// <summary>RFC 3711 section 4.1.1: salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16.</summary>
    private static bool Transform(AesCtrContext cipher, ReadOnlySpan<byte> salt, uint ssrc, ulong index, Span<byte> data)
    {
        Span<byte> counter = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32BigEndian(counter[4..], ssrc);
        BinaryPrimitives.WriteUInt64BigEndian(counter[8..], index << 16);
        for (var i = 0; i < SaltLength; i++)
        {
            counter[i] ^= salt[i];
        }

        return cipher.Transform(counter, data);
    }

    /// <summary>RFC 3711 section 4.2: the tag covers the packet and the rollover counter.</summary>
    private void ComputeRtpTag(ReadOnlySpan<byte> authenticated, ulong index, Span<byte> digest)
    {
        Span<byte> rollover = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(rollover, (uint)(index >> 16));
        _rtpTag.Compute(authenticated, rollover, digest);
    }
}
