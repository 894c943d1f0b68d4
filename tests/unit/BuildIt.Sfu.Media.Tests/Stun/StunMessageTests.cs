using System.Net;
using System.Text;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Stun;

namespace BuildIt.Sfu.Media.Tests.Stun;

public sealed class StunMessageTests
{
    private static readonly byte[] Password = Encoding.ASCII.GetBytes("VOkJxbRl1RmTxUk/WvJxBt");

    // RFC 5769 section 2.1.
    private static readonly byte[] SampleRequest = Convert.FromHexString(
        "000100582112A442B7E7A701BC34D686FA87DFAE802200105354554E207465737420636C69656E74002400046E0001FF"
        + "80290008932FF9B151263B36000600096576746A3A68367659202020000800149AEAA70CBFD8CB56781EF2B5B2D3F249C1B571A2"
        + "80280004E57A3BCF");

    // RFC 5769 section 2.2.
    private static readonly byte[] SampleResponse4 = Convert.FromHexString(
        "0101003C2112A442B7E7A701BC34D686FA87DFAE8022000B7465737420766563746F7220002000080001A147E112A643"
        + "000800142B91F599FD9E90C38C7489F92AF9BA53F06BE7D780280004C07D4C96");

    // RFC 5769 section 2.3.
    private static readonly byte[] SampleResponse6 = Convert.FromHexString(
        "010100482112A442B7E7A701BC34D686FA87DFAE8022000B7465737420766563746F7220002000140002A1470113A9FAA5D3F179BC25F4B5BED2B9D9"
        + "00080014A382954E4BE67BF11784C97C8292C275BFE3ED4180280004C8FB0B4C");

    [Fact]
    public void Rfc5769_request_is_read_and_authentic()
    {
        Assert.True(StunMessage.TryParse(SampleRequest, out var message));
        Assert.Equal(StunClass.Request, message.Class);
        Assert.True(message.IsBinding);
        Assert.Equal("evtj:h6vY", Encoding.ASCII.GetString(message.Username));
        Assert.True(message.TryGetPriority(out var priority));
        Assert.Equal(0x6E0001FFu, priority);
        Assert.True(message.TryGetRole(out var controlling, out var tieBreaker));
        Assert.False(controlling);
        Assert.Equal(0x932FF9B151263B36UL, tieBreaker);
        Assert.True(message.VerifyIntegrity(Password));
        Assert.True(message.VerifyFingerprint());
        Assert.False(message.VerifyIntegrity("VOkJxbRl1RmTxUk/WvJxBT"u8));
        Assert.True(StunMessage.TryReadLocalUfrag(SampleRequest, out var ufrag));
        Assert.Equal("evtj", Encoding.ASCII.GetString(ufrag));
    }

    [Theory]
    [InlineData(false, "192.0.2.1")]
    [InlineData(true, "2001:db8:1234:5678:11:2233:4455:6677")]
    public void Rfc5769_responses_carry_the_mapped_address(bool ipv6, string expected)
    {
        Assert.True(StunMessage.TryParse(ipv6 ? SampleResponse6 : SampleResponse4, out var message));
        Assert.Equal(StunClass.SuccessResponse, message.Class);
        Assert.True(message.VerifyIntegrity(Password));
        Assert.True(message.VerifyFingerprint());
        Assert.True(message.TryGetXorMappedAddress(out var address));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(expected), 32853), address.ToEndPoint());
    }

    [Theory]
    [InlineData("192.0.2.7", 1)]
    [InlineData("2001:db8::7", 65535)]
    public void What_the_writer_writes_the_parser_reads(string ip, int port)
    {
        var address = TransportAddress.FromEndPoint(new IPEndPoint(IPAddress.Parse(ip), port));
        Span<byte> buffer = stackalloc byte[548];
        var writer = new StunWriter(buffer, StunClass.Request, "transaction!"u8);
        writer.WriteUsername("remote"u8, "local"u8);
        writer.WriteRole(controlling: true, 42);
        writer.WriteUseCandidate();
        writer.WritePriority(7);
        writer.WriteXorMappedAddress(address);
        writer.WriteErrorCode(487, "Role Conflict"u8);
        var length = writer.Finish("secret"u8);

        Assert.True(StunMessage.TryParse(buffer[..length], out var message));
        Assert.True(message.VerifyFingerprint());
        Assert.True(message.VerifyIntegrity("secret"u8));
        Assert.Equal("remote:local", Encoding.ASCII.GetString(message.Username));
        Assert.True(message.UseCandidate);
        Assert.True(message.TryGetRole(out var controlling, out var tieBreaker) && controlling && tieBreaker == 42);
        Assert.True(message.TryGetXorMappedAddress(out var read));
        Assert.Equal(address, read);
        Assert.True(message.TryGetErrorCode(out var code));
        Assert.Equal(487, code);
    }

    [Fact]
    public void Attributes_behind_the_integrity_are_not_believed()
    {
        // A USE-CANDIDATE slipped in between MESSAGE-INTEGRITY and the end, with the length corrected.
        byte[] forged = [.. SampleRequest[..^8], 0x00, 0x25, 0x00, 0x00];
        forged[3] -= 4;
        Assert.True(StunMessage.TryParse(forged, out var message));
        Assert.True(message.VerifyIntegrity(Password));
        Assert.False(message.UseCandidate);
    }

    [Fact]
    public void Unknown_required_attributes_are_listed()
    {
        byte[] withUnknown = [.. SampleRequest[..20], 0x7F, 0x01, 0x00, 0x00, 0xFF, 0x01, 0x00, 0x00];
        withUnknown[3] = 8;
        Assert.True(StunMessage.TryParse(withUnknown, out var message));
        Span<ushort> types = stackalloc ushort[4];
        Assert.Equal(1, message.GetUnknownRequiredAttributes(types));
        Assert.Equal(0x7F01, types[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Changed_and_cut_messages_never_throw_and_are_never_authentic(int seed)
    {
        var random = new Random(seed);
        Span<ushort> types = stackalloc ushort[8];
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = (byte[])(random.Next(3) switch { 0 => SampleRequest, 1 => SampleResponse4, _ => SampleResponse6 }).Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            }

            var cut = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
            StunMessage.TryReadLocalUfrag(cut, out _);
            if (!StunMessage.TryParse(cut, out var message))
            {
                continue;
            }

            message.TryGetXorMappedAddress(out _);
            message.TryGetErrorCode(out _);
            message.TryGetRole(out _, out _);
            message.GetUnknownRequiredAttributes(types);
            Assert.False(message.VerifyFingerprint() && message.VerifyIntegrity(Password) && !IsOriginal(cut));
        }
    }

    private static bool IsOriginal(byte[] bytes) =>
        bytes.SequenceEqual(SampleRequest) || bytes.SequenceEqual(SampleResponse4) || bytes.SequenceEqual(SampleResponse6);
}
