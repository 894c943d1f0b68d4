using System.Buffers.Binary;
using System.Security.Cryptography;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>What both sides said in INIT and INIT ACK.</summary>
internal readonly record struct HandshakeParameters
{
    public uint LocalTag { get; init; }

    public uint LocalTsn { get; init; }

    public uint PeerTag { get; init; }

    public uint PeerTsn { get; init; }

    public uint PeerWindow { get; init; }

    /// <summary>Streams this side may send on.</summary>
    public ushort OutgoingStreams { get; init; }

    public bool ForwardTsn { get; init; }

    public bool Reconfig { get; init; }

    /// <summary>The peer takes packets without checksum.</summary>
    public bool ZeroChecksum { get; init; }
}

/// <summary>
/// The cookie that lets INIT be answered without keeping state (RFC 9260 section 5.1.3): the parameters, the time and an
/// HMAC-SHA-256 under a key of this association.
/// </summary>
internal sealed class StateCookie
{
    public const int Size = BodySize + HMACSHA256.HashSizeInBytes;
    // A multiple of four, so that the parameter needs no padding.
    private const int BodySize = 32;

    private readonly byte[] _key = new byte[32];

    public StateCookie(IRandomSource random) => random.Fill(_key);

    public void Write(Span<byte> cookie, in HandshakeParameters parameters, Instant now)
    {
        BinaryPrimitives.WriteInt64BigEndian(cookie, now.Microseconds);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[8..], parameters.LocalTag);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[12..], parameters.LocalTsn);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[16..], parameters.PeerTag);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[20..], parameters.PeerTsn);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[24..], parameters.PeerWindow);
        BinaryPrimitives.WriteUInt16BigEndian(cookie[28..], parameters.OutgoingStreams);
        cookie[31] = 0;
        cookie[30] = (byte)((parameters.ForwardTsn ? 1 : 0) | (parameters.Reconfig ? 2 : 0) | (parameters.ZeroChecksum ? 4 : 0));
        HMACSHA256.HashData(_key, cookie[..BodySize], cookie[BodySize..]);
    }

    /// <summary>False for a cookie that this association did not make or that is older than <paramref name="lifetime"/>.</summary>
    public bool TryRead(ReadOnlySpan<byte> cookie, Instant now, TimeSpan lifetime, out HandshakeParameters parameters)
    {
        parameters = default;
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (cookie.Length != Size)
        {
            return false;
        }

        HMACSHA256.HashData(_key, cookie[..BodySize], expected);
        var made = new Instant(BinaryPrimitives.ReadInt64BigEndian(cookie));
        if (!CryptographicOperations.FixedTimeEquals(expected, cookie[BodySize..]) || now - made > lifetime)
        {
            return false;
        }

        parameters = new HandshakeParameters
        {
            LocalTag = BinaryPrimitives.ReadUInt32BigEndian(cookie[8..]),
            LocalTsn = BinaryPrimitives.ReadUInt32BigEndian(cookie[12..]),
            PeerTag = BinaryPrimitives.ReadUInt32BigEndian(cookie[16..]),
            PeerTsn = BinaryPrimitives.ReadUInt32BigEndian(cookie[20..]),
            PeerWindow = BinaryPrimitives.ReadUInt32BigEndian(cookie[24..]),
            OutgoingStreams = BinaryPrimitives.ReadUInt16BigEndian(cookie[28..]),
            ForwardTsn = (cookie[30] & 1) != 0,
            Reconfig = (cookie[30] & 2) != 0,
            ZeroChecksum = (cookie[30] & 4) != 0,
        };
        return true;
    }
}
