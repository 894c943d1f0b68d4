using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Receiving;

public sealed class ReceivingTests
{
    [Fact]
    public void Loss_and_duplicates_are_counted_as_rfc_3550_says()
    {
        var statistics = new ReceiveStatistics(new(1), 90_000);
        for (var i = 0; i < 100; i++)
        {
            if (i % 4 == 3)
                continue;
            var now = Instant.FromMilliseconds(i * 20);
            Assert.Equal(ArrivalKind.InOrder, statistics.Receive(new((ushort)(65_500 + i)), new((uint)i * 1800), now, false, out _));
        }

        Assert.Equal(ArrivalKind.Duplicate, statistics.Receive(new(65_500), default, Instant.FromMilliseconds(2000), false, out _));
        Assert.Equal(ArrivalKind.Late, statistics.Receive(new(65_503), new(5400), Instant.FromMilliseconds(2000), true, out _));
        var report = statistics.TakeReport(default, Instant.FromMilliseconds(2000));
        Assert.Equal(23, report.CumulativeLost);
        Assert.Equal(23 * 256 / 99, report.FractionLost);
        Assert.Equal((uint)(65_500 + 98), report.HighestSequence);
        Assert.Equal(TimeSpan.Zero, statistics.Jitter);
    }

    [Fact]
    public void Restarted_sender_needs_two_packets_in_a_row()
    {
        var statistics = new ReceiveStatistics(new(1), 90_000);
        statistics.Receive(new(100), default, Instant.Zero, false, out var first);
        Assert.Equal(ArrivalKind.Discarded, statistics.Receive(new(30_000), default, Instant.Zero, false, out _));
        Assert.Equal(ArrivalKind.InOrder, statistics.Receive(new(30_001), default, Instant.Zero, false, out var restarted));
        Assert.True(restarted > first);
        Assert.Equal(ArrivalKind.InOrder, statistics.Receive(new(30_002), default, Instant.Zero, false, out _));
        Assert.Equal(0, statistics.Lost);
    }

    [Fact]
    public void Nack_waits_for_reordering_retries_by_round_trip_and_gives_up()
    {
        var nacks = new NackGenerator();
        var due = new SequenceNumber[32];
        var now = Instant.FromMilliseconds(1000);
        nacks.OnAdvanced(100, 103, now);
        Assert.Equal(0, nacks.TakeDue(now, TimeSpan.FromMilliseconds(80), due));
        now = nacks.NextDeadline;
        Assert.Equal(2, nacks.TakeDue(now, TimeSpan.FromMilliseconds(80), due));
        Assert.Equal([new SequenceNumber(101), new SequenceNumber(102)], due[..2]);
        Assert.Equal(TimeSpan.FromMilliseconds(100), nacks.NextDeadline - now);

        nacks.OnLate(101);
        var requests = 1;
        while (nacks.MissingCount > 0)
            requests += nacks.TakeDue(nacks.NextDeadline, TimeSpan.FromMilliseconds(80), due);
        Assert.Equal(NackGenerator.MaxTries, requests);
        Assert.Equal(1, nacks.GivenUp);
        Assert.True(nacks.TakeKeyFrameNeeded());
        Assert.False(nacks.TakeKeyFrameNeeded());
        Assert.Equal(Instant.Never, nacks.NextDeadline);
    }

    [Fact]
    public void Nack_memory_is_bounded_and_a_key_frame_clears_it()
    {
        var nacks = new NackGenerator();
        for (var i = 0; i < 10_000; i += 2)
            nacks.OnAdvanced(i, i + 2, Instant.FromMilliseconds(i));
        Assert.Equal(NackGenerator.Capacity, nacks.MissingCount);
        nacks.OnKeyFrame(1_000_000);
        Assert.Equal(0, nacks.MissingCount);
        Assert.Equal(Instant.Never, nacks.NextDeadline);
        nacks.OnAdvanced(20_000, 30_000, Instant.FromMilliseconds(1));
        Assert.Equal(0, nacks.MissingCount);

        // Nothing is asked for again, but a key frame is, at once.
        Assert.True(nacks.NextDeadline <= Instant.FromMilliseconds(1));
        Assert.True(nacks.TakeKeyFrameNeeded());
        Assert.Equal(Instant.Never, nacks.NextDeadline);
    }

    [Fact]
    public void Key_frame_requests_are_merged_and_repeated_until_served()
    {
        var requester = new KeyFrameRequester(KeyFrameRequester.LowLayerInterval);
        Assert.False(requester.TakeDue(Instant.FromMilliseconds(0)));
        requester.Want();
        requester.Want();
        Assert.True(requester.TakeDue(Instant.FromMilliseconds(10)));
        Assert.False(requester.TakeDue(Instant.FromMilliseconds(509)));
        Assert.True(requester.TakeDue(Instant.FromMilliseconds(510)));
        requester.OnKeyFrame();
        Assert.Equal(Instant.Never, requester.NextDeadline);
    }

    [Fact]
    public void A_silent_layer_is_asked_for_key_frames_less_and_less_often()
    {
        var requester = new KeyFrameRequester(KeyFrameRequester.LowLayerInterval);
        requester.Want();
        var sent = 0;
        for (var at = 0; at < 60_000; at += 10)
            sent += requester.TakeDue(Instant.FromMilliseconds(at)) ? 1 : 0;
        Assert.InRange(sent, 6, 10);
        requester.OnHeard();
        Assert.True(requester.TakeDue(Instant.FromMilliseconds(60_500)));
        Assert.Equal(Instant.FromMilliseconds(61_000), requester.NextDeadline);
    }

    [Fact]
    public void History_keeps_a_second_and_stays_under_its_limit()
    {
        var history = new PacketHistory(256 * 1024);
        var packet = new byte[1200];
        packet[0] = 0x80;
        for (var i = 0; i < 20_000; i++)
            history.Add(i, packet, default, Instant.FromMilliseconds(i * 10));
        Assert.True(history.AllocatedBytes >= 128 * 1024, $"{history.AllocatedBytes}");
        Assert.True(history.TryGet(19_950, out _, out _));
        Assert.False(history.TryGet(10_000, out _, out _));
        Assert.False(history.TryGet(-5, out _, out _));

        for (var i = 20_000; i < 40_000; i++)
            history.Add(i, packet, default, Instant.FromMilliseconds(200_000 + i / 10));
        Assert.Equal(256 * 1024, history.AllocatedBytes);
        Assert.True(history.TryGet(39_999, out var view, out _));
        Assert.Equal(1200, view.Datagram.Length);
    }
}
