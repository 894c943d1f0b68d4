using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Tests.Sending;

public sealed class EqualLengthsTests
{
    [Theory]
    [InlineData(1100, 0, false, 4)] // The first of a picture: up to a step.
    [InlineData(1104, 0, false, 0)]
    [InlineData(1101, 1104, false, 3)] // As long as the one before.
    [InlineData(1092, 1104, false, 12)]
    [InlineData(1104, 1104, false, 0)]
    [InlineData(1105, 1104, false, 15)] // Longer than the one before: that run is over.
    [InlineData(1000, 1104, false, 8)] // Far shorter: so is this.
    [InlineData(1000, 1104, true, 0)] // The last may be shorter.
    [InlineData(1100, -1, false, 0)] // There are no runs.
    [InlineData(1210, 0, false, 6)]
    [InlineData(1217, 0, false, 0)] // Never beyond what every path carries.
    [InlineData(1215, 1220, false, 0)]
    public void Padding(int length, int waiting, bool endsPicture, int expected) =>
        Assert.Equal(expected, EqualLengths.PaddingFor(length, waiting, endsPicture));

    [Fact]
    public void The_packets_of_a_picture_are_equally_long_and_their_payload_is_what_was_sent()
    {
        // As libwebrtc splits a picture: parts that differ by a byte, the longer ones last.
        int[] payloads = [1003, 1003, 1004, 1004, 900];
        var sink = new WaitingSink();
        var track = new IncomingTrack(new IncomingTrackOptions { Codec = CodecKind.H264, ClockRate = 90_000, PayloadType = 96 }, new ExtensionMap());
        var down = new DownTrack(track, new DownTrackOptions { Ssrc = new(7), PayloadType = 100, Extensions = new ExtensionMap() });
        for (var i = 0; i < payloads.Length; i++)
        {
            var packet = new byte[2000];
            var length = new RtpHeaderWriter(packet, 96, i == payloads.Length - 1, new((ushort)(i + 1)), new(90_000), new(1)).Finish();
            packet.AsSpan(length, payloads[i]).Fill((byte)(i + 1));

            // RFC 6184 section 5.8: a fragment of an intra picture, the first with the start bit.
            packet[length] = 0x7C;
            packet[length + 1] = (byte)(0x05 | (i == 0 ? 0x80 : i == payloads.Length - 1 ? 0x40 : 0));
            var datagram = packet.AsSpan(0, length + payloads[i]);
            Assert.True(RtpPacketView.TryParse(datagram, out var view));
            Assert.True(track.TryAccept(datagram, view, default, 0, false, Instant.Zero, out var accepted));
            down.Forward(accepted, sink, Instant.Zero);
        }

        Assert.Equal([1024, 1024, 1024, 1024, 912], sink.Packets.Select(packet => packet.Length));
        Assert.Equal(payloads, sink.Packets.Select(packet =>
        {
            Assert.True(RtpPacketView.TryParse(packet, out var view));
            return view.PayloadLength;
        }));
    }

    private sealed class WaitingSink : IRtpSink
    {
        private readonly byte[] _buffer = new byte[4096];

        public List<byte[]> Packets { get; } = [];

        public int LastWaiting => Packets.Count == 0 ? 0 : Packets[^1].Length;

        public Span<byte> Reserve(int capacity) => _buffer.AsSpan(0, capacity);

        public int Commit(Span<byte> reservation, int length, in SentPacketInfo info)
        {
            Packets.Add(_buffer[..length]);
            return length;
        }

        public int Resend(ReadOnlySpan<byte> sent) => 0;
    }
}
