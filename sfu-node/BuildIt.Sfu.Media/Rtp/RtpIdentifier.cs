using System.Buffers.Binary;
using System.Text;

namespace BuildIt.Sfu.Media.Rtp;

/// <summary>
/// A mid or rid as a value: up to 16 ASCII characters, compared and hashed without allocation.
/// (RFC 8852 recommends at most 3 bytes, browsers write at most 16.)
/// </summary>
public readonly record struct RtpIdentifier
{
    private readonly ulong _high;
    private readonly ulong _low;

    private RtpIdentifier(ulong high, ulong low)
    {
        _high = high;
        _low = low;
    }

    /// <summary>Longest identifier in bytes.</summary>
    public const int MaxLength = 16;

    public bool IsEmpty => _high == 0 && _low == 0;

    /// <summary>Bytes of the identifier.</summary>
    public int Length
    {
        get
        {
            Span<byte> bytes = stackalloc byte[MaxLength];
            return Write(bytes);
        }
    }

    /// <summary>Reads the bytes of an extension element. False when empty, longer than 16 bytes, or not printable ASCII.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out RtpIdentifier identifier)
    {
        identifier = default;
        if (data.Length is 0 or > MaxLength || data.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E))
            return false;
        Span<byte> bytes = stackalloc byte[MaxLength];
        bytes.Clear();
        data.CopyTo(bytes);
        identifier = new RtpIdentifier(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
        return true;
    }

    /// <summary>Reads a mid or rid of an SDP. False when it cannot be one.</summary>
    public static bool TryParse(string text, out RtpIdentifier identifier)
    {
        identifier = default;
        Span<byte> bytes = stackalloc byte[MaxLength];
        return text.Length is > 0 and <= MaxLength
            && Encoding.ASCII.TryGetBytes(text, bytes, out var length)
            && TryRead(bytes[..length], out identifier);
    }

    /// <summary>Writes the bytes (at most 16) and returns how many.</summary>
    public int Write(Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[MaxLength];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _low);
        var length = bytes.IndexOf((byte)0);
        length = length < 0 ? MaxLength : length;
        bytes[..length].CopyTo(destination);
        return length;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(bytes[..Write(bytes)]);
    }
}
