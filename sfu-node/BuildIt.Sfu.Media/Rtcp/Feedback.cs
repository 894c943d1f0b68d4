using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Rtcp;

/// <summary>The common head of feedback packets (RFC 4585 section 6.1).</summary>
/// <param name="Sender">Who sends the feedback.</param>
/// <param name="Media">The stream it is about; 0 where the format names the streams itself.</param>
public readonly record struct FeedbackHead(Ssrc Sender, Ssrc Media)
{
    internal const int Length = 8;

    public static bool TryRead(in RtcpPacketView packet, out FeedbackHead head)
    {
        head = default;
        if (packet.Type is not (RtcpType.TransportFeedback or RtcpType.PayloadFeedback) || packet.Body.Length < Length)
            return false;
        head = new FeedbackHead(
            new(BinaryPrimitives.ReadUInt32BigEndian(packet.Body)), new(BinaryPrimitives.ReadUInt32BigEndian(packet.Body[4..])));
        return true;
    }
}

/// <summary>The sequence numbers a generic NACK asks for (RFC 4585 section 6.2.1), in the order of its entries.</summary>
public ref struct NackedSequences
{
    private ReadOnlySpan<byte> _rest;
    private ushort _base;
    private uint _mask;

    public NackedSequences(in RtcpPacketView packet)
    {
        _rest = packet.IsNack && packet.Body.Length >= FeedbackHead.Length ? packet.Body[FeedbackHead.Length..] : default;
    }

    public SequenceNumber Current { get; private set; }

    public readonly NackedSequences GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_mask == 0)
        {
            if (_rest.Length < 4)
                return false;
            _base = BinaryPrimitives.ReadUInt16BigEndian(_rest);
            // Bit 0 is the packet itself, bit i + 1 is bit i of the following-packets mask.
            _mask = (uint)BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]) << 1 | 1;
            _rest = _rest[4..];
        }

        var bit = System.Numerics.BitOperations.TrailingZeroCount(_mask);
        _mask &= _mask - 1;
        Current = new SequenceNumber((ushort)(_base + bit));
        return true;
    }
}

/// <summary>The streams of which a full intra request wants a key frame (RFC 5104 section 4.3.1).</summary>
public ref struct FullIntraRequests
{
    private ReadOnlySpan<byte> _rest;

    public FullIntraRequests(in RtcpPacketView packet)
    {
        _rest = packet.IsFullIntraRequest && packet.Body.Length >= FeedbackHead.Length ? packet.Body[FeedbackHead.Length..] : default;
    }

    public Ssrc Current { get; private set; }

    /// <summary>Number of the current request; a repeated number is a repeated request.</summary>
    public byte CurrentNumber { get; private set; }

    public readonly FullIntraRequests GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.Length < 8)
            return false;
        Current = new Ssrc(BinaryPrimitives.ReadUInt32BigEndian(_rest));
        CurrentNumber = _rest[4];
        _rest = _rest[8..];
        return true;
    }
}

/// <summary>Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03 section 2.2).</summary>
public static class Remb
{
    /// <summary>Reads the bitrate; false for other packets and for a value beyond 64 bits.</summary>
    public static bool TryRead(in RtcpPacketView packet, out DataRate rate)
    {
        rate = default;
        var body = packet.Body;
        if (!packet.IsApplicationFeedback || body.Length < 16 || !body.Slice(8, 4).SequenceEqual("REMB"u8))
            return false;
        var exponent = body[13] >> 2;
        var mantissa = (long)(body[13] & 0x03) << 16 | BinaryPrimitives.ReadUInt16BigEndian(body[14..]);
        if (mantissa != 0 && exponent > 62 - (63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)mantissa)))
            return false;
        rate = new DataRate(mantissa << exponent);
        return true;
    }
}
