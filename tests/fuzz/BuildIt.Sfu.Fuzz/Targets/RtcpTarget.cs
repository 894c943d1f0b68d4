using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>Compound RTCP: the walk over packets and every typed view of them.</summary>
internal sealed class RtcpTarget : IFuzzTarget
{
    private readonly byte[] _scratch = new byte[4096];
    private readonly ReportBlock[] _blocks = new ReportBlock[RtcpWriter.MaxReportBlocks];
    private readonly HashSet<SequenceNumber> _wanted = [];
    private readonly SequenceNumber[] _sequences = new SequenceNumber[32 * 1024];

    public string Name => "rtcp";

    public int MaxLength => 800;

    public IEnumerable<byte[]> Seeds => [Reports(), Feedback(), Transport(1, 0), Transport(7, 3), Transport(1, 40)];

    public IReadOnlyList<byte[]> Dictionary { get; } =
        [[0x81, 200], [0x81, 201], [0x81, 202], [0x81, 203], [0x81, 205], [0x8F, 205], [0x81, 206], [0x84, 206], [0x8F, 206], "REMB"u8.ToArray(), [0xAF, 205], [0xE0, 0x00], [0xC0, 0x00], [0x20, 0x0A]];

    public void Run(ReadOnlySpan<byte> input)
    {
        var covered = 0;
        var reader = new RtcpReader(input);
        while (reader.MoveNext())
        {
            covered += RtcpPacketView.HeaderLength + reader.Current.Body.Length;
            Check(reader.Current);
        }

        Property.Holds(covered <= input.Length, "the packets are no longer than the datagram");
        Property.Holds(!reader.MoveNext(), "a walk that ended stays ended");
    }

    private void Check(in RtcpPacketView packet)
    {
        var writer = new RtcpWriter(_scratch);
        var blocks = 0;
        var read = _blocks.AsSpan();
        foreach (var block in new ReportBlocks(packet))
        {
            read[blocks++] = block;
            _ = block.RoundTrip(new NtpTime(0x1234567812345678));
        }

        Property.Holds(blocks <= packet.Count, "no more report blocks than announced");
        if (SenderInfo.TryRead(packet, out var info))
        {
            Property.Holds(writer.WriteSenderReport(info, read[..blocks]), "a sender report that was read can be written");
            var again = new RtcpReader(_scratch.AsSpan(0, writer.Length));
            Property.Holds(again.MoveNext() && SenderInfo.TryRead(again.Current, out var info2) && info2 == info, "sender information survives");
            var index = 0;
            foreach (var block in new ReportBlocks(again.Current))
            {
                Property.Holds(block == read[index++], "a report block survives");
            }

            Property.Holds(index == blocks, "as many report blocks are read as were written");
        }

        CheckFeedback(packet);
        CheckArrivals(packet);
    }

    private void CheckFeedback(in RtcpPacketView packet)
    {
        if (!FeedbackHead.TryRead(packet, out var head))
        {
            return;
        }

        var count = 0;
        foreach (var sequence in new NackedSequences(packet))
        {
            if (count < _sequences.Length)
            {
                _sequences[count] = sequence;
            }

            count++;
        }

        Property.Holds(count <= 17 * packet.Body.Length / 4, "an entry of a NACK names at most 17 packets");
        if (count is > 0 and <= 200)
        {
            var writer = new RtcpWriter(_scratch);
            var taken = writer.WriteNack(head.Sender, head.Media, _sequences.AsSpan(0, count));
            Property.Holds(taken == count, "the NACK fits");
            var reader = new RtcpReader(_scratch.AsSpan(0, writer.Length));
            Property.Holds(reader.MoveNext(), "a written NACK parses");
            var wanted = _wanted;
            wanted.Clear();
            foreach (var sequence in _sequences.AsSpan(0, count))
            {
                wanted.Add(sequence);
            }

            // A NACK is a set: its writer may order it anew and say twice only once.
            var written = 0;
            foreach (var sequence in new NackedSequences(reader.Current))
            {
                Property.Holds(wanted.Contains(sequence), "no sequence number of a NACK is made up");
                written++;
            }

            Property.Holds(written >= wanted.Count, "every sequence number of a NACK survives");
        }

        var requests = new FullIntraRequests(packet);
        while (requests.MoveNext())
        {
            _ = requests.CurrentNumber;
        }

        if (Remb.TryRead(packet, out var rate))
        {
            Property.Holds(rate.BitsPerSecond >= 0, "a REMB is not negative");
            var writer = new RtcpWriter(_scratch);
            Property.Holds(writer.WriteRemb(head.Sender, rate, [head.Media]), "a REMB that was read can be written");
            var reader = new RtcpReader(_scratch.AsSpan(0, writer.Length));
            Property.Holds(reader.MoveNext(), "a written REMB is a packet");
            Property.Holds(Remb.TryRead(reader.Current, out var again), "a written REMB parses");

            // The first eighteen bits are kept; what was read had no more, unless it was cut to fit.
            Property.Holds(Math.Abs(again.BitsPerSecond - rate.BitsPerSecond) <= rate.BitsPerSecond >> 17, "the rate of a REMB survives");
        }
    }

    private static void CheckArrivals(in RtcpPacketView packet)
    {
        if (!TransportFeedbackReader.TryRead(packet, out var reader))
        {
            return;
        }

        var statuses = 0;
        var expected = reader.BaseSequence;
        while (reader.MoveNext())
        {
            Property.Holds(reader.Current.Sequence == expected++, "statuses follow one another");
            statuses++;
        }

        Property.Holds(statuses <= reader.StatusCount, "no more statuses than announced");
        Property.Holds(reader.IsMalformed || statuses == reader.StatusCount, "all statuses are read, or the feedback is malformed");
    }

    private static byte[] Reports()
    {
        var buffer = new byte[512];
        var writer = new RtcpWriter(buffer);
        var block = new ReportBlock(new Ssrc(7), 12, -3, 70000, 45, 0x56781234, 655);
        writer.WriteSenderReport(new SenderInfo(new Ssrc(1), new NtpTime(0x1234567812345678), new RtpTimestamp(90000), 10, 1000), [block]);
        writer.WriteReceiverReport(new Ssrc(1), [block, block with { Source = new Ssrc(8) }]);
        writer.WriteCanonicalName(new Ssrc(1), "canonical-name"u8);
        return buffer[..writer.Length];
    }

    private static byte[] Feedback()
    {
        var buffer = new byte[512];
        var writer = new RtcpWriter(buffer);
        writer.WriteNack(new Ssrc(1), new Ssrc(2), [new SequenceNumber(1), new SequenceNumber(2), new SequenceNumber(18), new SequenceNumber(65535)]);
        writer.WritePictureLoss(new Ssrc(1), new Ssrc(2));
        writer.WriteFullIntraRequest(new Ssrc(1), new Ssrc(2), 9);
        writer.WriteRemb(new Ssrc(1), DataRate.FromMegabits(3), [new Ssrc(2), new Ssrc(3)]);
        return buffer[..writer.Length];
    }

    private static byte[] Transport(int step, int gap)
    {
        var arrivals = new long[30];
        for (var i = 0; i < arrivals.Length; i++)
        {
            arrivals[i] = gap > 0 && i % gap == 1 ? TransportFeedbackWriter.NotReceived : 1_000_000 + i * 1000L * step - (i % 5 == 0 ? 3000 : 0);
        }

        var buffer = new byte[TransportFeedbackWriter.MaxLength];
        return buffer[..TransportFeedbackWriter.Write(new Ssrc(1), new Ssrc(2), 65530, 3, arrivals, buffer, out _)];
    }
}
