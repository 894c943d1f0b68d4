using BuildIt.Sfu.Crypto.Interop;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Tests.Srtp;

/// <summary>The published vectors.</summary>
public sealed class SrtpVectorTests
{
    private static readonly byte[] MasterKey = Convert.FromHexString("E1F97A0D3E018BE0D64FA32C06DE4139");
    private static readonly byte[] MasterSalt = Convert.FromHexString("0EC675AD498AFEEBB6960B3AABE6");
    private static readonly byte[] GcmKey = Convert.FromHexString("000102030405060708090A0B0C0D0E0F");
    private static readonly byte[] GcmSalt = Convert.FromHexString("517569642070726F2071756F");

    [Fact]
    public void Rfc3711_B2_key_stream()
    {
        using var cipher = new AesCtrContext(Convert.FromHexString("2B7E151628AED2A6ABF7158809CF4F3C"));
        var data = new byte[48];
        Assert.True(cipher.Transform(Convert.FromHexString("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000"), data));
        Assert.Equal(
            "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0",
            Convert.ToHexString(data));
    }

    [Theory]
    [InlineData(SrtpKeyDerivation.RtpEncryption, "C61E7A93744F39EE10734AFE3FF7A087")]
    [InlineData(SrtpKeyDerivation.RtpSalt, "30CBBC08863D8C85D49DB34A9AE1")]
    [InlineData(SrtpKeyDerivation.RtpAuthentication, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")]
    public void Rfc3711_B3_key_derivation(byte label, string expected)
    {
        var key = new byte[expected.Length / 2];
        SrtpKeyDerivation.Derive(MasterKey, MasterSalt, label, key);
        Assert.Equal(expected, Convert.ToHexString(key));
    }

    /// <summary>Of libsrtp's test driver, under the master key of RFC 3711 appendix B.3.</summary>
    [Fact]
    public void Aes_cm_hmac_sha1_80_packet()
    {
        var packet = new byte[38];
        Convert.FromHexString("800F1234DECAFBADCAFEBABEABABABABABABABABABABABABABABABAB").CopyTo(packet, 0);
        byte[] key = [.. MasterKey, .. MasterSalt];
        using var session = new SrtpSession(SrtpProfile.Aes128CmHmacSha1Tag80, key, key, new SrtpOptions());
        Assert.Equal(SrtpError.None, session.ProtectRtp(packet, 28, new PacketIndex(0x1234), out var length));
        Assert.Equal(38, length);
        Assert.Equal(
            "800F1234DECAFBADCAFEBABE4E55DC4CE79978D88CA4D215949D2402B78D6ACC99EA179B8DBB",
            Convert.ToHexString(packet));
        Assert.True(session.TryUnprotectRtp(packet, out var plainLength));
        Assert.Equal("800F1234DECAFBADCAFEBABEABABABABABABABABABABABABABABABAB", Convert.ToHexString(packet[..plainLength]));
    }

    [Fact]
    public void Rfc7714_16_1_rtp()
    {
        const string Plain = "8040F17B8041F8D35501A0B247616C6C696120657374206F6D6E697320646976697361"
            + "20696E207061727465732074726573";
        const string Protected = "8040F17B8041F8D35501A0B2F24DE3A3FB34DE6CACBA861C9D7E4BCABE633BD50D294E6F42A5F47A51C7D19B36DE3ADF"
            + "8833899D7F27BEB16A9152CF765EE4390CCE";
        var plain = Convert.FromHexString(Plain);
        byte[] packet = [.. plain, .. new byte[16]];
        using var sender = new AesGcmSrtpCipher(GcmKey, GcmSalt, encrypt: true);
        Assert.True(sender.ProtectRtp(packet, 12, 0xF17B));
        Assert.Equal(Protected, Convert.ToHexString(packet));

        using var receiver = new AesGcmSrtpCipher(GcmKey, GcmSalt, encrypt: false);
        Assert.True(receiver.UnprotectRtp(packet, 12, 0xF17B));
        Assert.Equal(Plain, Convert.ToHexString(packet[..plain.Length]));
    }

    [Fact]
    public void Rfc7714_17_1_rtcp()
    {
        const string Plain = "81C8000D4D6172734E5450314E545032525450200000042A0000E9304C756E61DEADBEEFDEADBEEFDEADBEEFDEADBEEFDEADBEEF";
        const string Protected = "81C8000D4D61727363E94885DCDAB67CA727D7662F6B7E997FF5C0F76C06F32DC676A5F1730D6FDA4CE09B4686303DED"
            + "0BB9275BC84AA45896CF4D2FC5ABF87245D9EADE800005D4";
        var plain = Convert.FromHexString(Plain);
        byte[] packet = [.. plain, .. new byte[20]];
        using var sender = new AesGcmSrtpCipher(GcmKey, GcmSalt, encrypt: true);
        Assert.True(sender.ProtectRtcp(packet, 0x5D4));
        Assert.Equal(Protected, Convert.ToHexString(packet));

        using var receiver = new AesGcmSrtpCipher(GcmKey, GcmSalt, encrypt: false);
        Assert.Equal(0x800005D4u, receiver.ReadRtcpIndex(packet));
        Assert.True(receiver.UnprotectRtcp(packet));
        Assert.Equal(Plain, Convert.ToHexString(packet[..plain.Length]));
    }
}
