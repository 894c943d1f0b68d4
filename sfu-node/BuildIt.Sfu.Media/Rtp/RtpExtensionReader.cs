namespace BuildIt.Sfu.Media.Rtp;

/// <summary>
/// Walks the header extension elements of one packet (RFC 8285 sections 4.2 and 4.3). Stops at the first element that does not fit;
/// what came before it stays usable.
/// </summary>
public ref struct RtpExtensionReader
{
    /// <summary>Profile of one-byte elements.</summary>
    public const ushort OneByteProfile = 0xBEDE;

    /// <summary>Profile of two-byte elements; the low four bits are for the application.</summary>
    public const ushort TwoByteProfile = 0x1000;

    private readonly ReadOnlySpan<byte> _header;
    private readonly bool _twoByte;
    private int _position;

    internal RtpExtensionReader(ReadOnlySpan<byte> header, int offset, ushort profile)
    {
        _twoByte = (profile & 0xFFF0) == TwoByteProfile;
        _header = _twoByte || profile == OneByteProfile ? header : default;
        _position = offset;
    }

    /// <summary>Id of the current element: 1 to 14 in one-byte form, 1 to 255 in two-byte form.</summary>
    public byte Id { get; private set; }

    /// <summary>Where the current element's data starts in the datagram.</summary>
    public int Offset { get; private set; }

    /// <summary>Bytes of data in the current element: 1 to 16 in one-byte form, 0 to 255 in two-byte form.</summary>
    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Data => _header.Slice(Offset, Length);

    /// <summary>Moves to the next element; false at the end.</summary>
    public bool MoveNext()
    {
        while (_position < _header.Length)
        {
            var first = _header[_position];
            // An id of 0 is one byte of padding in both forms.
            if (_twoByte ? first == 0 : first >> 4 == 0)
            {
                _position++;
                continue;
            }

            int dataOffset;
            if (_twoByte)
            {
                if (_position + 2 > _header.Length)
                    return false;
                Id = first;
                Length = _header[_position + 1];
                dataOffset = _position + 2;
            }
            else
            {
                Id = (byte)(first >> 4);
                // RFC 8285 section 4.2: 15 is reserved and ends processing.
                if (Id == 15)
                    return false;
                Length = (first & 0x0F) + 1;
                dataOffset = _position + 1;
            }

            if (dataOffset + Length > _header.Length)
                return false;
            Offset = dataOffset;
            _position = dataOffset + Length;
            return true;
        }

        return false;
    }
}
