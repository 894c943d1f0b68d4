using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Rtp;

/// <summary>
/// One RTP packet (RFC 3550 section 5.1) read in place: the header fields are decoded once, the rest are spans into the datagram.
/// Valid as long as the datagram's memory is.
/// </summary>
public readonly ref struct RtpPacketView
{
    /// <summary>Length of the header without contributors and extensions.</summary>
    public const int FixedHeaderLength = 12;

    private RtpPacketView(ReadOnlySpan<byte> datagram, int extensionOffset, ushort extensionProfile, int headerLength, int payloadLength)
    {
        Datagram = datagram;
        HeaderLength = headerLength;
        ExtensionOffset = extensionOffset;
        ExtensionProfile = extensionProfile;
        PayloadLength = payloadLength;
        PayloadType = (byte)(datagram[1] & 0x7F);
        Marker = (datagram[1] & 0x80) != 0;
        SequenceNumber = new(BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]));
        Timestamp = new(BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]));
        Ssrc = new(BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]));
    }

    /// <summary>The whole packet, padding included.</summary>
    public ReadOnlySpan<byte> Datagram { get; }

    public bool Marker { get; }

    /// <summary>0 to 127.</summary>
    public byte PayloadType { get; }

    public SequenceNumber SequenceNumber { get; }

    public RtpTimestamp Timestamp { get; }

    public Ssrc Ssrc { get; }

    /// <summary>Bytes before the payload: fixed header, contributors and extensions.</summary>
    public int HeaderLength { get; }

    /// <summary>Bytes of payload, without padding.</summary>
    public int PayloadLength { get; }

    /// <summary>Bytes of padding at the end, the count byte included; 0 when there is none.</summary>
    public int PaddingLength => Datagram.Length - HeaderLength - PayloadLength;

    public ReadOnlySpan<byte> Payload => Datagram.Slice(HeaderLength, PayloadLength);

    /// <summary>Where the first extension element starts in the datagram; 0 when there are no extensions.</summary>
    public int ExtensionOffset { get; }

    /// <summary>The "defined by profile" field: 0xBEDE one-byte, 0x1000 to 0x100F two-byte elements (RFC 8285 section 4).</summary>
    public ushort ExtensionProfile { get; }

    /// <summary>The extension elements of the header, in order. Yields nothing for an unknown profile.</summary>
    public RtpExtensionReader Extensions =>
        ExtensionOffset == 0
            ? default
            : new RtpExtensionReader(Datagram[..HeaderLength], ExtensionOffset, ExtensionProfile);

    /// <summary>Reads a packet. False when the bytes are not a whole RTP version 2 packet.</summary>
    public static bool TryParse(ReadOnlySpan<byte> datagram, out RtpPacketView packet)
    {
        packet = default;
        if (datagram.Length < FixedHeaderLength || datagram[0] >> 6 != 2)
            return false;

        var headerLength = FixedHeaderLength + 4 * (datagram[0] & 0x0F);
        var extensionOffset = 0;
        ushort profile = 0;
        if ((datagram[0] & 0x10) != 0)
        {
            if (datagram.Length < headerLength + 4)
                return false;
            profile = BinaryPrimitives.ReadUInt16BigEndian(datagram[headerLength..]);
            extensionOffset = headerLength + 4;
            headerLength = extensionOffset + 4 * BinaryPrimitives.ReadUInt16BigEndian(datagram[(headerLength + 2)..]);
        }

        if (datagram.Length < headerLength)
            return false;

        var payloadLength = datagram.Length - headerLength;
        if ((datagram[0] & 0x20) != 0)
        {
            // RFC 3550 section 5.1: the last byte counts the padding and itself.
            if (payloadLength == 0)
                return false;
            var padding = datagram[^1];
            if (padding == 0 || padding > payloadLength)
                return false;
            payloadLength -= padding;
        }

        packet = new RtpPacketView(datagram, extensionOffset, profile, headerLength, payloadLength);
        return true;
    }

    /// <summary>
    /// Tells RTP from RTCP on one port by the second byte (RFC 5761 section 4): RTCP types 192 to 223 read as payload types 64 to 95.
    /// </summary>
    public static bool LooksLikeRtcp(ReadOnlySpan<byte> datagram) => datagram.Length >= 2 && datagram[1] is >= 192 and <= 223;
}
