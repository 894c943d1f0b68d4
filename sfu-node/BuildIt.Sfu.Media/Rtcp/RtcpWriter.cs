using System.Buffers.Binary;
using System.Numerics;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Rtcp;

/// <summary>
/// Builds a compound RTCP datagram in a caller's span. Each Write either adds a whole packet or, when it does not fit, nothing and returns false.
/// </summary>
public ref struct RtcpWriter(Span<byte> destination)
{
    /// <summary>Most report blocks in one report (five bits of count).</summary>
    public const int MaxReportBlocks = 31;

    private readonly Span<byte> _destination = destination;

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes left.</summary>
    public readonly int Available => _destination.Length - Length;

    /// <summary>What was written so far.</summary>
    public readonly ReadOnlySpan<byte> Written => _destination[..Length];

    /// <summary>Begins the next datagram in the same memory.</summary>
    public void Clear() => Length = 0;

    /// <summary>A sender report (RFC 3550 section 6.4.1) with at most 31 blocks.</summary>
    public bool WriteSenderReport(scoped in SenderInfo info, scoped ReadOnlySpan<ReportBlock> blocks)
    {
        if (!TryBegin(RtcpType.SenderReport, blocks.Length, SenderInfo.Length + blocks.Length * ReportBlock.Length, out var body))
            return false;
        BinaryPrimitives.WriteUInt32BigEndian(body, info.Sender.Value);
        BinaryPrimitives.WriteUInt64BigEndian(body[4..], info.Ntp.Value);
        BinaryPrimitives.WriteUInt32BigEndian(body[12..], info.Timestamp.Value);
        BinaryPrimitives.WriteUInt32BigEndian(body[16..], info.PacketCount);
        BinaryPrimitives.WriteUInt32BigEndian(body[20..], info.OctetCount);
        for (var i = 0; i < blocks.Length; i++)
            blocks[i].Write(body[(SenderInfo.Length + i * ReportBlock.Length)..]);
        return true;
    }

    /// <summary>A receiver report (RFC 3550 section 6.4.2) with at most 31 blocks.</summary>
    public bool WriteReceiverReport(Ssrc sender, scoped ReadOnlySpan<ReportBlock> blocks)
    {
        if (!TryBegin(RtcpType.ReceiverReport, blocks.Length, 4 + blocks.Length * ReportBlock.Length, out var body))
            return false;
        BinaryPrimitives.WriteUInt32BigEndian(body, sender.Value);
        for (var i = 0; i < blocks.Length; i++)
            blocks[i].Write(body[(4 + i * ReportBlock.Length)..]);
        return true;
    }

    /// <summary>A source description with one canonical name (RFC 3550 section 6.5) of at most 255 bytes.</summary>
    public bool WriteCanonicalName(Ssrc sender, scoped ReadOnlySpan<byte> name)
    {
        if (name.Length > 255 || !TryBegin(RtcpType.SourceDescription, 1, (4 + 2 + name.Length & ~3) + 4, out var body))
            return false;
        body.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(body, sender.Value);
        body[4] = 1;
        body[5] = (byte)name.Length;
        name.CopyTo(body[6..]);
        return true;
    }

    /// <summary>
    /// A generic NACK (RFC 4585 section 6.2.1) for <paramref name="sequences"/>, which are in ascending order.
    /// Writes as many as fit and returns how many of them it took; 0 when not even one fits.
    /// </summary>
    public int WriteNack(Ssrc sender, Ssrc media, scoped ReadOnlySpan<SequenceNumber> sequences)
    {
        var room = (Available - RtcpPacketView.HeaderLength - FeedbackHead.Length) / 4;
        if (sequences.IsEmpty || room <= 0)
            return 0;

        var entries = 0;
        var taken = 0;
        var position = Length + RtcpPacketView.HeaderLength + FeedbackHead.Length;
        while (taken < sequences.Length && entries < room)
        {
            var first = sequences[taken++];
            var mask = 0;
            while (taken < sequences.Length && sequences[taken].DistanceFrom(first) is >= 1 and <= 16)
                mask |= 1 << sequences[taken++].DistanceFrom(first) - 1;
            BinaryPrimitives.WriteUInt16BigEndian(_destination[position..], first.Value);
            BinaryPrimitives.WriteUInt16BigEndian(_destination[(position + 2)..], (ushort)mask);
            position += 4;
            entries++;
        }

        TryBeginFeedback(RtcpType.TransportFeedback, 1, sender, media, 4 * entries, out _);
        return taken;
    }

    /// <summary>A picture loss indication (RFC 4585 section 6.3.1).</summary>
    public bool WritePictureLoss(Ssrc sender, Ssrc media) => TryBeginFeedback(RtcpType.PayloadFeedback, 1, sender, media, 0, out _);

    /// <summary>A full intra request (RFC 5104 section 4.3.1); <paramref name="number"/> grows with each new request.</summary>
    public bool WriteFullIntraRequest(Ssrc sender, Ssrc media, byte number)
    {
        if (!TryBeginFeedback(RtcpType.PayloadFeedback, 4, sender, default, 8, out var entry))
            return false;
        entry.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(entry, media.Value);
        entry[4] = number;
        return true;
    }

    /// <summary>Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03 section 2.2) for at most 255 streams.</summary>
    public bool WriteRemb(Ssrc sender, DataRate rate, scoped ReadOnlySpan<Ssrc> streams)
    {
        if (streams.Length > 255 || rate.BitsPerSecond < 0
            || !TryBeginFeedback(RtcpType.PayloadFeedback, 15, sender, default, 8 + 4 * streams.Length, out var body))
            return false;
        var bits = (ulong)rate.BitsPerSecond;
        var exponent = Math.Max(0, 64 - BitOperations.LeadingZeroCount(bits) - 18);
        var mantissa = (uint)(bits >> exponent);
        "REMB"u8.CopyTo(body);
        body[4] = (byte)streams.Length;
        body[5] = (byte)((uint)exponent << 2 | mantissa >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(body[6..], (ushort)mantissa);
        for (var i = 0; i < streams.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(body[(8 + 4 * i)..], streams[i].Value);
        return true;
    }

    private bool TryBeginFeedback(RtcpType type, int format, Ssrc sender, Ssrc media, int length, out Span<byte> rest)
    {
        rest = default;
        if (!TryBegin(type, format, FeedbackHead.Length + length, out var body))
            return false;
        BinaryPrimitives.WriteUInt32BigEndian(body, sender.Value);
        BinaryPrimitives.WriteUInt32BigEndian(body[4..], media.Value);
        rest = body[FeedbackHead.Length..];
        return true;
    }

    private bool TryBegin(RtcpType type, int count, int bodyLength, out Span<byte> body)
    {
        body = default;
        var length = RtcpPacketView.HeaderLength + bodyLength;
        if (count > MaxReportBlocks || length > Available)
            return false;
        var packet = _destination.Slice(Length, length);
        packet[0] = (byte)(0x80 | count);
        packet[1] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(length / 4 - 1));
        body = packet[RtcpPacketView.HeaderLength..];
        Length += length;
        return true;
    }
}
