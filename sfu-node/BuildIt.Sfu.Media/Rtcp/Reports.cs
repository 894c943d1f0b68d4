using System.Buffers.Binary;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Rtcp;

/// <summary>Sender information of a sender report (RFC 3550 section 6.4.1).</summary>
public readonly record struct SenderInfo(Ssrc Sender, NtpTime Ntp, RtpTimestamp Timestamp, uint PacketCount, uint OctetCount)
{
    internal const int Length = 24;

    /// <summary>Reads a sender report; false when it is another packet or too short.</summary>
    public static bool TryRead(in RtcpPacketView packet, out SenderInfo info)
    {
        info = default;
        var body = packet.Body;
        if (packet.Type != RtcpType.SenderReport || body.Length < Length)
            return false;
        info = new SenderInfo(
            new(BinaryPrimitives.ReadUInt32BigEndian(body)),
            new(BinaryPrimitives.ReadUInt64BigEndian(body[4..])),
            new(BinaryPrimitives.ReadUInt32BigEndian(body[12..])),
            BinaryPrimitives.ReadUInt32BigEndian(body[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(body[20..]));
        return true;
    }
}

/// <summary>One reception report block (RFC 3550 section 6.4.1).</summary>
/// <param name="Source">The stream that is reported on.</param>
/// <param name="FractionLost">Share lost since the last report, in 1/256.</param>
/// <param name="CumulativeLost">Packets lost since the start; negative when duplicates arrived.</param>
/// <param name="HighestSequence">Highest sequence number, with the count of wraps in the upper half.</param>
/// <param name="Jitter">Inter-arrival jitter in timestamp ticks.</param>
/// <param name="LastReport">Middle of the NTP time of the last sender report; 0 when none arrived.</param>
/// <param name="DelaySinceLastReport">Time since that report in 1/65536 s.</param>
public readonly record struct ReportBlock(
    Ssrc Source, byte FractionLost, int CumulativeLost, uint HighestSequence, uint Jitter, uint LastReport, uint DelaySinceLastReport)
{
    public const int Length = 24;

    /// <summary>Round-trip time when the report arrived at <paramref name="arrival"/> on the clock of the sender reports; null when unknown.</summary>
    public TimeSpan? RoundTrip(NtpTime arrival)
    {
        if (LastReport == 0)
            return null;
        var units = (int)(arrival.Middle - LastReport - DelaySinceLastReport);
        return units < 0 ? null : TimeSpan.FromTicks(units * TimeSpan.TicksPerSecond / 65536);
    }

    internal static ReportBlock Read(ReadOnlySpan<byte> data)
    {
        // 24 bits, signed.
        var lost = (int)(BinaryPrimitives.ReadUInt32BigEndian(data[4..]) << 8) >> 8;
        return new ReportBlock(
            new(BinaryPrimitives.ReadUInt32BigEndian(data)),
            data[4],
            lost,
            BinaryPrimitives.ReadUInt32BigEndian(data[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(data[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(data[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(data[20..]));
    }

    internal void Write(Span<byte> data)
    {
        BinaryPrimitives.WriteUInt32BigEndian(data, Source.Value);
        var lost = Math.Clamp(CumulativeLost, -0x80_0000, 0x7F_FFFF);
        BinaryPrimitives.WriteUInt32BigEndian(data[4..], (uint)FractionLost << 24 | (uint)lost & 0xFF_FFFF);
        BinaryPrimitives.WriteUInt32BigEndian(data[8..], HighestSequence);
        BinaryPrimitives.WriteUInt32BigEndian(data[12..], Jitter);
        BinaryPrimitives.WriteUInt32BigEndian(data[16..], LastReport);
        BinaryPrimitives.WriteUInt32BigEndian(data[20..], DelaySinceLastReport);
    }
}

/// <summary>The report blocks of a sender or receiver report, in order; nothing for other packets and for blocks that do not fit.</summary>
public ref struct ReportBlocks
{
    private ReadOnlySpan<byte> _rest;
    private int _left;

    public ReportBlocks(in RtcpPacketView packet)
    {
        var skip = packet.Type switch
        {
            RtcpType.SenderReport => SenderInfo.Length,
            RtcpType.ReceiverReport => 4,
            _ => int.MaxValue,
        };
        _rest = packet.Body.Length >= skip ? packet.Body[skip..] : default;
        _left = packet.Count;
    }

    public ReportBlock Current { get; private set; }

    public readonly ReportBlocks GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left <= 0 || _rest.Length < ReportBlock.Length)
            return false;
        Current = ReportBlock.Read(_rest);
        _rest = _rest[ReportBlock.Length..];
        _left--;
        return true;
    }
}
