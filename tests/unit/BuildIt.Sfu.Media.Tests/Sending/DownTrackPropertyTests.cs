using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Tests.Sending;

/// <summary>A hostile network and a restless subscriber, with seeds: what comes out must look like one calm encoder.</summary>
public sealed class DownTrackPropertyTests
{
    public static TheoryData<int> Seeds
    {
        get
        {
            var seeds = new TheoryData<int>();
            for (var seed = 1; seed <= 40; seed++)
                seeds.Add(seed);
            return seeds;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Subscriber_sees_one_continuous_stream_when_losses_are_repaired(int seed)
    {
        var random = new Random(seed);
        var publisher = new TestPublisher(3, random);
        var options = new DownTrackOptions
        {
            Ssrc = new(0xAAAA),
            PayloadType = 100,
            Extensions = new ExtensionMap(),
            FirstSequence = (ushort)random.Next(32768),
        };
        var track = new DownTrack(publisher.Track, options) { HighestLayer = 2 };
        var sink = new RecordingSink();
        var network = new PriorityQueue<(int Layer, byte[] Bytes), (long, int)>();
        var order = 0;
        var switches = 0;
        var lastSource = -1;

        for (var step = 0; step < 900; step++)
        {
            var now = Instant.FromMilliseconds(1000 + step * 33);
            if (step % 30 == 5)
                publisher.Report(now);
            if (random.Next(40) == 0)
                track.SetTarget(new LayerPair(random.Next(3), random.Next(3)));
            if (random.Next(200) == 0)
                track.SetTarget(LayerPair.None);
            if (track.LayerNeedingKeyFrame is >= 0 and var layer)
                publisher.WantKeyFrame(layer);

            foreach (var (index, bytes) in publisher.NextPicture(now))
            {
                // A lost packet comes 60 to 120 ms later, as its repair would; others are reordered by up to 8 ms; some come twice.
                var delay = random.Next(20) == 0 ? 60_000 + random.Next(60_000) : random.Next(5) == 0 ? random.Next(8_000) : 0;
                network.Enqueue((index, bytes), (now.Microseconds + delay, order++));
                if (random.Next(30) == 0)
                    network.Enqueue((index, bytes), (now.Microseconds + delay + random.Next(50_000), order++));
            }

            while (network.TryPeek(out var next, out var due) && due.Item1 < now.Microseconds + 33_000)
            {
                network.Dequeue();
                Deliver(publisher, track, sink, next.Layer, (byte[])next.Bytes.Clone(), new Instant(due.Item1));
                if (track.CurrentLayers.Spatial != lastSource)
                    switches++;
                lastSource = track.CurrentLayers.Spatial;
            }
        }

        Assert.True(switches > 5, $"only {switches} switches, seed {seed}");
        Check(sink, options, seed);
    }

    private static void Deliver(TestPublisher publisher, DownTrack track, RecordingSink sink, int layer, byte[] bytes, Instant now)
    {
        Assert.True(RtpPacketView.TryParse(bytes, out var view));
        if (publisher.Track.TryAccept(bytes, view, default, layer, false, now, out var packet))
            track.Forward(packet, sink, now);
    }

    private static void Check(RecordingSink sink, DownTrackOptions options, int seed)
    {
        var packets = new SortedDictionary<long, (uint Timestamp, ushort Picture, byte Tl0, byte[] Payload, bool Marker)>();
        var unwrapper = new SequenceUnwrapper();
        foreach (var (bytes, info) in sink.Packets)
        {
            Assert.True(RtpPacketView.TryParse(bytes, out var view));
            Assert.Equal(options.Ssrc, view.Ssrc);
            Assert.Equal(options.PayloadType, view.PayloadType);
            Assert.Equal(info.Index.Sequence, view.SequenceNumber);
            var sequence = unwrapper.Unwrap(view.SequenceNumber.Value);
            if (view.PayloadLength == 0)
            {
                Assert.True(packets.TryAdd(sequence, (view.Timestamp.Value, 0, 0, [], false)), $"sequence sent twice, seed {seed}");
                continue;
            }

            Assert.True(Vp8Descriptor.TryRead(view.Payload, view.Marker, out var facts));
            Assert.True(
                packets.TryAdd(
                    sequence,
                    (view.Timestamp.Value, facts.PictureId, facts.Tl0PictureIndex, view.Payload[facts.DescriptorLength..].ToArray(), view.Marker)),
                $"sequence sent twice, seed {seed}");
        }

        Assert.True(packets.Count > 500, $"only {packets.Count} packets, seed {seed}");
        Assert.Equal(0x1_0000L + options.FirstSequence, packets.First().Key);
        // A repair that came after its layer was left, or at the very end, is the only thing that may be missing.
        var holes = packets.Last().Key - packets.First().Key + 1 - packets.Count;
        Assert.True(holes <= packets.Count / 100, $"{holes} holes in {packets.Count}, seed {seed}");

        (uint Timestamp, ushort Picture, byte Tl0, byte[] Payload, bool Marker)? last = null;
        var pictureHoles = 0;
        foreach (var (_, packet) in packets)
        {
            if (packet.Payload.Length == 0)
                continue;
            if (last is { } previous)
            {
                var sameFrame = SourceFrame(previous.Payload) == SourceFrame(packet.Payload);
                var advance = (short)((packet.Picture - previous.Picture) << 1) >> 1;
                if (sameFrame)
                {
                    Assert.Equal(previous.Timestamp, packet.Timestamp);
                    Assert.Equal(previous.Picture, packet.Picture);
                    Assert.Equal(previous.Tl0, packet.Tl0);
                }
                else
                {
                    Assert.True((int)(packet.Timestamp - previous.Timestamp) > 0, $"time went back by {(int)(packet.Timestamp - previous.Timestamp)} from {SourceFrame(previous.Payload)} pid{previous.Picture} to {SourceFrame(packet.Payload)} pid{packet.Picture}, seed {seed}");
                    Assert.True(advance >= 1, $"picture id went back by {advance} from {previous.Picture} {SourceFrame(previous.Payload)} tl{previous.Payload[8]} to {packet.Picture} {SourceFrame(packet.Payload)} tl{packet.Payload[8]}, seed {seed}");
                    pictureHoles += advance - 1;
                }
            }

            last = packet;
        }

        // A picture that was late and then not wanted leaves a hole; nothing else does.
        Assert.True(pictureHoles <= packets.Count / 30, $"{pictureHoles} missing pictures in {packets.Count}, seed {seed}");
    }

    private static (byte Layer, int Frame) SourceFrame(byte[] payload) => (payload[1], BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(2)));
}
