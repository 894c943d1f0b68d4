using System.Buffers.Binary;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Rtcp;

/// <summary>RTCP packet types (RFC 3550 section 12.1, RFC 4585 section 6.1, RFC 3611).</summary>
public enum RtcpType : byte
{
    SenderReport = 200,
    ReceiverReport = 201,
    SourceDescription = 202,
    Goodbye = 203,
    Application = 204,
    TransportFeedback = 205,
    PayloadFeedback = 206,
    ExtendedReport = 207,
}

/// <summary>Why a compound packet could not be read to its end.</summary>
public enum RtcpError : byte
{
    None,

    /// <summary>A header or its stated length goes past the datagram.</summary>
    Truncated,

    /// <summary>The version is not 2.</summary>
    BadVersion,

    /// <summary>The padding count is zero or larger than the packet.</summary>
    BadPadding,
}

/// <summary>
/// Walks the packets of one compound (or reduced-size, RFC 5506) RTCP datagram. Malformed bytes end the walk and set <see cref="Error"/>;
/// packets before them stay good.
/// </summary>
public ref struct RtcpReader(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> _rest = datagram;

    public RtcpPacketView Current { get; private set; }

    public RtcpError Error { get; private set; }

    /// <summary>Moves to the next packet; false at the end or on an error.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty || Error != RtcpError.None)
            return false;
        if (_rest.Length < RtcpPacketView.HeaderLength)
            return Fail(RtcpError.Truncated);
        if (_rest[0] >> 6 != 2)
            return Fail(RtcpError.BadVersion);

        var length = 4 * (BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]) + 1);
        if (length > _rest.Length)
            return Fail(RtcpError.Truncated);

        var bodyLength = length - RtcpPacketView.HeaderLength;
        if ((_rest[0] & 0x20) != 0)
        {
            var padding = _rest[length - 1];
            if (padding == 0 || padding > bodyLength)
                return Fail(RtcpError.BadPadding);
            bodyLength -= padding;
        }

        Current = new RtcpPacketView((RtcpType)_rest[1], _rest[0] & 0x1F, _rest.Slice(RtcpPacketView.HeaderLength, bodyLength));
        _rest = _rest[length..];
        return true;
    }

    private bool Fail(RtcpError error)
    {
        Error = error;
        return false;
    }
}

/// <summary>One packet of a compound. The typed views below read its body.</summary>
/// <param name="type">Packet type; unknown ones are to be skipped.</param>
/// <param name="count">The five bits after the padding flag: report count, source count or feedback format.</param>
/// <param name="body">What follows the 4-byte header, without padding.</param>
public readonly ref struct RtcpPacketView(RtcpType type, int count, ReadOnlySpan<byte> body)
{
    public const int HeaderLength = 4;

    public RtcpType Type { get; } = type;

    public int Count { get; } = count;

    public ReadOnlySpan<byte> Body { get; } = body;

    public bool IsNack => Type == RtcpType.TransportFeedback && Count == 1;

    public bool IsTransportWideFeedback => Type == RtcpType.TransportFeedback && Count == 15;

    public bool IsPictureLoss => Type == RtcpType.PayloadFeedback && Count == 1;

    public bool IsFullIntraRequest => Type == RtcpType.PayloadFeedback && Count == 4;

    public bool IsApplicationFeedback => Type == RtcpType.PayloadFeedback && Count == 15;
}
