using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace BuildIt.Sfu.Media.Rtp;

/// <summary>
/// Where each known extension of one packet lies, found in one pass over its header. Offsets are into the packet's datagram.
/// </summary>
public struct RtpHeaderExtensions
{
    private Slots _slots;
    private ushort _present;

    /// <summary>Finds the extensions of <paramref name="packet"/> that <paramref name="map"/> knows. Of repeated ones the last counts.</summary>
    public static RtpHeaderExtensions Read(in RtpPacketView packet, ExtensionMap map)
    {
        var found = default(RtpHeaderExtensions);
        var reader = packet.Extensions;
        while (reader.MoveNext())
        {
            var kind = (int)map.KindOf(reader.Id);
            if (kind == 0)
                continue;
            found._slots[kind] = (uint)reader.Offset << 8 | (uint)reader.Length;
            found._present |= (ushort)(1 << kind);
        }

        return found;
    }

    public readonly bool Has(ExtensionKind kind) => (_present & 1 << (int)kind) != 0;

    /// <summary>True when any of <paramref name="mask"/> (bits by kind) is present.</summary>
    internal readonly bool HasAny(int mask) => (_present & mask) != 0;

    /// <summary>Data of <paramref name="kind"/>; empty when absent.</summary>
    public readonly ReadOnlySpan<byte> DataOf(ExtensionKind kind, ReadOnlySpan<byte> datagram)
    {
        if (!Has(kind))
            return default;
        var slot = _slots[(int)kind];
        return datagram.Slice((int)(slot >> 8), (int)(slot & 0xFF));
    }

    /// <summary>The transport-wide sequence number; false when absent or of the wrong size.</summary>
    public readonly bool TryGetTransportSequence(ReadOnlySpan<byte> datagram, out ushort sequence)
    {
        var data = DataOf(ExtensionKind.TransportSequence, datagram);
        sequence = data.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(data) : (ushort)0;
        return data.Length >= 2;
    }

    /// <summary>
    /// The audio level (RFC 6464 section 3): 0 (loudest) to 127 (silent) in -dBov, and the sender's voice flag. False when absent.
    /// </summary>
    public readonly bool TryGetAudioLevel(ReadOnlySpan<byte> datagram, out byte level, out bool voice)
    {
        var data = DataOf(ExtensionKind.AudioLevel, datagram);
        level = data.Length >= 1 ? (byte)(data[0] & 0x7F) : (byte)127;
        voice = data.Length >= 1 && (data[0] & 0x80) != 0;
        return data.Length >= 1;
    }

    [InlineArray((int)ExtensionKind.PlayoutDelay + 1)]
    private struct Slots
    {
        private uint _first;
    }
}
