using System.Buffers.Binary;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>
/// Keeps a client's ChangeCipherSpec from BouncyCastle's server until the client's CertificateVerify has come. BouncyCastle
/// changes to the new epoch on any ChangeCipherSpec after the ClientKeyExchange; were the CertificateVerify between them
/// lost, its repetitions would then be refused for being of the old epoch, and the handshake would hang.
/// </summary>
internal sealed class ChangeCipherSpecGate
{
    private const byte CertificateVerify = 15;
    private const int HandshakeHeaderLength = 12;

    private int _verifiedUpTo;
    private bool _open;

    /// <summary>How much of the datagram may pass: what is cut off, the client will repeat.</summary>
    public int Admit(ReadOnlySpan<byte> datagram)
    {
        var offset = 0;
        while (!_open && datagram.Length - offset >= DtlsRecords.HeaderLength)
        {
            var record = datagram[offset..];
            var end = DtlsRecords.HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(record[11..]);
            if (end > record.Length)
            {
                break;
            }

            if (record[0] == (byte)DtlsContentType.ChangeCipherSpec)
            {
                return offset;
            }

            if (record[0] == (byte)DtlsContentType.Handshake)
            {
                Follow(record[DtlsRecords.HeaderLength..end]);
            }

            offset += end;
        }

        return datagram.Length;
    }

    /// <summary>Follows the fragments of the message (RFC 6347 section 4.2.2); a gap leaves the gate shut.</summary>
    private void Follow(ReadOnlySpan<byte> fragments)
    {
        while (fragments.Length >= HandshakeHeaderLength)
        {
            var messageLength = ReadUInt24(fragments[1..]);
            var fragmentOffset = ReadUInt24(fragments[6..]);
            var fragmentLength = ReadUInt24(fragments[9..]);
            if (fragments[0] == CertificateVerify && fragmentOffset <= _verifiedUpTo)
            {
                _verifiedUpTo = Math.Max(_verifiedUpTo, fragmentOffset + fragmentLength);
                _open = _verifiedUpTo >= messageLength;
            }

            var next = HandshakeHeaderLength + fragmentLength;
            fragments = next <= fragments.Length ? fragments[next..] : default;
        }
    }

    private static int ReadUInt24(ReadOnlySpan<byte> bytes) => bytes[0] << 16 | bytes[1] << 8 | bytes[2];
}
