using System.Buffers.Binary;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>
/// SRTP and SRTCP as received. An input is taken as it is (a forger's packet, which must be refused), and as plain bytes that a
/// peer with the keys protected, which must come out again.
/// </summary>
internal sealed class SrtpTarget : IFuzzTarget, IDisposable
{
    private const int MaxOverhead = 32;

    private readonly Pair[] _pairs = [new(SrtpProfile.AeadAes128Gcm), new(SrtpProfile.Aes128CmHmacSha1Tag80)];
    private readonly byte[] _packet = new byte[2048];
    private readonly byte[] _copy = new byte[2048];

    public string Name => "srtp";

    public int MaxLength => 300;

    public IEnumerable<byte[]> Seeds =>
        [[0, .. Rtp()], [1, .. Rtp()], [2, .. Rtcp()], [3, .. Rtcp()], [4, .. Rtp()], [5, .. Rtp()], [6, .. Rtcp()], [7, .. Rtcp()]];

    public IReadOnlyList<byte[]> Dictionary { get; } = [[0xBE, 0xDE, 0, 1], [0x90], [0x8F], [0x80, 0xC8]];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var pair = _pairs[input[0] & 1];
        var bytes = input[1..];
        var isRtcp = (input[0] & 2) != 0;
        if ((input[0] & 4) != 0)
        {
            Forged(pair, bytes, isRtcp);
        }
        else
        {
            Authentic(pair, bytes, isRtcp);
        }
    }

    public void Dispose()
    {
        foreach (var pair in _pairs)
        {
            pair.Dispose();
        }
    }

    private void Forged(Pair pair, ReadOnlySpan<byte> bytes, bool isRtcp)
    {
        var packet = _packet.AsSpan(0, bytes.Length);
        bytes.CopyTo(packet);
        var accepted = isRtcp ? pair.Receiver.TryUnprotectRtcp(packet, out _) : pair.Receiver.TryUnprotectRtp(packet, out _);
        Property.Holds(!accepted, "a packet made without the keys is refused");
    }

    private void Authentic(Pair pair, ReadOnlySpan<byte> bytes, bool isRtcp)
    {
        bytes.CopyTo(_packet);
        var room = _packet.AsSpan(0, bytes.Length + MaxOverhead);
        int length;
        if (isRtcp)
        {
            PinSsrc(bytes.Length, 4);
            var report = _packet[..bytes.Length];
            if (pair.Sender.ProtectRtcp(room, bytes.Length, pair.NextRtcp++, out length) != SrtpError.None)
            {
                return;
            }

            Property.Holds(length <= room.Length, "protection adds no more than the overhead");
            Tampered(pair, length, isRtcp);
            Property.Holds(pair.Receiver.TryUnprotectRtcp(room[..length], out var plain), "an authentic SRTCP packet is accepted");
            Property.Holds(room[..plain].SequenceEqual(report), "SRTCP gives back what was protected");
            return;
        }

        PinSsrc(bytes.Length, 8);
        var index = pair.NextRtp;
        if (bytes.Length >= 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_packet.AsSpan(2), index.Sequence.Value);
        }

        var expected = _packet[..bytes.Length];
        if (pair.Sender.ProtectRtp(room, bytes.Length, index, out length) != SrtpError.None)
        {
            return;
        }

        pair.NextRtp += 1;
        Property.Holds(
            pair.Sender.ProtectRtp((byte[])_packet.Clone(), bytes.Length, index, out _) == SrtpError.IndexReused, "an index is protected once");
        Tampered(pair, length, isRtcp);
        Property.Holds(pair.Receiver.TryUnprotectRtp(room[..length], out var plainLength), "an authentic SRTP packet is accepted");
        Property.Holds(room[..plainLength].SequenceEqual(expected), "SRTP gives back what was protected");
    }

    // One stream for all inputs, whose numbers go on: what a session keeps of one must not decide about the next.
    private void PinSsrc(int length, int offset)
    {
        if (length >= offset + 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_packet.AsSpan(offset), 0xCAFE);
        }
    }

    /// <summary>Two flipped bits (their places chosen by the length) must not pass.</summary>
    private void Tampered(Pair pair, int length, bool isRtcp)
    {
        var tampered = _copy.AsSpan(0, length);
        _packet.AsSpan(0, length).CopyTo(tampered);
        tampered[length * 7 % length] ^= 1;
        tampered[length - 1 - length / 3] ^= 0x10;
        var accepted = isRtcp ? pair.Receiver.TryUnprotectRtcp(tampered, out _) : pair.Receiver.TryUnprotectRtp(tampered, out _);
        Property.Holds(!accepted, "a packet that was tampered with is refused");
    }

    private static byte[] Rtp() =>
        [0x90, 0x60, 0x03, 0xE8, 0, 0, 0, 1, 0, 0, 0xCA, 0xFE, 0xBE, 0xDE, 0, 1, 0x10, 0xAA, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];

    private static byte[] Rtcp() =>
        [0x80, 0xC9, 0, 1, 0, 0, 0, 1, 0x81, 0xCE, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    private sealed class Pair(SrtpProfile profile) : IDisposable
    {
        public SrtpSession Sender { get; } = new(profile, KeyOf(profile, 1), KeyOf(profile, 2), new SrtpOptions());

        public PacketIndex NextRtp { get; set; }

        public uint NextRtcp { get; set; }

        public SrtpSession Receiver { get; } = new(profile, KeyOf(profile, 2), KeyOf(profile, 1), new SrtpOptions());

        public void Dispose()
        {
            Sender.Dispose();
            Receiver.Dispose();
        }

        private static byte[] KeyOf(SrtpProfile profile, byte seed) =>
            [.. Enumerable.Range(0, SrtpProfiles.MasterKeyLength + profile.MasterSaltLength()).Select(i => (byte)(i * 7 + seed))];
    }
}
