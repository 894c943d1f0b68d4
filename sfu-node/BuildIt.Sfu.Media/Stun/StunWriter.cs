using System.Buffers.Binary;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Media.Stun;

/// <summary>
/// Writes one STUN message (RFC 8489) into a caller's buffer. Call the attributes in the order they shall have,
/// then <see cref="Finish"/>. The caller provides room: 548 bytes hold every message that ICE sends.
/// </summary>
public ref struct StunWriter
{
    private readonly Span<byte> _buffer;
    private int _length;

    /// <param name="transactionId">12 bytes, random in a request and echoed in a response.</param>
    public StunWriter(Span<byte> buffer, StunClass messageClass, ReadOnlySpan<byte> transactionId)
    {
        _buffer = buffer;
        var type = StunConstants.BindingMethod | (((int)messageClass & 2) << 7) | (((int)messageClass & 1) << 4);
        BinaryPrimitives.WriteUInt16BigEndian(buffer, (ushort)type);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], StunConstants.MagicCookie);
        transactionId[..StunConstants.TransactionIdLength].CopyTo(buffer[8..]);
        _length = StunConstants.HeaderLength;
    }

    public void WriteUsername(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var value = Append(StunAttribute.Username, first.Length + 1 + second.Length);
        first.CopyTo(value);
        value[first.Length] = (byte)':';
        second.CopyTo(value[(first.Length + 1)..]);
    }

    public void WritePriority(uint priority) =>
        BinaryPrimitives.WriteUInt32BigEndian(Append(StunAttribute.Priority, 4), priority);

    public void WriteUseCandidate() => Append(StunAttribute.UseCandidate, 0);

    public void WriteRole(bool controlling, ulong tieBreaker) =>
        BinaryPrimitives.WriteUInt64BigEndian(
            Append(controlling ? StunAttribute.IceControlling : StunAttribute.IceControlled, 8),
            tieBreaker);

    public void WriteXorMappedAddress(in TransportAddress address)
    {
        var value = Append(StunAttribute.XorMappedAddress, address.IsIPv4 ? 8 : 20);
        var (high, low) = address.Bits;
        value[1] = address.IsIPv4 ? (byte)1 : (byte)2;
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], (ushort)(address.Port ^ (StunConstants.MagicCookie >> 16)));
        if (address.IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(value[4..], (uint)low ^ StunConstants.MagicCookie);
        }
        else
        {
            BinaryPrimitives.WriteUInt64BigEndian(value[4..], high ^ BinaryPrimitives.ReadUInt64BigEndian(_buffer[4..]));
            BinaryPrimitives.WriteUInt64BigEndian(value[12..], low ^ BinaryPrimitives.ReadUInt64BigEndian(_buffer[12..]));
        }
    }

    /// <param name="code">300 to 699.</param>
    public void WriteErrorCode(int code, ReadOnlySpan<byte> reason)
    {
        var value = Append(StunAttribute.ErrorCode, 4 + reason.Length);
        value[2] = (byte)(code / 100);
        value[3] = (byte)(code % 100);
        reason.CopyTo(value[4..]);
    }

    public void WriteUnknownAttributes(ReadOnlySpan<ushort> types)
    {
        var value = Append(StunAttribute.UnknownAttributes, types.Length * 2);
        for (var i = 0; i < types.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(value[(i * 2)..], types[i]);
        }
    }

    /// <summary>Adds MESSAGE-INTEGRITY under <paramref name="key"/> and FINGERPRINT; returns the length of the message.</summary>
    public int Finish(ReadOnlySpan<byte> key)
    {
        Span<byte> hmac = stackalloc byte[StunConstants.IntegrityLength];
        StunIntegrity.TryCompute(key, _buffer[.._length], hmac);
        hmac.CopyTo(Append(StunAttribute.MessageIntegrity, StunConstants.IntegrityLength));

        var precedingFingerprint = _length;
        var fingerprint = Append(StunAttribute.Fingerprint, 4);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[2..], (ushort)(_length - StunConstants.HeaderLength));
        BinaryPrimitives.WriteUInt32BigEndian(
            fingerprint,
            Crc32.Compute(_buffer[..precedingFingerprint]) ^ StunConstants.FingerprintXor);
        return _length;
    }

    private Span<byte> Append(StunAttribute type, int length)
    {
        var padded = (length + 3) & ~3;
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[_length..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[(_length + 2)..], (ushort)length);
        var value = _buffer.Slice(_length + 4, padded);
        value.Clear();
        _length += 4 + padded;
        return value[..length];
    }
}
