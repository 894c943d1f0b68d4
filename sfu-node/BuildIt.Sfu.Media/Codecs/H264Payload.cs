using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Codecs;

/// <summary>H.264 payloads (RFC 6184): single NAL units, STAP-A and FU-A. Only NAL headers are read.</summary>
public static class H264Payload
{
    private const int IdrSlice = 5;
    private const int SequenceParameterSet = 7;
    private const int StapA = 24;
    private const int FuA = 28;

    /// <summary>Reads the NAL headers. False when the bytes end too early.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, bool marker, out PayloadFacts facts)
    {
        facts = default;
        if (payload.IsEmpty)
            return false;

        var starts = false;
        switch (payload[0] & 0x1F)
        {
            case IdrSlice or SequenceParameterSet:
                starts = true;
                break;
            case StapA:
                if (!TryReadAggregate(payload[1..], out starts))
                    return false;
                break;
            case FuA:
                if (payload.Length < 2)
                    return false;
                starts = (payload[1] & 0x80) != 0 && (payload[1] & 0x1F) is IdrSlice or SequenceParameterSet;
                break;
        }

        facts.Flags = (starts ? PayloadFlags.KeyFrame | PayloadFlags.FrameStart : 0)
            | (marker ? PayloadFlags.FrameEnd : 0);
        return true;
    }

    private static bool TryReadAggregate(ReadOnlySpan<byte> units, out bool starts)
    {
        // RFC 6184 section 5.7.1: each unit is preceded by its 16-bit size.
        starts = false;
        while (units.Length > 2)
        {
            var size = BinaryPrimitives.ReadUInt16BigEndian(units);
            if (size == 0 || units.Length < 2 + size)
                return false;
            starts |= (units[2] & 0x1F) is IdrSlice or SequenceParameterSet;
            units = units[(2 + size)..];
        }

        return units.IsEmpty;
    }
}
