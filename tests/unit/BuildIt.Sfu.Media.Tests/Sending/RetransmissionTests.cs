using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Tests.Sending;

public sealed class RetransmissionTests
{
    private static readonly Ssrc RtxSsrc = new(0xBBBB);

    private readonly TestPublisher _publisher = new(1, new Random(7));
    private readonly RecordingSink _sink = new();
    private readonly DownTrack _track;

    public RetransmissionTests()
    {
        var extensions = new ExtensionMap();
        extensions.TryAdd(3, ExtensionKind.TransportSequence);
        _track = new DownTrack(_publisher.Track, new DownTrackOptions
        {
            Ssrc = new(0xAAAA),
            PayloadType = 100,
            RtxSsrc = RtxSsrc,
            RtxPayloadType = 101,
            Extensions = extensions,
        });
        for (var i = 0; i < 20; i++)
        {
            var now = Instant.FromMilliseconds(i * 33);
            foreach (var (_, bytes) in _publisher.NextPicture(now))
            {
                RtpPacketView.TryParse(bytes, out var view);
                if (_publisher.Track.TryAccept(bytes, view, default, 0, false, now, out var packet))
                    _track.Forward(packet, _sink, now);
            }
        }
    }

    [Fact]
    public void Lost_packet_comes_again_over_the_retransmission_stream()
    {
        var lost = _sink.Packets[5];
        _sink.Packets.Clear();

        Nack(lost.Info.Index.Sequence, Instant.FromMilliseconds(700));

        var (bytes, info) = Assert.Single(_sink.Packets);
        Assert.Equal(SentPacketKind.Retransmission, info.Kind);
        Assert.True(RtpPacketView.TryParse(bytes, out var view));
        Assert.Equal(RtxSsrc, view.Ssrc);
        Assert.Equal(101, view.PayloadType);
        Assert.Equal(lost.Info.Index.Sequence.Value, BinaryPrimitives.ReadUInt16BigEndian(view.Payload));
        Assert.NotEqual(0, info.TransportSequenceOffset);
        // Taken apart by a receiver it is the lost packet itself.
        Assert.True(RtxPacket.TryDecapsulate(bytes, view, 100, new(0xAAAA), out var original));
        Assert.Equal(lost.Bytes, original.ToArray());
    }

    [Fact]
    public void Repeated_requests_within_a_round_trip_are_answered_once()
    {
        var lost = _sink.Packets[5].Info.Index.Sequence;
        _sink.Packets.Clear();

        Nack(lost, Instant.FromMilliseconds(700));
        Nack(lost, Instant.FromMilliseconds(720));
        Assert.Single(_sink.Packets);
        Nack(lost, Instant.FromMilliseconds(900));
        Assert.Equal(2, _sink.Packets.Count);
    }

    [Fact]
    public void Flood_of_requests_is_bounded()
    {
        var lost = _sink.Packets[5].Info.Index.Sequence;
        _sink.Packets.Clear();
        for (var i = 0; i < 10_000; i++)
            Nack(lost, Instant.FromMilliseconds(700 + i));
        Assert.InRange(_sink.Packets.Count, 2, 8);
    }

    [Fact]
    public void Unknown_sequence_is_counted_and_ignored()
    {
        _sink.Packets.Clear();
        Nack(new((ushort)(_track.Options.FirstSequence - 100)), Instant.FromMilliseconds(700));
        Assert.Empty(_sink.Packets);
        Assert.Equal(1, _track.RetransmissionsMissed);
    }

    [Fact]
    public void Probe_repeats_the_last_packet_or_pads()
    {
        _sink.Packets.Clear();
        Assert.True(_track.WriteProbe(1000, _sink, Instant.FromMilliseconds(700)) > 0);
        Assert.True(_track.WriteProbe(200, _sink, Instant.FromMilliseconds(701)) > 180);
        Assert.All(_sink.Packets, packet => Assert.Equal(SentPacketKind.Probe, packet.Info.Kind));
        Assert.True(RtpPacketView.TryParse(_sink.Packets[1].Bytes, out var padding));
        Assert.Equal(0, padding.PayloadLength);
        Assert.Equal(RtxSsrc, padding.Ssrc);
        Assert.Equal(_sink.Packets[0].Info.Index.Sequence + 1, _sink.Packets[1].Info.Index.Sequence);
    }

    [Fact]
    public void Round_trip_is_measured_by_sender_and_receiver_reports()
    {
        var at = Instant.FromMilliseconds(1000);
        Assert.True(_track.TryMakeSenderReport(at, out var report));
        var block = new ReportBlock(new(0xAAAA), 64, 10, 0, 900, report.Ntp.Middle, 65536 / 10);
        _track.Reports.HandleReport(block, at + TimeSpan.FromMilliseconds(150));
        Assert.InRange(_track.Reports.RoundTrip.TotalMilliseconds, 49, 51);
        Assert.Equal(0.25, _track.Reports.FractionLost);
        Assert.Equal(10, _track.Reports.Jitter.TotalMilliseconds);
    }

    [Fact]
    public void Without_a_repair_stream_the_very_bytes_go_out_again()
    {
        var track = new DownTrack(_publisher.Track, new DownTrackOptions { Ssrc = new(0xAAAA), PayloadType = 100, Extensions = new ExtensionMap() });
        var sink = new RecordingSink();
        _publisher.WantKeyFrame(0);
        for (var i = 0; i < 600; i++)
        {
            var now = Instant.FromMilliseconds(1000 + i * 33);
            foreach (var (_, bytes) in _publisher.NextPicture(now))
            {
                RtpPacketView.TryParse(bytes, out var view);
                if (_publisher.Track.TryAccept(bytes, view, default, 0, false, now, out var packet))
                    track.Forward(packet, sink, now);
            }

            if (i % 10 == 9)
            {
                var (sent, info) = sink.Packets[^3];
                var count = sink.Packets.Count;
                sink.Resent.Clear();
                Nack(info.Index.Sequence, now, track, sink);
                Nack(info.Index.Sequence, now, track, sink);
                Assert.Equal(sent, Assert.Single(sink.Resent));
                Assert.Equal(count, sink.Packets.Count);
            }
        }

        Nack(sink.Packets[0].Info.Index.Sequence, Instant.FromMilliseconds(30_000), track, sink);
        Assert.Equal(1, track.RetransmissionsMissed);
    }

    private void Nack(SequenceNumber sequence, Instant now) => Nack(sequence, now, _track, _sink);

    private static void Nack(SequenceNumber sequence, Instant now, DownTrack track, RecordingSink sink)
    {
        var buffer = new byte[64];
        var writer = new RtcpWriter(buffer);
        Assert.Equal(1, writer.WriteNack(new(1), new(0xAAAA), [sequence]));
        var reader = new RtcpReader(buffer.AsSpan(0, writer.Length));
        Assert.True(reader.MoveNext());
        track.Retransmit(new NackedSequences(reader.Current), sink, now);
    }
}
