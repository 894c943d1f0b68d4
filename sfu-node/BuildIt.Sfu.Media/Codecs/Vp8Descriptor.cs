using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Codecs;

/// <summary>The VP8 payload descriptor (RFC 7741 section 4.2).</summary>
public static class Vp8Descriptor
{
    /// <summary>Longest descriptor <see cref="Rewrite"/> writes.</summary>
    public const int MaxLength = 6;

    /// <summary>Reads the descriptor and the P bit of the first clear payload byte. False when the bytes end too early.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, bool marker, out PayloadFacts facts)
    {
        facts = default;
        if (payload.IsEmpty)
            return false;

        var first = payload[0];
        var position = 1;
        var flags = marker ? PayloadFlags.FrameEnd : PayloadFlags.None;
        if ((first & 0x80) != 0)
        {
            if (payload.Length < 2)
                return false;
            var extension = payload[1];
            position = 2;
            if ((extension & 0x80) != 0)
            {
                if (payload.Length <= position)
                    return false;
                flags |= PayloadFlags.PictureId;
                if ((payload[position] & 0x80) != 0)
                {
                    if (payload.Length < position + 2)
                        return false;
                    flags |= PayloadFlags.LongPictureId;
                    facts.PictureId = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(payload[position..]) & 0x7FFF);
                    position += 2;
                }
                else
                {
                    facts.PictureId = payload[position++];
                }
            }

            if ((extension & 0x40) != 0)
            {
                if (payload.Length <= position)
                    return false;
                flags |= PayloadFlags.Tl0PictureIndex;
                facts.Tl0PictureIndex = payload[position++];
            }

            if ((extension & 0x30) != 0)
            {
                if (payload.Length <= position)
                    return false;
                if ((extension & 0x20) != 0)
                {
                    flags |= PayloadFlags.Layers;
                    facts.TemporalLayer = (byte)(payload[position] >> 6);
                    if ((payload[position] & 0x20) != 0)
                        flags |= PayloadFlags.SwitchingUpPoint;
                }

                position++;
            }
        }

        // S set and partition 0: the first packet of a frame, whose next byte starts the VP8 payload header (section 4.3).
        if ((first & 0x10) != 0 && (first & 0x07) == 0)
        {
            if (payload.Length <= position)
                return false;
            flags |= PayloadFlags.FrameStart;
            if ((payload[position] & 0x01) == 0)
                flags |= PayloadFlags.KeyFrame;
        }

        facts.Flags = flags;
        facts.DescriptorLength = (byte)position;
        return true;
    }

    /// <summary>
    /// Writes the descriptor of <paramref name="source"/> with another picture id and TL0PICIDX; fields that the source lacks stay absent.
    /// A picture id is always written with 15 bits, so that continuity survives a switch between short and long ones.
    /// Returns the new length, at most <see cref="MaxLength"/>.
    /// </summary>
    public static int Rewrite(
        ReadOnlySpan<byte> source, in PayloadFacts facts, ushort pictureId, byte tl0PictureIndex, Span<byte> destination)
    {
        destination[0] = source[0];
        if ((source[0] & 0x80) == 0)
            return 1;

        destination[1] = source[1];
        var position = 2;
        if (facts.Has(PayloadFlags.PictureId))
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[position..], (ushort)(pictureId | 0x8000));
            position += 2;
        }

        if (facts.Has(PayloadFlags.Tl0PictureIndex))
            destination[position++] = tl0PictureIndex;
        if ((source[1] & 0x30) != 0)
            destination[position++] = source[facts.DescriptorLength - 1];
        return position;
    }
}
