using System.Buffers.Binary;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Stun;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>STUN messages as they come from anybody, before any peer is known.</summary>
internal sealed class StunTarget : IFuzzTarget
{
    private static readonly byte[] Key = "VOkJxbRl1RmTxUk/WvJxBt"u8.ToArray();

    private readonly byte[] _buffer = new byte[2048];

    public string Name => "stun";

    public int MaxLength => 600;

    public IEnumerable<byte[]> Seeds => [Request(controlling: true, nominate: true), Request(controlling: false, nominate: false), Success(false), Success(true), Error()];

    public IReadOnlyList<byte[]> Dictionary { get; } =
        [[0x21, 0x12, 0xA4, 0x42], [0, 6, 0, 4], [0, 8, 0, 20], [0x80, 0x28, 0, 4], [0, 0x20, 0, 8], [0, 0x20, 0, 20], [0, 9, 0, 4], [0x80, 0x2A, 0, 8], [0, 0x25, 0, 0], [0, 0x24, 0, 4], [0x01, 0x01], [0x01, 0x11]];

    public void Run(ReadOnlySpan<byte> input)
    {
        // As sent, and with the length put right: most mutations would otherwise stop at the length.
        Check(input);
        if (input.Length >= StunConstants.HeaderLength && BinaryPrimitives.ReadUInt16BigEndian(input[2..]) != input.Length - StunConstants.HeaderLength)
        {
            var whole = _buffer.AsSpan(1024, input.Length & ~3);
            input[..whole.Length].CopyTo(whole);
            BinaryPrimitives.WriteUInt16BigEndian(whole[2..], (ushort)(whole.Length - StunConstants.HeaderLength));
            Check(whole);
        }
    }

    private void Check(ReadOnlySpan<byte> datagram)
    {
        var hasUfrag = StunMessage.TryReadLocalUfrag(datagram, out var ufrag);
        if (!StunMessage.TryParse(datagram, out var message))
        {
            Property.Holds(!hasUfrag, "a user name fragment came out of a message that does not parse");
            return;
        }

        Property.Holds(StunMessage.LooksLikeStun(datagram), "a parsed message looks like STUN");
        Property.Holds(datagram.Length % 4 == 0, "a parsed message is a whole number of words");
        Property.Holds(!hasUfrag || (!ufrag.IsEmpty && ufrag.IndexOf((byte)':') < 0), "the fragment is what stands before the colon");
        _ = message.VerifyIntegrity(Key);
        _ = message.UseCandidate;
        Span<ushort> unknown = stackalloc ushort[8];
        foreach (var type in unknown[..message.GetUnknownRequiredAttributes(unknown)])
        {
            Property.Holds(type < 0x8000, "only required attributes are reported");
        }

        RoundTrip(message);
        if (message.VerifyFingerprint())
        {
            var last = BinaryPrimitives.ReadUInt32BigEndian(datagram[^4..]);
            Property.Holds(last == (SlowCrc32(datagram[..^8]) ^ StunConstants.FingerprintXor), "the fingerprint is the CRC of what stands before it");
        }
    }

    /// <summary>What was understood, written again, has to be understood alike.</summary>
    private void RoundTrip(in StunMessage message)
    {
        var writer = new StunWriter(_buffer.AsSpan(0, 1024), message.Class, message.TransactionId);
        var hasPriority = message.TryGetPriority(out var priority);
        var hasRole = message.TryGetRole(out var controlling, out var tieBreaker);
        var hasError = message.TryGetErrorCode(out var code);
        var hasAddress = message.TryGetXorMappedAddress(out var address);
        if (hasPriority)
        {
            writer.WritePriority(priority);
        }

        if (hasRole)
        {
            writer.WriteRole(controlling, tieBreaker);
        }

        if (hasError)
        {
            writer.WriteErrorCode(code, default);
        }

        if (hasAddress)
        {
            writer.WriteXorMappedAddress(address);
        }

        var length = writer.Finish(Key);
        Property.Holds(StunMessage.TryParse(_buffer.AsSpan(0, length), out var again), "what is written parses");
        Property.Holds(again.Class == message.Class && again.TransactionId.SequenceEqual(message.TransactionId), "class and transaction survive");
        Property.Holds(again.VerifyIntegrity(Key) && again.VerifyFingerprint(), "what is written is authentic");
        Property.Holds(again.TryGetPriority(out var p) == hasPriority && p == priority, "the priority survives");
        Property.Holds(again.TryGetRole(out var c, out var t) == hasRole && c == controlling && t == tieBreaker, "the role survives");
        Property.Holds(again.TryGetErrorCode(out var e) == hasError && (!hasError || e == code), "the error code survives");
        Property.Holds(again.TryGetXorMappedAddress(out var a) == hasAddress && a == address, "the mapped address survives");
    }

    private static uint SlowCrc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }

    private static byte[] Request(bool controlling, bool nominate)
    {
        var buffer = new byte[512];
        var writer = new StunWriter(buffer, StunClass.Request, "transaction1"u8);
        writer.WriteUsername("abcd"u8, "wxyz"u8);
        writer.WritePriority(0x6E7F1EFF);
        writer.WriteRole(controlling, 0x1122334455667788);
        if (nominate)
        {
            writer.WriteUseCandidate();
        }

        return buffer[..writer.Finish(Key)];
    }

    private static byte[] Success(bool version6)
    {
        var buffer = new byte[512];
        var writer = new StunWriter(buffer, StunClass.SuccessResponse, "transaction1"u8);
        writer.WriteXorMappedAddress(version6 ? new TransportAddress(0x20010DB8_00000000, 1, 4242) : TransportAddress.FromIPv4(0xC0000201, 4242));
        return buffer[..writer.Finish(Key)];
    }

    private static byte[] Error()
    {
        var buffer = new byte[512];
        var writer = new StunWriter(buffer, StunClass.ErrorResponse, "transaction1"u8);
        writer.WriteErrorCode(StunErrorCode.UnknownAttribute, "Unknown Attribute"u8);
        writer.WriteUnknownAttributes([0x7001, 0x7002]);
        return buffer[..writer.Finish(Key)];
    }
}
