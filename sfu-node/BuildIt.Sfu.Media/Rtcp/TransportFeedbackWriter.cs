using System.Buffers.Binary;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Rtcp;

/// <summary>Builds one transport-wide feedback packet (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).</summary>
public static class TransportFeedbackWriter
{
    /// <summary>Most packets one feedback packet reports on; keeps it well under an MTU even with two-byte deltas.</summary>
    public const int MaxStatuses = 400;

    /// <summary>Arrival that stands for "not received".</summary>
    public const long NotReceived = long.MinValue;

    /// <summary>Largest packet that <see cref="Write"/> builds.</summary>
    public const int MaxLength = RtcpPacketView.HeaderLength + TransportFeedbackReader.FixedLength + 2 * MaxStatuses + 2 * MaxStatuses / 7 + 8;

    /// <summary>
    /// Reports on consecutive sequence numbers from <paramref name="baseSequence"/>. Stops early where an arrival lies too far from
    /// the one before for a 16-bit delta (8.19 s). Returns the bytes written and in <paramref name="reported"/> how many arrivals were taken.
    /// </summary>
    /// <param name="sender">SSRC of the reporting side.</param>
    /// <param name="media">SSRC of any stream of the connection.</param>
    /// <param name="baseSequence">Sequence number of the first arrival.</param>
    /// <param name="feedbackCount">Number of this feedback packet, modulo 256.</param>
    /// <param name="arrivals">Arrivals in microseconds or <see cref="NotReceived"/>; at most <see cref="MaxStatuses"/>, at least one received.</param>
    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="reported">How many of the arrivals the packet covers.</param>
    public static int Write(
        Ssrc sender, Ssrc media, ushort baseSequence, byte feedbackCount, ReadOnlySpan<long> arrivals, Span<byte> destination, out int reported)
    {
        Span<byte> symbols = stackalloc byte[MaxStatuses];
        Span<short> deltas = stackalloc short[MaxStatuses];
        var firstIndex = arrivals.IndexOfAnyExcept(NotReceived);
        var reference = Math.DivRem(arrivals[firstIndex], TransportFeedbackReader.ReferenceUnit).Quotient;
        reported = Quantize(arrivals, reference * TransportFeedbackReader.ReferenceUnit, symbols, deltas);

        var body = destination[RtcpPacketView.HeaderLength..];
        BinaryPrimitives.WriteUInt32BigEndian(body, sender.Value);
        BinaryPrimitives.WriteUInt32BigEndian(body[4..], media.Value);
        BinaryPrimitives.WriteUInt16BigEndian(body[8..], baseSequence);
        BinaryPrimitives.WriteUInt16BigEndian(body[10..], (ushort)reported);
        BinaryPrimitives.WriteUInt32BigEndian(body[12..], (uint)reference << 8 | feedbackCount);

        var position = TransportFeedbackReader.FixedLength;
        for (var index = 0; index < reported;)
        {
            BinaryPrimitives.WriteUInt16BigEndian(body[position..], NextChunk(symbols[index..reported], out var covered));
            position += 2;
            index += covered;
        }

        for (var index = 0; index < reported; index++)
        {
            if (symbols[index] == 1)
            {
                body[position++] = (byte)deltas[index];
            }
            else if (symbols[index] == 2)
            {
                BinaryPrimitives.WriteInt16BigEndian(body[position..], deltas[index]);
                position += 2;
            }
        }

        var padding = -position & 3;
        if (padding > 0)
        {
            body.Slice(position, padding).Clear();
            body[position + padding - 1] = (byte)padding;
            position += padding;
        }

        destination[0] = (byte)(0x80 | (padding > 0 ? 0x20 : 0) | 15);
        destination[1] = (byte)RtcpType.TransportFeedback;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)(position / 4));
        return position + RtcpPacketView.HeaderLength;
    }

    private static int Quantize(ReadOnlySpan<long> arrivals, long reference, Span<byte> symbols, Span<short> deltas)
    {
        // Deltas are taken between quantised times, so that rounding does not add up.
        var previous = reference / TransportFeedbackReader.DeltaUnit;
        var count = Math.Min(arrivals.Length, MaxStatuses);
        for (var i = 0; i < count; i++)
        {
            if (arrivals[i] == NotReceived)
            {
                symbols[i] = 0;
                continue;
            }

            var time = arrivals[i] / TransportFeedbackReader.DeltaUnit;
            var delta = time - previous;
            if (delta is < short.MinValue or > short.MaxValue)
                return i;
            symbols[i] = delta is >= 0 and <= 255 ? (byte)1 : (byte)2;
            deltas[i] = (short)delta;
            previous = time;
        }

        return count;
    }

    private static ushort NextChunk(ReadOnlySpan<byte> symbols, out int covered)
    {
        var run = symbols.IndexOfAnyExcept(symbols[0]);
        run = run < 0 ? symbols.Length : run;
        var oneBit = symbols[..Math.Min(14, symbols.Length)].IndexOf((byte)2) < 0;
        if (run >= (oneBit ? 14 : 7) || run == symbols.Length)
        {
            covered = Math.Min(run, 0x1FFF);
            return (ushort)(symbols[0] << 13 | covered);
        }

        var bits = oneBit ? 1 : 2;
        var capacity = 14 / bits;
        covered = Math.Min(capacity, symbols.Length);
        var vector = oneBit ? 0x8000 : 0xC000;
        for (var i = 0; i < covered; i++)
            vector |= symbols[i] << 14 - bits * (i + 1);
        return (ushort)vector;
    }
}
