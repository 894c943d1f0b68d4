using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sending;
using BuildIt.Sfu.Media.Tests.Codecs;
using CsCheck;

namespace BuildIt.Sfu.Media.Tests.Sending;

/// <summary>Whatever arrives, from the first byte to the subscriber's packet: an error at most, never an exception.</summary>
public sealed class MalformedBytesTests
{
    [Theory]
    [InlineData(CodecKind.Vp8)]
    [InlineData(CodecKind.Vp9)]
    [InlineData(CodecKind.H264)]
    [InlineData(CodecKind.Av1)]
    [InlineData(CodecKind.Opus)]
    public void Random_and_mutated_packets_never_throw(CodecKind codec)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var extensions = AllExtensions();
            var source = new IncomingTrack(
                new IncomingTrackOptions { Codec = codec, ClockRate = 90_000, PayloadType = 96, RtxPayloadType = 97, Nack = true }, extensions)
            { IsSimulcast = seed % 2 == 0 };
            var track = new DownTrack(source, new DownTrackOptions
            {
                Ssrc = new(1),
                PayloadType = 96,
                RtxSsrc = new(2),
                RtxPayloadType = 97,
                Extensions = extensions,
            });
            var sink = new RecordingSink { Keep = false };
            for (var i = 0; i < 5_000; i++)
            {
                var now = Instant.FromMilliseconds(i);
                var bytes = MakePacket(random, (ushort)i);
                if (!RtpPacketView.TryParse(bytes, out var view))
                    continue;
                var found = RtpHeaderExtensions.Read(view, extensions);
                if (source.TryAccept(bytes, view, found, seed % 2 == 0 ? random.Next(3) : 0, random.Next(10) == 0, now, out var packet))
                    track.Forward(packet, sink, now);
                if (random.Next(10) == 0)
                    track.SetTarget(new LayerPair(random.Next(-1, 3), random.Next(3)));
                track.WriteProbe(random.Next(1, 2000), sink, now);
            }
        }
    }

    [Fact]
    public void Random_rtcp_never_throws() =>
        Gen.Byte.Array[0, 80].Sample(bytes =>
        {
            if (bytes.Length > 1)
            {
                bytes[0] = (byte)(0x80 | bytes[0] & 0x3F);
                bytes[1] = (byte)(200 + bytes[1] % 8);
            }

            if (bytes.Length > 3)
                (bytes[2], bytes[3]) = (0, (byte)(bytes[3] % (bytes.Length / 4 + 1)));
            ReadAll(bytes);
        }, iter: 30_000);

    private static void ReadAll(ReadOnlySpan<byte> bytes)
    {
        var reader = new RtcpReader(bytes);
        while (reader.MoveNext())
        {
            SenderInfo.TryRead(reader.Current, out _);
            FeedbackHead.TryRead(reader.Current, out _);
            Remb.TryRead(reader.Current, out _);
            foreach (var block in new ReportBlocks(reader.Current))
                block.RoundTrip(default);
            var count = 0;
            foreach (var _ in new NackedSequences(reader.Current))
                count++;
            foreach (var _ in new FullIntraRequests(reader.Current))
                count++;
            if (TransportFeedbackReader.TryRead(reader.Current, out var feedback))
            {
                while (feedback.MoveNext())
                    count++;
            }

            Assert.True(count < 100_000);
        }
    }

    private static byte[] MakePacket(Random random, ushort sequence)
    {
        var bytes = new byte[200];
        var writer = new RtpHeaderWriter(bytes, (byte)(random.Next(10) == 0 ? 97 : 96), random.Next(3) == 0, new(sequence), new(sequence * 3000u), new(77), true);
        if (random.Next(2) == 0)
        {
            var descriptor = DependencyDescriptorTests.KeyFrame(sequence, random.Next(2) == 0 ? 0xF : null);
            if (random.Next(2) == 0)
                descriptor = descriptor[..3];
            for (var flips = random.Next(3); flips > 0; flips--)
                descriptor[random.Next(descriptor.Length)] ^= (byte)(1 << random.Next(8));
            writer.Add((byte)ExtensionKind.DependencyDescriptor, descriptor);
        }

        var length = writer.Finish();
        var payload = random.Next(0, 40);
        random.NextBytes(bytes.AsSpan(length, payload));
        if (payload > 0 && random.Next(3) == 0)
            bytes[length] = 0x18;
        var packet = bytes[..(length + payload)];
        for (var flips = random.Next(4) == 0 ? random.Next(1, 4) : 0; flips > 0; flips--)
            packet[random.Next(packet.Length)] ^= (byte)(1 << random.Next(8));
        return packet;
    }

    private static ExtensionMap AllExtensions()
    {
        var map = new ExtensionMap();
        foreach (var kind in Enum.GetValues<ExtensionKind>())
            map.TryAdd((byte)kind, kind);
        return map;
    }
}
