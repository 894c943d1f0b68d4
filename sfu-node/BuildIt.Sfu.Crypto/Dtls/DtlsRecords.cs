using System.Buffers.Binary;
using BuildIt.Sfu.Crypto.Gcm;
using BuildIt.Sfu.Crypto.Srtp;

namespace BuildIt.Sfu.Crypto.Dtls;

internal enum DtlsContentType : byte
{
    ChangeCipherSpec = 20,
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
}

/// <summary>
/// The record layer of epoch 1 of DTLS 1.2 with AES-GCM (RFC 6347 section 4.1, RFC 5288 section 3), in place and without
/// allocation. Replays are refused (RFC 6347 section 4.1.2.6). Not thread-safe.
/// </summary>
internal sealed class DtlsRecords : IDisposable
{
    public const int HeaderLength = 13;
    public const int Overhead = HeaderLength + ExplicitNonceLength + AesGcmContext.TagLength;
    private const int ExplicitNonceLength = 8;
    private const int AssociatedLength = 13;
    private const ushort Version12 = 0xFEFD;
    private const ulong EpochOne = 1UL << 48;
    private const ulong SequenceMask = EpochOne - 1;

    private readonly AesGcmContext _send;
    private readonly AesGcmContext _receive;
    private readonly byte[] _sendNonce;
    private readonly byte[] _receiveNonce;
    private ulong _nextSequence;
    private ReplayWindow _replay;

    /// <param name="keys">Both directions; the fixed nonces are copied.</param>
    /// <param name="firstSequence">First sequence number that the handshake has not used in epoch 1.</param>
    public DtlsRecords(DtlsKeys keys, ulong firstSequence)
    {
        _send = AesGcmContext.Create(keys.SendKey, encrypt: true);
        _receive = AesGcmContext.Create(keys.ReceiveKey, encrypt: false);
        _sendNonce = [.. keys.SendNonce];
        _receiveNonce = [.. keys.ReceiveNonce];
        _nextSequence = firstSequence;
    }

    /// <summary>The sequence number behind the last record of epoch 1 in these datagrams.</summary>
    public static ulong NextSequence(IEnumerable<byte[]> sent)
    {
        ulong next = 0;
        foreach (var datagram in sent)
        {
            ReadOnlySpan<byte> rest = datagram;
            while (rest.Length >= HeaderLength)
            {
                var epochAndSequence = BinaryPrimitives.ReadUInt64BigEndian(rest[3..]);
                if (epochAndSequence >> 48 == 1)
                {
                    next = Math.Max(next, (epochAndSequence & SequenceMask) + 1);
                }

                var length = HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(rest[11..]);
                rest = length <= rest.Length ? rest[length..] : default;
            }
        }

        return next;
    }

    /// <summary>Encrypts one record; returns its length, or 0 when there is no room or no sequence number left.</summary>
    public int Seal(DtlsContentType type, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        var length = data.Length + Overhead;
        if (destination.Length < length || data.Length > ushort.MaxValue - Overhead || _nextSequence > SequenceMask)
        {
            return 0;
        }

        var epochAndSequence = EpochOne | _nextSequence++;
        destination[0] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], Version12);
        BinaryPrimitives.WriteUInt64BigEndian(destination[3..], epochAndSequence);
        BinaryPrimitives.WriteUInt16BigEndian(destination[11..], (ushort)(length - HeaderLength));
        BinaryPrimitives.WriteUInt64BigEndian(destination[HeaderLength..], epochAndSequence);
        var body = destination.Slice(HeaderLength + ExplicitNonceLength, data.Length);
        data.CopyTo(body);

        Span<byte> nonce = stackalloc byte[AesGcmContext.NonceLength];
        Span<byte> associated = stackalloc byte[AssociatedLength];
        _sendNonce.CopyTo(nonce);
        destination.Slice(HeaderLength, ExplicitNonceLength).CopyTo(nonce[DtlsKeys.FixedNonceLength..]);
        WriteAssociated(destination, data.Length, associated);
        return _send.Seal(nonce, associated, body, destination.Slice(HeaderLength + ExplicitNonceLength + data.Length, AesGcmContext.TagLength))
            ? length
            : 0;
    }

    /// <summary>
    /// Decrypts the next authentic record of epoch 1 and moves past it, passing over others; false when none is left.
    /// </summary>
    public bool TryOpenNext(ref Span<byte> datagram, out DtlsContentType type, out Span<byte> data)
    {
        while (datagram.Length >= HeaderLength)
        {
            var length = HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(datagram[11..]);
            if (length > datagram.Length)
            {
                break;
            }

            var record = datagram[..length];
            datagram = datagram[length..];
            if (TryOpen(record, out data))
            {
                type = (DtlsContentType)record[0];
                return true;
            }
        }

        datagram = default;
        type = default;
        data = default;
        return false;
    }

    public void Dispose()
    {
        _send.Dispose();
        _receive.Dispose();
        _sendNonce.AsSpan().Clear();
        _receiveNonce.AsSpan().Clear();
    }

    private bool TryOpen(Span<byte> record, out Span<byte> data)
    {
        data = default;
        var epochAndSequence = BinaryPrimitives.ReadUInt64BigEndian(record[3..]);
        if (record.Length < Overhead
            || BinaryPrimitives.ReadUInt16BigEndian(record[1..]) != Version12
            || epochAndSequence >> 48 != 1
            || !_replay.IsNew(epochAndSequence & SequenceMask))
        {
            return false;
        }

        var bodyLength = record.Length - Overhead;
        Span<byte> nonce = stackalloc byte[AesGcmContext.NonceLength];
        Span<byte> associated = stackalloc byte[AssociatedLength];
        _receiveNonce.CopyTo(nonce);
        record.Slice(HeaderLength, ExplicitNonceLength).CopyTo(nonce[DtlsKeys.FixedNonceLength..]);
        WriteAssociated(record, bodyLength, associated);
        var body = record.Slice(HeaderLength + ExplicitNonceLength, bodyLength);
        if (!_receive.Open(nonce, associated, body, record[^AesGcmContext.TagLength..]))
        {
            return false;
        }

        _replay.Add(epochAndSequence & SequenceMask);
        data = body;
        return true;
    }

    /// <summary>RFC 5246 section 6.2.3.3: epoch and sequence number, type, version, length of the plain text.</summary>
    private static void WriteAssociated(ReadOnlySpan<byte> header, int plainLength, Span<byte> associated)
    {
        header.Slice(3, 8).CopyTo(associated);
        header[..3].CopyTo(associated[8..]);
        BinaryPrimitives.WriteUInt16BigEndian(associated[11..], (ushort)plainLength);
    }
}
