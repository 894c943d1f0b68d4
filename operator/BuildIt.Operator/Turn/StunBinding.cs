using System.Buffers.Binary;

namespace BuildIt.Operator.Turn;

/// <summary>The smallest question that a TURN server answers: a STUN Binding request without attributes (RFC 8489 section 5). Pure.</summary>
internal static class StunBinding
{
    /// <summary>Bytes of a header, and so of the whole request.</summary>
    public const int HeaderLength = 20;

    /// <summary>Bytes of a transaction id.</summary>
    public const int IdLength = 12;

    private const ushort BindingRequest = 0x0001;
    private const uint MagicCookie = 0x2112A442;

    /// <summary>Writes a request.</summary>
    /// <param name="destination">At least <see cref="HeaderLength"/> bytes.</param>
    /// <param name="id">The transaction id, <see cref="IdLength"/> random bytes.</param>
    public static void WriteRequest(Span<byte> destination, ReadOnlySpan<byte> id)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, BindingRequest);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], MagicCookie);
        id.CopyTo(destination[8..]);
    }

    /// <summary>
    /// Whether bytes begin an answer to a request. An error is one too: who refuses is there (RFC 8489 section 6.3.4).
    /// </summary>
    public static bool IsAnswer(ReadOnlySpan<byte> message, ReadOnlySpan<byte> id) =>
        message.Length >= HeaderLength

        // Class bits 1x are a response, and the method's are those of Binding (figure 3).
        && (BinaryPrimitives.ReadUInt16BigEndian(message) & 0xFEEF) == BindingRequest
        && (message[0] & 0x01) != 0
        && BinaryPrimitives.ReadUInt32BigEndian(message[4..]) == MagicCookie
        && message[8..HeaderLength].SequenceEqual(id);
}
