using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;

namespace BuildIt.Sfu.Media.Tests.Congestion;

public sealed class PacerTests
{
    private static readonly Instant Start = Instant.Zero + TimeSpan.FromHours(1);

    [Fact]
    public void An_idle_pacer_lets_a_small_frame_go_at_once()
    {
        var pacer = new Pacer<int>(DataRate.FromMegabits(2), 64, Start);
        pacer.TryEnqueue(1, 1200, PacketPriority.Video, Start);
        pacer.TryEnqueue(2, 1200, PacketPriority.Video, Start);
        Assert.Equal([1, 2], Drain(pacer, Start));
        Assert.Equal(Instant.Never, pacer.NextDeadline);
    }

    [Fact]
    public void A_large_frame_leaves_in_portions_at_twice_the_estimate()
    {
        // 4 Mbps of pacing: 2,500 bytes in 5 ms, so portions of three packets, each 7.2 ms.
        var pacer = new Pacer<int>(DataRate.FromMegabits(2), 64, Start);
        for (int i = 0; i < 12; i++)
        {
            pacer.TryEnqueue(i, 1200, PacketPriority.Video, Start);
        }

        Instant now = Start;
        var portions = new List<int>();
        while (pacer.QueuedPackets > 0)
        {
            Assert.InRange((pacer.NextDeadline - now).TotalMilliseconds, 0, 10);
            now = Instant.Max(now, pacer.NextDeadline) + TimeSpan.FromMicroseconds(2);
            portions.Add(Drain(pacer, now).Count);
        }

        Assert.Equal([3, 3, 3, 3], portions);
        Assert.InRange((now - Start).TotalMilliseconds, 20, 23);
    }

    [Fact]
    public void Retransmissions_go_before_video_and_audio_delays_only_what_follows()
    {
        var pacer = new Pacer<int>(DataRate.FromKilobits(300), 64, Start);
        pacer.TryEnqueue(1, 1200, PacketPriority.Video, Start);
        pacer.TryEnqueue(2, 1200, PacketPriority.Retransmission, Start);
        Assert.Equal([2], Drain(pacer, Start));
        Instant before = pacer.NextDeadline;
        pacer.OnUnpaced(150, Start);
        Assert.True(pacer.NextDeadline > before);
    }

    [Fact]
    public void A_queue_that_would_take_too_long_goes_faster()
    {
        var pacer = new Pacer<int>(DataRate.FromKilobits(100), 256, Start);
        for (int i = 0; i < 100; i++)
        {
            pacer.TryEnqueue(i, 1200, PacketPriority.Video, Start);
        }

        // 120 kB in 250 ms.
        Assert.Equal(3840, pacer.Rate.KilobitsPerSecond, 1.0);
    }

    [Fact]
    public void A_full_queue_refuses()
    {
        var pacer = new Pacer<int>(DataRate.FromKilobits(100), 4, Start);
        for (int i = 0; i < 4; i++)
        {
            Assert.True(pacer.TryEnqueue(i, 1200, PacketPriority.Video, Start));
        }

        Assert.False(pacer.TryEnqueue(4, 1200, PacketPriority.Video, Start));
        Assert.True(pacer.TryEnqueue(5, 1200, PacketPriority.Retransmission, Start));
    }

    [Fact]
    public void A_probe_sends_media_then_padding_at_its_rate_and_ends()
    {
        var pacer = new Pacer<int>(DataRate.FromKilobits(500), 64, Start);
        pacer.TryEnqueue(1, 1200, PacketPriority.Video, Start);
        pacer.StartProbe(new ProbeCluster(7, DataRate.FromMegabits(4), new DataSize(24_000)), Start);
        Instant now = Start;
        long sent = 0;
        while (pacer.CurrentCluster == 7)
        {
            Assert.InRange((now - Start).TotalMilliseconds, 0, 100);
            foreach (int _ in Drain(pacer, now))
            {
                sent += 1200;
            }

            while (pacer.PaddingDue(now) > DataSize.Zero)
            {
                pacer.OnPaddingSent(1200);
                sent += 1200;
            }

            now += TimeSpan.FromMilliseconds(1);
        }

        Assert.Equal(24_000, sent);
        Assert.InRange((now - Start).TotalMilliseconds, 40, 56);
        Assert.Equal(DataSize.Zero, pacer.PaddingDue(now));
    }

    [Fact]
    public void Removing_a_tracks_packets_keeps_the_order_of_the_rest()
    {
        var pacer = new Pacer<int>(DataRate.FromMegabits(100), 8, Start);
        for (int i = 0; i < 8; i++)
        {
            pacer.TryEnqueue(i, 100, PacketPriority.Video, Start);
        }

        pacer.RemoveAll(packet => packet % 2 == 0);
        Assert.Equal(new DataSize(400), pacer.Queued);
        Assert.Equal([1, 3, 5, 7], Drain(pacer, Start));
    }

    private static List<int> Drain(Pacer<int> pacer, Instant now)
    {
        var packets = new List<int>();
        while (pacer.TryDequeue(now, out int packet))
        {
            packets.Add(packet);
        }

        return packets;
    }
}
