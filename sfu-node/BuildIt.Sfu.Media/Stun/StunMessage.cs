using System.Buffers.Binary;
using System.Security.Cryptography;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Media.Stun;

/// <summary>
/// One parsed STUN message (RFC 8489), a view of the datagram it came in: valid as long as that memory is.
/// Parsing checks the structure of every attribute; it checks neither MESSAGE-INTEGRITY nor FINGERPRINT,
/// for which see <see cref="VerifyIntegrity"/> and <see cref="VerifyFingerprint"/>. Allocates nothing.
/// </summary>
public readonly ref struct StunMessage
{
    private readonly ReadOnlySpan<byte> _bytes;

    // Start of the attribute's header, 0 when it is absent: offset 0 is the message header, so no attribute is there.
    private readonly int _integrityOffset;
    private readonly int _fingerprintOffset;

    private StunMessage(ReadOnlySpan<byte> bytes, int integrityOffset, int fingerprintOffset)
    {
        _bytes = bytes;
        _integrityOffset = integrityOffset;
        _fingerprintOffset = fingerprintOffset;
    }

    public StunClass Class
    {
        get
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(_bytes);
            return (StunClass)(((type >> 7) & 2) | ((type >> 4) & 1));
        }
    }

    /// <summary>The 12-bit method; 1 is Binding, the only one of ICE.</summary>
    public int Method
    {
        get
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(_bytes);
            return (type & 0x000F) | ((type & 0x00E0) >> 1) | ((type & 0x3E00) >> 2);
        }
    }

    public bool IsBinding => Method == StunConstants.BindingMethod;

    public ReadOnlySpan<byte> TransactionId => _bytes.Slice(8, StunConstants.TransactionIdLength);

    /// <summary>The USERNAME, or empty.</summary>
    public ReadOnlySpan<byte> Username => TryGetAttribute(StunAttribute.Username, out var value) ? value : default;

    public bool UseCandidate => TryGetAttribute(StunAttribute.UseCandidate, out _);

    /// <summary>
    /// Quick test without parsing: first two bits zero, magic cookie, and a length that fits (RFC 7983 section 7, RFC 8489 section 5).
    /// </summary>
    public static bool LooksLikeStun(ReadOnlySpan<byte> datagram) =>
        datagram.Length >= StunConstants.HeaderLength
        && datagram[0] < 4
        && BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) == StunConstants.MagicCookie;

    /// <summary>False when the bytes are not one whole, well-formed STUN message.</summary>
    public static bool TryParse(ReadOnlySpan<byte> datagram, out StunMessage message)
    {
        message = default;
        if (!LooksLikeStun(datagram))
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        if ((length & 3) != 0 || length != datagram.Length - StunConstants.HeaderLength)
        {
            return false;
        }

        var integrity = 0;
        var fingerprint = 0;
        var offset = StunConstants.HeaderLength;
        while (offset < datagram.Length)
        {
            // FINGERPRINT is the last attribute (RFC 8489 section 14.7). The length is a multiple of 4, so a header fits.
            if (fingerprint != 0)
            {
                return false;
            }

            var type = (StunAttribute)BinaryPrimitives.ReadUInt16BigEndian(datagram[offset..]);
            int valueLength = BinaryPrimitives.ReadUInt16BigEndian(datagram[(offset + 2)..]);
            var next = offset + 4 + ((valueLength + 3) & ~3);
            if (next > datagram.Length || !HasValidLength(type, valueLength))
            {
                return false;
            }

            if (type == StunAttribute.MessageIntegrity && integrity == 0)
            {
                integrity = offset;
            }
            else if (type == StunAttribute.Fingerprint)
            {
                fingerprint = offset;
            }

            offset = next;
        }

        message = new StunMessage(datagram, integrity, fingerprint);
        return true;
    }

    /// <summary>
    /// The receiver's own ICE user fragment of a Binding request (the part of USERNAME before the colon, RFC 8445 section 7.2.2),
    /// by which a port shared by many peers finds the one that is meant. Nothing is authenticated here.
    /// </summary>
    public static bool TryReadLocalUfrag(ReadOnlySpan<byte> datagram, out ReadOnlySpan<byte> ufrag)
    {
        ufrag = default;
        if (!TryParse(datagram, out var message) || !message.IsBinding || message.Class != StunClass.Request)
        {
            return false;
        }

        var username = message.Username;
        var colon = username.IndexOf((byte)':');
        if (colon <= 0)
        {
            return false;
        }

        ufrag = username[..colon];
        return true;
    }

    /// <summary>
    /// The first attribute of this type. Those after MESSAGE-INTEGRITY are not seen, except FINGERPRINT, because
    /// nothing protects them (RFC 8489 section 14.5).
    /// </summary>
    public bool TryGetAttribute(StunAttribute type, out ReadOnlySpan<byte> value)
    {
        var offset = StunConstants.HeaderLength;
        var end = _integrityOffset != 0 && type != StunAttribute.MessageIntegrity && type != StunAttribute.Fingerprint
            ? _integrityOffset
            : _bytes.Length;
        while (offset < end)
        {
            int valueLength = BinaryPrimitives.ReadUInt16BigEndian(_bytes[(offset + 2)..]);
            if ((StunAttribute)BinaryPrimitives.ReadUInt16BigEndian(_bytes[offset..]) == type)
            {
                value = _bytes.Slice(offset + 4, valueLength);
                return true;
            }

            offset += 4 + ((valueLength + 3) & ~3);
        }

        value = default;
        return false;
    }

    public bool TryGetPriority(out uint priority)
    {
        var found = TryGetAttribute(StunAttribute.Priority, out var value);
        priority = found ? BinaryPrimitives.ReadUInt32BigEndian(value) : 0;
        return found;
    }

    /// <summary>The sender's role and its tie-breaker (RFC 8445 section 7.1.3); false when the message names no role.</summary>
    public bool TryGetRole(out bool controlling, out ulong tieBreaker)
    {
        controlling = TryGetAttribute(StunAttribute.IceControlling, out var value);
        var found = controlling || TryGetAttribute(StunAttribute.IceControlled, out value);
        tieBreaker = found ? BinaryPrimitives.ReadUInt64BigEndian(value) : 0;
        return found;
    }

    /// <summary>The numeric ERROR-CODE, 300 to 699 (RFC 8489 section 14.8).</summary>
    public bool TryGetErrorCode(out int code)
    {
        code = 0;
        if (!TryGetAttribute(StunAttribute.ErrorCode, out var value))
        {
            return false;
        }

        var (hundreds, units) = (value[2] & 7, value[3]);
        code = hundreds * 100 + units;
        return hundreds is >= 3 and <= 6 && units < 100;
    }

    /// <summary>XOR-MAPPED-ADDRESS (RFC 8489 section 14.2), as a UDP address.</summary>
    public bool TryGetXorMappedAddress(out TransportAddress address)
    {
        address = default;
        if (!TryGetAttribute(StunAttribute.XorMappedAddress, out var value))
        {
            return false;
        }

        var port = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(value[2..]) ^ (StunConstants.MagicCookie >> 16));
        switch (value[1])
        {
            case 1 when value.Length == 8:
                address = TransportAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(value[4..]) ^ StunConstants.MagicCookie, port);
                return true;
            case 2 when value.Length == 20:
                // An IPv6 address is masked with the cookie and the transaction id, which stand side by side in the header.
                var high = BinaryPrimitives.ReadUInt64BigEndian(value[4..]) ^ BinaryPrimitives.ReadUInt64BigEndian(_bytes[4..]);
                var low = BinaryPrimitives.ReadUInt64BigEndian(value[12..]) ^ BinaryPrimitives.ReadUInt64BigEndian(_bytes[12..]);
                address = new TransportAddress(high, low, port);
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// Collects the types of attributes that must be understood and are not (RFC 8489 section 6.3.1), as many as fit,
    /// and returns how many there are in <paramref name="types"/>.
    /// </summary>
    public int GetUnknownRequiredAttributes(Span<ushort> types)
    {
        var count = 0;
        var end = _integrityOffset != 0 ? _integrityOffset : _bytes.Length;
        for (var offset = StunConstants.HeaderLength; offset < end && count < types.Length;)
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(_bytes[offset..]);
            if (type < 0x8000 && !Enum.IsDefined((StunAttribute)type))
            {
                types[count++] = type;
            }

            offset += 4 + ((BinaryPrimitives.ReadUInt16BigEndian(_bytes[(offset + 2)..]) + 3) & ~3);
        }

        return count;
    }

    /// <summary>
    /// True when MESSAGE-INTEGRITY is present and matches <paramref name="key"/>, the ICE password
    /// (RFC 8489 sections 9.1 and 14.5). Takes the same time whatever the difference.
    /// </summary>
    public bool VerifyIntegrity(ReadOnlySpan<byte> key)
    {
        if (_integrityOffset == 0)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[StunConstants.IntegrityLength];
        return StunIntegrity.TryCompute(key, _bytes[.._integrityOffset], expected)
            && CryptographicOperations.FixedTimeEquals(expected, _bytes.Slice(_integrityOffset + 4, StunConstants.IntegrityLength));
    }

    /// <summary>True when FINGERPRINT is present and right. ICE messages always carry it (RFC 8445 section 7.1).</summary>
    public bool VerifyFingerprint() =>
        _fingerprintOffset != 0
        && BinaryPrimitives.ReadUInt32BigEndian(_bytes[(_fingerprintOffset + 4)..])
            == (Crc32.Compute(_bytes[.._fingerprintOffset]) ^ StunConstants.FingerprintXor);

    private static bool HasValidLength(StunAttribute type, int length) => type switch
    {
        StunAttribute.MessageIntegrity => length == StunConstants.IntegrityLength,
        StunAttribute.Fingerprint or StunAttribute.Priority => length == 4,
        StunAttribute.IceControlled or StunAttribute.IceControlling => length == 8,
        StunAttribute.UseCandidate => length == 0,
        StunAttribute.ErrorCode => length >= 4,
        StunAttribute.XorMappedAddress or StunAttribute.MappedAddress => length is 8 or 20,
        // RFC 8489 section 14.3: fewer than 509 bytes.
        StunAttribute.Username => length < 513,
        _ => true,
    };
}
