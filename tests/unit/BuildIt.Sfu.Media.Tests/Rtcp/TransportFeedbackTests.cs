using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;

namespace BuildIt.Sfu.Media.Tests.Rtcp;

public sealed class TransportFeedbackTests
{
    [Fact]
    public void Reads_a_packet_made_by_hand()
    {
        // Base 5, 8 packets, reference 2 (128 ms), feedback 3. Vector of two-bit symbols: 1 0 2 1 1 0 0, then a run of 1 x received.
        var bytes = Convert.FromHexString(
            "AFCD0007" + "00000001" + "00000002" + "0005" + "0008" + "000002" + "03" + "D250" + "2001" + "04" + "FFF8" + "08" + "0C" + "10" + "0002");
        var reader = new RtcpReader(bytes);
        Assert.True(reader.MoveNext(), reader.Error.ToString());
        Assert.True(TransportFeedbackReader.TryRead(reader.Current, out var feedback));
        Assert.Equal((5, 8, 3), (feedback.BaseSequence, feedback.StatusCount, feedback.FeedbackCount));
        var arrivals = new List<PacketArrival>();
        while (feedback.MoveNext())
            arrivals.Add(feedback.Current);
        Assert.False(feedback.IsMalformed);
        Assert.Equal(
            [
                new(5, true, 129_000), new(6, false, 0), new(7, true, 127_000), new(8, true, 129_000), new(9, true, 132_000),
                new(10, false, 0), new(11, false, 0), new(12, true, 136_000),
            ],
            arrivals);
    }

    [Fact]
    public void Generator_reports_every_packet_once_with_its_arrival()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var generator = new TransportFeedbackGenerator(new(1));
            var sent = new Dictionary<ushort, long>();
            var reported = new Dictionary<ushort, long>();
            var buffer = new byte[TransportFeedbackWriter.MaxLength];
            var sequence = (ushort)random.Next(65536);
            var now = new Instant(random.NextInt64(1L << 36));
            var lastCount = -1;
            for (var i = 0; i < 3000; i++)
            {
                now += TimeSpan.FromMicroseconds(random.Next(30) == 0 ? random.Next(300_000) : random.Next(4_000));
                if (random.Next(10) != 0)
                {
                    generator.OnPacket(sequence, new(2), now);
                    sent[sequence] = now.Microseconds;
                }

                sequence += (ushort)(random.Next(100) == 0 ? random.Next(1, 2000) : 1);
                int length;
                while ((length = generator.TakeDue(now, buffer)) > 0)
                    Collect(buffer.AsSpan(0, length), reported, ref lastCount, seed);
            }

            now += TimeSpan.FromSeconds(1);
            for (var round = 0; round < 100; round++)
            {
                var length = generator.TakeDue(now, buffer);
                if (length > 0)
                    Collect(buffer.AsSpan(0, length), reported, ref lastCount, seed);
            }

            Assert.Equal(Instant.Never, generator.NextDeadline);
            // Jumps beyond the window may leave the oldest unreported; everything else is there.
            Assert.True(reported.Count >= sent.Count * 0.98, $"{reported.Count} of {sent.Count}, seed {seed}");
            foreach (var (number, at) in reported)
            {
                const long Circle = (1L << 24) * 64_000;
                var difference = ((at - sent[number]) % Circle + Circle) % Circle;
                Assert.True(difference == 0 || Circle - difference < 250, $"{difference} off, seed {seed}");
            }
        }
    }

    private static void Collect(ReadOnlySpan<byte> bytes, Dictionary<ushort, long> reported, ref int lastCount, int seed)
    {
        var reader = new RtcpReader(bytes);
        Assert.True(reader.MoveNext());
        Assert.True(TransportFeedbackReader.TryRead(reader.Current, out var feedback));
        if (lastCount >= 0)
            Assert.Equal((byte)(lastCount + 1), feedback.FeedbackCount);
        lastCount = feedback.FeedbackCount;
        while (feedback.MoveNext())
        {
            if (feedback.Current.Received)
                Assert.True(reported.TryAdd(feedback.Current.Sequence, feedback.Current.ArrivalMicroseconds), $"reported twice, seed {seed}");
        }

        Assert.False(feedback.IsMalformed);
    }
}
