using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Rtp;

public sealed class RtpPacketViewTests
{
    // V=2, P, X, CC=1, M, PT 96, seq 0x1234, ts, ssrc, csrc, one-byte extensions: id 1 "\xAA", padding, id 2 "\xBB\xCC"; payload 01 02; padding 3.
    private static readonly byte[] Sample = Convert.FromHexString(
        "B1E012340102030405060708" + "0000000A" + "BEDE0002" + "10AA0021BBCC0000" + "0102" + "000003");

    [Fact]
    public void Reads_every_field()
    {
        Assert.True(RtpPacketView.TryParse(Sample, out var packet));
        Assert.True(packet.Marker);
        Assert.Equal(96, packet.PayloadType);
        Assert.Equal(0x1234, packet.SequenceNumber.Value);
        Assert.Equal(0x01020304u, packet.Timestamp.Value);
        Assert.Equal(0x05060708u, packet.Ssrc.Value);
        Assert.Equal(new byte[] { 1, 2 }, packet.Payload.ToArray());
        Assert.Equal(3, packet.PaddingLength);

        var map = new ExtensionMap();
        Assert.True(map.TryAdd(1, ExtensionKind.AudioLevel));
        Assert.True(map.TryAdd(2, ExtensionKind.TransportSequence));
        Assert.False(map.TryAdd(2, ExtensionKind.Mid));
        Assert.False(map.TryAdd(15, ExtensionKind.Mid));
        var found = RtpHeaderExtensions.Read(packet, map);
        Assert.True(found.TryGetAudioLevel(packet.Datagram, out var level, out var voice));
        Assert.Equal((0x2A, true), (level, voice));
        Assert.True(found.TryGetTransportSequence(packet.Datagram, out var sequence));
        Assert.Equal(0xBBCC, sequence);
        Assert.False(found.Has(ExtensionKind.Mid));
    }

    [Fact]
    public void Two_byte_elements_and_empty_data_are_read()
    {
        var bytes = Convert.FromHexString("900000010000000000000001" + "10000002" + "2000" + "21021122" + "0000");
        Assert.True(RtpPacketView.TryParse(bytes, out var packet));
        var reader = packet.Extensions;
        Assert.True(reader.MoveNext());
        Assert.Equal((0x20, 0), (reader.Id, reader.Length));
        Assert.True(reader.MoveNext());
        Assert.Equal(0x21, reader.Id);
        Assert.Equal(new byte[] { 0x11, 0x22 }, reader.Data.ToArray());
        Assert.False(reader.MoveNext());
    }

    [Theory]
    [InlineData("")]
    [InlineData("80600001000000000000")]
    [InlineData("40600001000000000000000100")]
    [InlineData("8F6000010000000000000001")]
    [InlineData("9060000100000000000000011000FFFF")]
    [InlineData("A0600001000000000000000100")]
    [InlineData("A0600001000000000000000105")]
    public void Broken_packets_are_refused(string hex) => Assert.False(RtpPacketView.TryParse(Convert.FromHexString(hex), out _));

    [Fact]
    public void Writer_and_reader_agree()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var buffer = new byte[512];
            var twoByte = random.Next(2) == 0;
            var writer = new RtpHeaderWriter(buffer, 111, true, new((ushort)seed), new((uint)seed * 7), new(9), twoByte);
            var elements = new List<(byte Id, byte[] Data)>();
            for (var i = random.Next(6); i > 0; i--)
            {
                var data = new byte[twoByte ? random.Next(0, 40) : random.Next(1, 17)];
                random.NextBytes(data);
                elements.Add(((byte)(twoByte ? random.Next(1, 256) : random.Next(1, 15)), data));
                writer.Add(elements[^1].Id, data);
            }

            var length = writer.Finish();
            Assert.Equal(0, length % 4);
            length = RtpHeaderWriter.AddPadding(buffer, length, 7);
            Assert.True(RtpPacketView.TryParse(buffer.AsSpan(0, length), out var packet));
            Assert.Equal(7, packet.PaddingLength);
            var reader = packet.Extensions;
            foreach (var (id, data) in elements)
            {
                Assert.True(reader.MoveNext());
                Assert.Equal(id, reader.Id);
                Assert.Equal(data, reader.Data.ToArray());
            }

            Assert.False(reader.MoveNext());
        }
    }
}
