using System.Buffers.Binary;
using System.Security.Cryptography;

namespace BuildIt.Sfu.Net.Routing;

/// <summary>
/// Transaction ids of STUN requests that say who sent them. An answer has no USERNAME to route it by, and its sender's address may
/// be bound to somebody else who has proved nothing. The last four bytes are loop and endpoint under a mask that depends on the
/// other eight and on a secret of the process: to everybody else the whole is random (RFC 8489 section 5). Loop thread only.
/// </summary>
internal sealed class TransactionMark : IDisposable
{
    public const int Length = 12;

    /// <summary>Endpoints of one loop that can be told apart.</summary>
    public const int MaxEndpoints = 1 << 24;

    private const int SeedLength = 8;
    private const int HeaderLength = 20;
    private const uint MagicCookie = 0x2112A442;
    private const ushort SuccessResponse = 0x0101;
    private const ushort ErrorResponse = 0x0111;

    // A transform that is kept: each of the one-shot methods of Aes allocates one.
    private readonly ICryptoTransform _mask;
    private readonly byte[] _block = new byte[16];

    /// <param name="key">The same 16 secret bytes for all loops.</param>
    public TransactionMark(byte[] key)
    {
        using var aes = Aes.Create();

        // One block, so that no mode and no padding takes part.
        aes.Mode = CipherMode.ECB;
        aes.Padding = PaddingMode.None;
        _mask = aes.CreateEncryptor(key, null);
    }

    /// <summary>Overwrites the last four of twelve random bytes.</summary>
    public void Write(Span<byte> transaction, int loop, int endpoint) =>
        BinaryPrimitives.WriteUInt32BigEndian(transaction[SeedLength..], Mask(transaction) ^ (((uint)loop << 24) | (uint)endpoint));

    /// <summary>Whose request a STUN Binding response answers; whoever else made the bytes gets some loop and endpoint, or none.</summary>
    public bool TryRead(ReadOnlySpan<byte> datagram, out int loop, out int endpoint)
    {
        (loop, endpoint) = (0, 0);
        if (datagram.Length < HeaderLength
            || BinaryPrimitives.ReadUInt16BigEndian(datagram) is not (SuccessResponse or ErrorResponse)
            || BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) != MagicCookie)
        {
            return false;
        }

        ReadOnlySpan<byte> transaction = datagram.Slice(8, Length);
        uint owner = Mask(transaction) ^ BinaryPrimitives.ReadUInt32BigEndian(transaction[SeedLength..]);
        (loop, endpoint) = ((int)(owner >> 24), (int)(owner & (MaxEndpoints - 1)));
        return true;
    }

    public void Dispose() => _mask.Dispose();

    private uint Mask(ReadOnlySpan<byte> transaction)
    {
        Array.Clear(_block);
        transaction[..SeedLength].CopyTo(_block);
        _mask.TransformBlock(_block, 0, _block.Length, _block, 0);
        return BinaryPrimitives.ReadUInt32BigEndian(_block);
    }
}
