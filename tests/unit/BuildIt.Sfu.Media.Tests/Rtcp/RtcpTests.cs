using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Rtcp;

public sealed class RtcpTests
{
    [Fact]
    public void Sender_report_with_blocks_survives_the_wire()
    {
        var info = new SenderInfo(new(1), new(0x1122334455667788), new(9), 10, 11);
        var block = new ReportBlock(new(2), 128, -3, 0x10005, 77, 0xABCD, 0x10000);
        var buffer = new byte[256];
        var writer = new RtcpWriter(buffer);
        Assert.True(writer.WriteSenderReport(info, [block, block with { CumulativeLost = 5 }]));
        Assert.True(writer.WriteCanonicalName(new(1), "abcd"u8));

        var reader = new RtcpReader(buffer.AsSpan(0, writer.Length));
        Assert.True(reader.MoveNext());
        Assert.True(SenderInfo.TryRead(reader.Current, out var read));
        Assert.Equal(info, read);
        var blocks = new List<ReportBlock>();
        foreach (var item in new ReportBlocks(reader.Current))
            blocks.Add(item);
        Assert.Equal([block, block with { CumulativeLost = 5 }], blocks);

        Assert.True(reader.MoveNext());
        // RFC 3550 section 6.5: the source, then one item of type 1 with its length, then zeros to a whole word.
        Assert.Equal((RtcpType.SourceDescription, 1), (reader.Current.Type, reader.Current.Count));
        Assert.Equal([0, 0, 0, 1, 1, 4, (byte)'a', (byte)'b', (byte)'c', (byte)'d', 0, 0], reader.Current.Body.ToArray());
        Assert.False(reader.MoveNext());
        Assert.Equal(RtcpError.None, reader.Error);
    }

    [Fact]
    public void Round_trip_follows_the_example_of_rfc_3550_section_6_4_1()
    {
        // The figure's numbers: A = 0xb710:8000, LSR = 0xb705:2000, DLSR = 0x0005:4000, delay 0x0006:2000 = 6.125 s.
        var block = new ReportBlock(default, 0, 0, 0, 0, 0xB705_2000, 0x0005_4000);
        Assert.Equal(TimeSpan.FromSeconds(6.125), block.RoundTrip(new NtpTime(0xB710_8000UL << 16)));
    }

    [Fact]
    public void Nack_packs_runs_of_seventeen_and_reads_back_in_order()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var sequences = new List<SequenceNumber>();
            var next = random.Next(65536);
            for (var i = random.Next(1, 60); i > 0; i--)
                sequences.Add(new((ushort)(next += random.Next(1, 30))));
            var buffer = new byte[400];
            var writer = new RtcpWriter(buffer);
            Assert.Equal(sequences.Count, writer.WriteNack(new(1), new(2), sequences.ToArray()));
            var reader = new RtcpReader(buffer.AsSpan(0, writer.Length));
            Assert.True(reader.MoveNext());
            var read = new List<SequenceNumber>();
            foreach (var sequence in new NackedSequences(reader.Current))
                read.Add(sequence);
            Assert.Equal(sequences, read);
        }
    }

    [Fact]
    public void Nack_takes_what_fits()
    {
        var buffer = new byte[16];
        var writer = new RtcpWriter(buffer);
        Assert.Equal(2, writer.WriteNack(new(1), new(2), [new(1), new(5), new(100)]));
        Assert.Equal(16, writer.Length);
        Assert.Equal(0, writer.WriteNack(new(1), new(2), [new(100)]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30_000)]
    [InlineData(262_143)]
    [InlineData(2_500_000)]
    [InlineData(10_000_000_000)]
    public void Remb_keeps_eighteen_significant_bits(long bits)
    {
        var buffer = new byte[64];
        var writer = new RtcpWriter(buffer);
        Assert.True(writer.WriteRemb(new(1), new DataRate(bits), [new(7)]));
        var reader = new RtcpReader(buffer.AsSpan(0, writer.Length));
        Assert.True(reader.MoveNext());
        Assert.True(Remb.TryRead(reader.Current, out var rate));
        Assert.InRange(rate.BitsPerSecond, bits - bits / 131_072, bits);
    }

    [Fact]
    public void Key_frame_requests_are_told_apart()
    {
        var buffer = new byte[64];
        var writer = new RtcpWriter(buffer);
        Assert.True(writer.WritePictureLoss(new(1), new(2)));
        Assert.True(writer.WriteFullIntraRequest(new(1), new(3), 9));
        Assert.Equal("81CE00020000000100000002" + "84CE000400000001000000000000000309000000", Convert.ToHexString(buffer, 0, writer.Length));
        var reader = new RtcpReader(buffer.AsSpan(0, writer.Length));
        Assert.True(reader.MoveNext() && reader.Current.IsPictureLoss);
        Assert.True(FeedbackHead.TryRead(reader.Current, out var head));
        Assert.Equal(2u, head.Media.Value);
        Assert.True(reader.MoveNext());
        var requests = new FullIntraRequests(reader.Current);
        Assert.True(requests.MoveNext());
        Assert.Equal((3u, (byte)9), (requests.Current.Value, requests.CurrentNumber));
    }

    [Fact]
    public void Broken_tail_keeps_what_came_before()
    {
        var buffer = new byte[64];
        var writer = new RtcpWriter(buffer);
        writer.WritePictureLoss(new(1), new(2));
        var reader = new RtcpReader(buffer.AsSpan(0, writer.Length + 2));
        Assert.True(reader.MoveNext());
        Assert.False(reader.MoveNext());
        Assert.Equal(RtcpError.Truncated, reader.Error);
    }
}
