using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using BuildIt.Sfu.Crypto.Dtls;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>
/// Datagrams on the media port, and those that count as DTLS: the records of a connected session, and what is let through to a
/// handshake that runs.
/// </summary>
internal sealed class DtlsTarget : IFuzzTarget, IDisposable
{
    private readonly DtlsRecords _sender = new(Keys(1, 2), 1);
    private readonly byte[] _datagram = new byte[4096];
    private readonly byte[] _sealed = new byte[4096];

    public string Name => "dtls";

    public int MaxLength => 600;

    public IEnumerable<byte[]> Seeds =>
        [
            [0, .. Handshake(15, 0, 8, 8), .. Record(20, 0, [1])],
            [0, .. Record(20, 0, [1]), .. Handshake(15, 0, 8, 8)],
            [0, .. Handshake(15, 0, 8, 4), .. Handshake(15, 4, 8, 4), .. Record(20, 0, [1]), .. Record(22, 1, new byte[40])],
            [1, .. Record(23, 1, new byte[32])],
            [2, .. "hello"u8],
            [2, .. new byte[100]],
            [0, 0x80, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ];

    public IReadOnlyList<byte[]> Dictionary { get; } = [[22, 0xFE, 0xFD], [20, 0xFE, 0xFD], [23, 0xFE, 0xFD], [21, 0xFE, 0xFD], [0, 1, 0, 0, 0, 0, 0, 1], [22, 0xFE, 0xFF], [15, 0, 0, 8]];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var bytes = input[1..];
        var kind = Demultiplexer.Classify(bytes);
        Property.Holds(kind == ByTheRfc(bytes), "a datagram is classified as RFC 7983 says");
        switch (input[0] % 3)
        {
            case 0:
                Handshaking(bytes);
                break;
            case 1:
                Forged(bytes);
                break;
            default:
                Authentic(bytes);
                break;
        }
    }

    public void Dispose() => _sender.Dispose();

    private static void Handshaking(ReadOnlySpan<byte> bytes)
    {
        var gate = new ChangeCipherSpecGate();
        var admitted = gate.Admit(bytes);
        Property.Holds(admitted >= 0 && admitted <= bytes.Length, "what is let through is the start of the datagram");
        if (!HasCertificateVerify(bytes))
        {
            Property.Holds(!HasChangeCipherSpec(bytes[..admitted]), "no change of cipher before the certificate is verified");
        }

        var channel = new HandshakeChannel(() => { }, new ChangeCipherSpecGate());
        for (var i = 0; i < 3; i++)
        {
            channel.Enqueue(bytes);
        }

        var taken = 0;
        while (channel.TryTakeUnread(out var datagram))
        {
            taken += datagram!.Length;
        }

        Property.Holds(taken <= 3 * bytes.Length, "no more comes out than went in");
        channel.Close();
    }

    private void Forged(ReadOnlySpan<byte> bytes)
    {
        using var receiver = new DtlsRecords(Keys(2, 1), 1);
        var rest = _datagram.AsSpan(0, bytes.Length);
        bytes.CopyTo(rest);
        Property.Holds(!receiver.TryOpenNext(ref rest, out _, out _), "a record made without the keys is refused");
        Property.Holds(rest.IsEmpty, "a refused datagram is used up");
    }

    private void Authentic(ReadOnlySpan<byte> bytes)
    {
        using var receiver = new DtlsRecords(Keys(2, 1), 1);
        var first = _sender.Seal(DtlsContentType.ApplicationData, bytes, _sealed);
        var second = _sender.Seal(DtlsContentType.Handshake, bytes, _sealed.AsSpan(first));
        Property.Holds(first == bytes.Length + DtlsRecords.Overhead && second == first, "a record has the stated overhead");
        var length = first + second;
        _sealed.AsSpan(0, length).CopyTo(_datagram);
        var rest = _datagram.AsSpan(0, length);
        Property.Holds(receiver.TryOpenNext(ref rest, out var type, out var data), "an authentic record opens");
        Property.Holds(type == DtlsContentType.ApplicationData && data.SequenceEqual(bytes), "a record gives back what was sealed");
        Property.Holds(receiver.TryOpenNext(ref rest, out type, out data) && type == DtlsContentType.Handshake && data.SequenceEqual(bytes), "so does the next");
        _sealed.AsSpan(0, length).CopyTo(_datagram);
        rest = _datagram.AsSpan(0, length);
        Property.Holds(!receiver.TryOpenNext(ref rest, out _, out _), "a replayed record is refused");
    }

    /// <summary>RFC 7983 section 7 with RFC 5761 section 4, as ranges rather than as a switch.</summary>
    private static DatagramKind ByTheRfc(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < 2)
        {
            return DatagramKind.Unknown;
        }

        var first = datagram[0];
        if (first <= 3)
        {
            return DatagramKind.Stun;
        }

        if (first >= 20 && first <= 63)
        {
            return DatagramKind.Dtls;
        }

        if (first < 128 || first > 191)
        {
            return DatagramKind.Unknown;
        }

        var isRtcp = (datagram[1] & 0x7F) >= 64 && (datagram[1] & 0x7F) <= 95 && datagram[1] >= 128;
        return datagram.Length < (isRtcp ? 8 : 12) ? DatagramKind.Unknown : isRtcp ? DatagramKind.Rtcp : DatagramKind.Rtp;
    }

    private static bool HasCertificateVerify(ReadOnlySpan<byte> bytes) => bytes.IndexOf((byte)15) >= 0;

    private static bool HasChangeCipherSpec(ReadOnlySpan<byte> datagram)
    {
        while (datagram.Length >= DtlsRecords.HeaderLength)
        {
            var end = DtlsRecords.HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(datagram[11..]);
            if (end > datagram.Length)
            {
                return false;
            }

            if (datagram[0] == 20)
            {
                return true;
            }

            datagram = datagram[end..];
        }

        return false;
    }

    private static byte[] Record(byte type, byte epoch, byte[] body) =>
        [type, 0xFE, 0xFD, 0, epoch, 0, 0, 0, 0, 0, 1, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static byte[] Handshake(byte type, byte offset, byte length, byte fragment) =>
        Record(22, 0, [type, 0, 0, length, 0, 1, 0, 0, offset, 0, 0, fragment, .. new byte[fragment]]);

    private static DtlsKeys Keys(byte send, byte receive) => Create(
        SrtpProfile.None,
        [],
        [.. Enumerable.Repeat(send, 16)],
        [.. Enumerable.Repeat(send, DtlsKeys.FixedNonceLength)],
        [.. Enumerable.Repeat(receive, 16)],
        [.. Enumerable.Repeat(receive, DtlsKeys.FixedNonceLength)]);

    // Keys otherwise only come out of a finished handshake, and a fuzz target needs the same ones every time.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern DtlsKeys Create(SrtpProfile profile, byte[] srtp, byte[] sendKey, byte[] sendNonce, byte[] receiveKey, byte[] receiveNonce);
}
