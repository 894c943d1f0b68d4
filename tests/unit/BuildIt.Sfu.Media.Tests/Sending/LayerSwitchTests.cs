using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sending;
using BuildIt.Sfu.Media.Tests.Codecs;

namespace BuildIt.Sfu.Media.Tests.Sending;

public sealed class LayerSwitchTests
{
    [Fact]
    public void Simulcast_switch_waits_for_a_key_frame_and_keeps_capture_time()
    {
        var publisher = new TestPublisher(3, new Random(5));
        var track = new DownTrack(publisher.Track, new DownTrackOptions { Ssrc = new(1), PayloadType = 96, Extensions = new ExtensionMap() });
        track.SetTarget(new LayerPair(0, 2));
        track.HighestLayer = 2;
        var sink = new RecordingSink();
        for (var i = 0; i < 10; i++)
            Step(publisher, track, sink, i);
        publisher.Report(Instant.FromMilliseconds(1000 + 10 * 33));
        Assert.Equal(0, track.CurrentLayers.Spatial);

        track.SetTarget(new LayerPair(2, 2));
        Assert.Equal(2, track.LayerNeedingKeyFrame);
        Step(publisher, track, sink, 10);
        Assert.Equal(0, track.CurrentLayers.Spatial);
        var before = Timestamp(sink.Packets[^1].Bytes);
        publisher.WantKeyFrame(2);
        Step(publisher, track, sink, 12);
        Assert.Equal(2, track.CurrentLayers.Spatial);
        Assert.Equal(-1, track.LayerNeedingKeyFrame);
        // Two picture intervals of 33 ms passed between the captures; sender reports align the layers to a tick or two.
        Assert.InRange(Timestamp(sink.Packets[^1].Bytes) - before, 66 * 90 - 3u, 66 * 90 + 3u);
    }

    [Fact]
    public void Subscriber_falls_back_when_the_publisher_stops_a_layer()
    {
        var publisher = new TestPublisher(3, new Random(5));
        var track = new DownTrack(publisher.Track, new DownTrackOptions { Ssrc = new(1), PayloadType = 96, Extensions = new ExtensionMap() });
        track.HighestLayer = 2;
        var sink = new RecordingSink();
        Step(publisher, track, sink, 0);
        Assert.Equal(2, track.CurrentLayers.Spatial);

        track.HighestLayer = 1;
        Assert.Equal(1, track.LayerNeedingKeyFrame);
        publisher.WantKeyFrame(1);
        Step(publisher, track, sink, 1);
        Assert.Equal(1, track.CurrentLayers.Spatial);
        Assert.Equal(-1, track.LayerNeedingKeyFrame);
        Assert.Equal(LayerPair.All, track.TargetLayers);
    }

    [Fact]
    public void Av1_decode_targets_are_followed_and_announced()
    {
        var extensions = new ExtensionMap();
        extensions.TryAdd(4, ExtensionKind.DependencyDescriptor);
        var source = new IncomingTrack(new IncomingTrackOptions { Codec = CodecKind.Av1, ClockRate = 90_000, PayloadType = 45 }, extensions);
        var subscriber = new ExtensionMap();
        subscriber.TryAdd(9, ExtensionKind.DependencyDescriptor);
        var track = new DownTrack(source, new DownTrackOptions { Ssrc = new(1), PayloadType = 45, Extensions = subscriber });
        var sink = new RecordingSink();
        track.SetTarget(new LayerPair(0, 1));

        // L2T2: template ids 5 to 8 are (0,0), (0,1), (1,0), (1,1).
        SendAv1(source, track, sink, 0, DependencyDescriptorTests.KeyFrame(1, null), false);
        SendAv1(source, track, sink, 1, [0xC0 | 7, 0, 2], true);
        SendAv1(source, track, sink, 2, [0xC0 | 6, 0, 3], false);
        SendAv1(source, track, sink, 3, [0xC0 | 8, 0, 4], true);

        Assert.Equal(new LayerPair(0, 1), track.CurrentLayers);
        Assert.Equal([1, 2], sink.Packets.Select(packet => packet.Info.Index.Sequence.Value));
        DependencyStructure? structure = null;
        uint active = 0;
        foreach (var (bytes, _) in sink.Packets)
        {
            Assert.True(RtpPacketView.TryParse(bytes, out var view));
            Assert.True(view.Marker);
            var found = RtpHeaderExtensions.Read(view, subscriber);
            var facts = default(PayloadFacts);
            Assert.True(DependencyDescriptor.TryRead(found.DataOf(ExtensionKind.DependencyDescriptor, bytes), ref structure, ref active, ref facts));
            Assert.Equal(0b0011u, active);
        }
    }

    private static void SendAv1(IncomingTrack source, DownTrack track, RecordingSink sink, ushort number, byte[] descriptor, bool marker)
    {
        var bytes = new byte[128];
        var writer = new RtpHeaderWriter(bytes, 45, marker, new(number), new((uint)(number / 2 * 3000)), new(5), true);
        writer.Add(4, descriptor);
        var length = writer.Finish();
        bytes[length++] = 0x10;
        bytes[length++] = 0x0A;
        var now = Instant.FromMilliseconds(number * 33);
        Assert.True(RtpPacketView.TryParse(bytes.AsSpan(0, length), out var view));
        Assert.True(source.TryAccept(bytes.AsSpan(0, length), view, RtpHeaderExtensions.Read(view, source.Extensions), 0, false, now, out var packet));
        track.Forward(packet, sink, now);
    }

