using BuildIt.Sfu.Media.Codecs;
using CsCheck;

namespace BuildIt.Sfu.Media.Tests.Codecs;

public sealed class RedPayloadTests
{
    // One copy of three bytes, 960 ticks older, then the newest block (RFC 2198 section 3).
    private static readonly byte[] OneCopy = [0x80 | 111, 960 >> 6, 960 << 2 & 0xFF, 3, 111, 1, 2, 3, 0xAA, 0xBB];

    [Fact]
    public void Newest_block_stands_behind_the_copies() =>
        Assert.Equal([0xAA, 0xBB], RedPayload.Primary(OneCopy).ToArray());

    [Fact]
    public void Without_copies_all_but_the_header_is_the_newest_block() =>
        Assert.Equal([0xAA, 0xBB, 0xCC], RedPayload.Primary([111, 0xAA, 0xBB, 0xCC]).ToArray());

    [Fact]
    public void Two_copies_are_passed_over() =>
        Assert.Equal([9], RedPayload.Primary([0xEF, 0, 0, 1, 0xEF, 0, 0, 2, 111, 1, 2, 3, 9]).ToArray());

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0xEF })]
    [InlineData(new byte[] { 0xEF, 0, 0, 9 })]
    [InlineData(new byte[] { 0xEF, 0, 0, 9, 111, 1, 2 })]
    [InlineData(new byte[] { 111 })]
    public void What_is_cut_off_gives_nothing(byte[] payload) => Assert.True(RedPayload.Primary(payload).IsEmpty);

    [Fact]
    public void Any_bytes_give_a_tail_of_themselves_or_nothing() => Gen.Byte.Array[0, 300].Sample(payload =>
    {
        var primary = RedPayload.Primary(payload);
        return primary.IsEmpty || payload.AsSpan(payload.Length - primary.Length).SequenceEqual(primary);
    });

    [Fact]
    public void A_chain_of_headers_without_end_gives_nothing()
    {
        var payload = new byte[1200];
        Array.Fill(payload, (byte)0x80);
        Assert.True(RedPayload.Primary(payload).IsEmpty);
    }
}
