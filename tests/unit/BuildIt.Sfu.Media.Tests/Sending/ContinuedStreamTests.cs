using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Tests.Sending;

/// <summary>A stream goes on with other sources and other codecs: numbers and time go on too.</summary>
public sealed class ContinuedStreamTests
{
    private const int Step = 33;

    private readonly RecordingSink _sink = new();
    private long _milliseconds = 1000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Numbers_and_time_go_on_over_changes_of_source(int seed)
    {
        var random = new Random(seed);
        var options = new DownTrackOptions { Ssrc = new(7), PayloadType = 96, Extensions = new ExtensionMap(), FirstSequence = 100 };
        DownTrack? track = null;
        for (var source = 0; source < 12; source++)
        {
            // Every source has starting points of its own.
            var layers = 1 + random.Next(3);
            var publisher = new TestPublisher(layers, random);
            if (track is null)
                track = new DownTrack(publisher.Track, options);
            else
                track.SetSource(publisher.Track, options with { PayloadType = (byte)(96 + source) });
            track.HighestLayer = layers - 1;
            Play(publisher, track, random, pictures: 20);
        }

        var last = _sink.Packets[0].Info.Index;
        Assert.Equal(100u, last.Value);
        foreach (var (bytes, info) in _sink.Packets.Skip(1))
        {
            Assert.True(RtpPacketView.TryParse(bytes, out var view));
            Assert.Equal(info.Index.Sequence, view.SequenceNumber);
            Assert.True(info.Index.Value - last.Value is 1 or 2, $"from {last} to {info.Index}, seed {seed}");
            last = info.Index;
        }

        var times = _sink.Packets.Select(packet => BitConverter.ToUInt32([.. packet.Bytes[4..8].Reverse()])).Distinct().ToList();
        var pictures = times.Zip(times.Skip(1), (one, next) => (int)(next - one)).ToList();
        Assert.All(pictures, ticks => Assert.InRange(ticks, 1, 90 * Step * 3));
    }

    [Fact]
    public void A_clock_of_another_rate_goes_on_by_arrival()
    {
        var opus = Sound(CodecKind.Opus, 48_000);
        var track = new DownTrack(opus, new DownTrackOptions { Ssrc = new(7), PayloadType = 111, Extensions = new ExtensionMap(), FirstSequence = 5 });
        for (uint i = 0; i < 10; i++)
            Hear(opus, track, (ushort)(500 + i), 960 * i + 77);
        var pcm = Sound(CodecKind.Opaque, 8000);
        track.SetSource(pcm, track.Options with { PayloadType = 0 });
        for (uint i = 0; i < 10; i++)
            Hear(pcm, track, (ushort)(60_000 + i), 160 * i + 1_000_000);

        Assert.Equal(Enumerable.Range(5, 20).Select(i => (ulong)i), _sink.Packets.Select(packet => packet.Info.Index.Value));
        var times = _sink.Packets.Select(packet => BitConverter.ToUInt32([.. packet.Bytes[4..8].Reverse()])).ToList();
        Assert.Equal([160, 160, 160], times.Skip(9).Zip(times.Skip(10), (one, next) => (int)(next - one)).Take(3));
    }

    [Fact]
    public void The_rest_of_a_picture_that_was_left_is_seen_to_be_missing()
    {
        var publisher = new TestPublisher(2, new Random(3));
        var track = new DownTrack(publisher.Track, new DownTrackOptions { Ssrc = new(7), PayloadType = 96, Extensions = new ExtensionMap() }) { HighestLayer = 1 };
        Play(publisher, track, new Random(1), pictures: 5);
        Assert.Equal(1, track.CurrentLayers.Spatial);
        _milliseconds += Step;
        var first = publisher.NextPicture(Instant.FromMilliseconds(_milliseconds)).First(packet => packet.Layer == 1);
        Deliver(publisher, track, first);
        var before = _sink.Packets[^1].Info.Index;

        track.SetTarget(new LayerPair(0, 7));
        publisher.WantKeyFrame(0);
        _milliseconds += Step;
        var key = publisher.NextPicture(Instant.FromMilliseconds(_milliseconds)).First(packet => packet.Layer == 0);
        Deliver(publisher, track, key);

        Assert.Equal(0, track.CurrentLayers.Spatial);
        Assert.Equal(before + 2, _sink.Packets[^1].Info.Index);
    }

    [Theory]
    [InlineData(40, 40)]
    [InlineData(500, 1)]
    public void A_gap_beyond_the_window_leaves_a_number_empty(int missing, int visible)
    {
        var map = new ContinuityMap(64);
        map.Start(1000, 5);
        Assert.True(map.TryMap(1000, out var before));
        Assert.True(map.TryMap(1001 + missing, out var after));
        Assert.Equal(visible, after - before - 1);
        Assert.True(map.TryMap(1002 + missing, out var next));
        Assert.Equal(after + 1, next);
    }

    private static IncomingTrack Sound(CodecKind codec, int rate) =>
        new(new IncomingTrackOptions { Codec = codec, ClockRate = rate, PayloadType = 100 }, new ExtensionMap());

    private void Hear(IncomingTrack source, DownTrack track, ushort sequence, uint timestamp)
    {
        _milliseconds += 20;
        var bytes = new byte[52];
        new RtpHeaderWriter(bytes, 100, false, new(sequence), new(timestamp), new(99)).Finish();
        Assert.True(RtpPacketView.TryParse(bytes, out var view));
        Assert.True(source.TryAccept(bytes, view, default, 0, false, Instant.FromMilliseconds(_milliseconds), out var packet));
        Assert.True(track.Forward(packet, _sink, Instant.FromMilliseconds(_milliseconds)) > 0);
    }

    private void Play(TestPublisher publisher, DownTrack track, Random random, int pictures)
    {
        for (var i = 0; i < pictures; i++)
        {
            _milliseconds += Step;
            if (track.LayerNeedingKeyFrame is >= 0 and var layer)
                publisher.WantKeyFrame(layer);
            var packets = publisher.NextPicture(Instant.FromMilliseconds(_milliseconds));

            // The last picture may be left in its middle.
            foreach (var packet in i == pictures - 1 ? packets.Take(1 + random.Next(packets.Count)) : packets)
                Deliver(publisher, track, packet);
        }
    }

    private void Deliver(TestPublisher publisher, DownTrack track, (int Layer, byte[] Bytes) sent)
    {
        var now = Instant.FromMilliseconds(_milliseconds);
        Assert.True(RtpPacketView.TryParse(sent.Bytes, out var view));
        if (publisher.Track.TryAccept(sent.Bytes, view, default, sent.Layer, false, now, out var packet))
            track.Forward(packet, _sink, now);
    }
}