    [Fact]
    public void Pause_is_immediate_and_resume_waits_for_a_key_frame()
    {
        var publisher = new TestPublisher(1, new Random(5));
        var track = new DownTrack(publisher.Track, new DownTrackOptions { Ssrc = new(1), PayloadType = 96, Extensions = new ExtensionMap() });
        var sink = new RecordingSink();
        for (var i = 0; i < 5; i++)
            Step(publisher, track, sink, i);
        track.SetTarget(LayerPair.None);
        var count = sink.Packets.Count;
        for (var i = 5; i < 10; i++)
            Step(publisher, track, sink, i);
        Assert.Equal(count, sink.Packets.Count);
        Assert.False(track.IsForwarding);
        Assert.Equal(-1, track.LayerNeedingKeyFrame);

        track.SetTarget(LayerPair.All);
        Assert.Equal(0, track.LayerNeedingKeyFrame);
        Step(publisher, track, sink, 10);
        Assert.Equal(count, sink.Packets.Count);
        publisher.WantKeyFrame(0);
        Step(publisher, track, sink, 11);
        Assert.True(sink.Packets.Count > count);
        Assert.Equal(sink.Packets[count - 1].Info.Index.Sequence + 1, sink.Packets[count].Info.Index.Sequence);
        Assert.Equal(7u * 33 * 90, Timestamp(sink.Packets[count].Bytes) - Timestamp(sink.Packets[count - 1].Bytes));
    }

    [Fact]
    public void Vp9_layers_are_cut_down_at_once_and_up_at_key_pictures()
    {
        var sender = new SvcSender();
        sender.Track.SetTarget(new LayerPair(1, 0));
        sender.SendPicture(key: true, temporal: 0);
        Assert.Equal([0, 1], sender.TakeSpatial(out var markers));
        Assert.Equal([false, true], markers);

        sender.Track.SetTarget(new LayerPair(0, 0));
        sender.SendPicture(key: false, temporal: 1);
        Assert.Empty(sender.TakeSpatial(out _));
        sender.SendPicture(key: false, temporal: 0);
        Assert.Equal([0], sender.TakeSpatial(out markers));
        Assert.Equal([true], markers);

        sender.Track.SetTarget(new LayerPair(2, 2));
        sender.Track.HighestLayer = 2;
        Assert.Equal(0, sender.Track.LayerNeedingKeyFrame);
        sender.SendPicture(key: false, temporal: 0);
        Assert.Equal([0], sender.TakeSpatial(out _));
        sender.SendPicture(key: true, temporal: 0);
        Assert.Equal([0, 1, 2], sender.TakeSpatial(out _));
        Assert.Equal(-1, sender.Track.LayerNeedingKeyFrame);
        Assert.True(sender.IsContinuous);
    }

    private static uint Timestamp(byte[] bytes)
    {
        Assert.True(RtpPacketView.TryParse(bytes, out var view));
        return view.Timestamp.Value;
    }

    private static void Step(TestPublisher publisher, DownTrack track, RecordingSink sink, int picture)
    {
        var now = Instant.FromMilliseconds(1000 + picture * 33);
        foreach (var (layer, bytes) in publisher.NextPicture(now))
        {
            Assert.True(RtpPacketView.TryParse(bytes, out var view));
            if (publisher.Track.TryAccept(bytes, view, default, layer, false, now, out var packet))
                track.Forward(packet, sink, now);
        }
    }

    /// <summary>VP9 L3T2 with one packet for each spatial layer.</summary>
    private sealed class SvcSender
    {
        private readonly IncomingTrack _source =
            new(new IncomingTrackOptions { Codec = CodecKind.Vp9, ClockRate = 90_000, PayloadType = 98 }, new ExtensionMap());

        private readonly RecordingSink _sink = new();
        private ushort _sequence = 65_530;
        private ushort _picture = 32_765;
        private int _taken;

        public SvcSender() =>
            Track = new DownTrack(_source, new DownTrackOptions { Ssrc = new(1), PayloadType = 98, Extensions = new ExtensionMap() });

        public DownTrack Track { get; }

        public bool IsContinuous
        {
            get
            {
                for (var i = 1; i < _sink.Packets.Count; i++)
                {
                    if (_sink.Packets[i].Info.Index.Sequence != _sink.Packets[i - 1].Info.Index.Sequence + 1)
                        return false;
                }

                return true;
            }
        }

        public void SendPicture(bool key, int temporal)
        {
            _picture = (ushort)(_picture + 1 & 0x7FFF);
            var now = Instant.FromMilliseconds(_picture * 33);
            for (var spatial = 0; spatial < 3; spatial++)
            {
                var bytes = new byte[40];
                var writer = new RtpHeaderWriter(bytes, 98, spatial == 2, new(_sequence++), new(_picture * 2970u), new(5));
                var position = writer.Finish();
                bytes[position] = (byte)(0xAC | (key ? 0 : 0x40));
                bytes[position + 1] = (byte)(0x80 | _picture >> 8);
                bytes[position + 2] = (byte)_picture;
                bytes[position + 3] = (byte)(temporal << 5 | spatial << 1 | (spatial > 0 ? 1 : 0));
                Assert.True(RtpPacketView.TryParse(bytes, out var view));
                Assert.True(_source.TryAccept(bytes, view, default, 0, false, now, out var packet));
                Track.Forward(packet, _sink, now);
            }
        }

        public int[] TakeSpatial(out bool[] markers)
        {
            var spatial = new List<int>();
            var marked = new List<bool>();
            for (; _taken < _sink.Packets.Count; _taken++)
            {
                Assert.True(RtpPacketView.TryParse(_sink.Packets[_taken].Bytes, out var view));
                Assert.True(Vp9Descriptor.TryRead(view.Payload, out var facts));
                spatial.Add(facts.SpatialLayer);
                marked.Add(view.Marker);
            }

            markers = [.. marked];
            return [.. spatial];
        }
    }
}
