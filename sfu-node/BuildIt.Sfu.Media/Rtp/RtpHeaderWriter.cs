using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Rtp;

/// <summary>
/// Writes one RTP header with extensions into a caller's span. Elements go in the one-byte form unless told otherwise;
/// call <see cref="Finish"/> when all are added. The caller makes sure that the span is large enough.
/// </summary>
public ref struct RtpHeaderWriter
{
    private readonly Span<byte> _destination;
    private readonly bool _twoByte;
    private int _position;
    private bool _hasExtensions;

    /// <summary>
    /// Starts a packet in <paramref name="destination"/> (at least 12 bytes). <paramref name="twoByte"/> chooses two-byte elements
    /// (RFC 8285 section 4.3), needed for ids over 14 and for data of 0 or more than 16 bytes.
    /// </summary>
    public RtpHeaderWriter(
        Span<byte> destination, byte payloadType, bool marker, SequenceNumber sequence, RtpTimestamp timestamp, Ssrc ssrc, bool twoByte = false)
    {
        _destination = destination;
        _twoByte = twoByte;
        _position = RtpPacketView.FixedHeaderLength;
        destination[0] = 0x80;
        destination[1] = (byte)(payloadType & 0x7F | (marker ? 0x80 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], sequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], timestamp.Value);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], ssrc.Value);
    }

    /// <summary>True when an element with this id and length needs the two-byte form.</summary>
    public static bool NeedsTwoByte(byte id, int length) => id > 14 || length is 0 or > 16;

    /// <summary>Adds an element and returns the offset of its data in the packet, so that the caller may fill it in later.</summary>
    public int Add(byte id, int length)
    {
        if (!_hasExtensions)
        {
            _hasExtensions = true;
            _destination[0] |= 0x10;
            BinaryPrimitives.WriteUInt16BigEndian(
                _destination[_position..], _twoByte ? RtpExtensionReader.TwoByteProfile : RtpExtensionReader.OneByteProfile);
            _position += 4;
        }

        if (_twoByte)
        {
            _destination[_position] = id;
            _destination[_position + 1] = (byte)length;
            _position += 2;
        }
        else
        {
            _destination[_position] = (byte)(id << 4 | length - 1);
            _position++;
        }

        var offset = _position;
        _position += length;
        return offset;
    }

    /// <summary>Adds an element with data.</summary>
    public void Add(byte id, scoped ReadOnlySpan<byte> data)
    {
        var offset = Add(id, data.Length);
        data.CopyTo(_destination[offset..]);
    }

    /// <summary>Pads the extensions to a whole word and returns the header's length.</summary>
    public int Finish()
    {
        if (!_hasExtensions)
            return _position;
        while ((_position & 3) != 0)
            _destination[_position++] = 0;
        var words = (_position - RtpPacketView.FixedHeaderLength - 4) / 4;
        BinaryPrimitives.WriteUInt16BigEndian(_destination[(RtpPacketView.FixedHeaderLength + 2)..], (ushort)words);
        return _position;
    }

    /// <summary>
    /// Appends <paramref name="count"/> (1 to 255) bytes of padding after <paramref name="length"/> bytes of packet and returns the new length.
    /// </summary>
    public static int AddPadding(Span<byte> packet, int length, byte count)
    {
        packet.Slice(length, count).Clear();
        packet[length + count - 1] = count;
        packet[0] |= 0x20;
        return length + count;
    }
}
