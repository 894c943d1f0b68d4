using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Codecs;

/// <summary>The VP9 payload descriptor (RFC 9628 section 4.2), flexible and non-flexible mode.</summary>
public static class Vp9Descriptor
{
    /// <summary>Reads the descriptor. False when the bytes end too early or break its rules.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out PayloadFacts facts)
    {
        facts = default;
        if (payload.IsEmpty)
            return false;

        var first = payload[0];
        var position = 1;
        var interPicture = (first & 0x40) != 0;
        var flexible = (first & 0x10) != 0;
        var flags = PayloadFlags.None;
        if ((first & 0x08) != 0)
            flags |= PayloadFlags.FrameStart;
        if ((first & 0x04) != 0)
            flags |= PayloadFlags.FrameEnd;

        if ((first & 0x80) != 0)
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

        if ((first & 0x20) != 0)
        {
            if (payload.Length <= position)
                return false;
            flags |= PayloadFlags.Layers;
            facts.TemporalLayer = (byte)(payload[position] >> 5);
            facts.SpatialLayer = (byte)(payload[position] >> 1 & 0x07);
            if ((payload[position] & 0x10) != 0)
                flags |= PayloadFlags.SwitchingUpPoint;
            position++;
            if (!flexible)
            {
                if (payload.Length <= position)
                    return false;
                flags |= PayloadFlags.Tl0PictureIndex;
                facts.Tl0PictureIndex = payload[position++];
            }
        }

        if (flexible && interPicture && !TrySkipReferences(payload, ref position))
            return false;
        if ((first & 0x02) != 0 && !TrySkipScalabilityStructure(payload, ref position))
            return false;
        if (position > byte.MaxValue)
            return false;

        // A picture not predicted from earlier ones, at its base layer, is where decoding can start.
        if (!interPicture && (first & 0x08) != 0 && facts.SpatialLayer == 0)
            flags |= PayloadFlags.KeyFrame;
        facts.Flags = flags;
        facts.DescriptorLength = (byte)position;
        return true;
    }

    /// <summary>Writes another picture id (in the source's width) and TL0PICIDX over the descriptor at the start of <paramref name="payload"/>.</summary>
    public static void RewriteInPlace(Span<byte> payload, in PayloadFacts facts, ushort pictureId, byte tl0PictureIndex)
    {
        var position = 1;
        if (facts.Has(PayloadFlags.LongPictureId))
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload[position..], (ushort)(pictureId & 0x7FFF | 0x8000));
            position += 2;
        }
        else if (facts.Has(PayloadFlags.PictureId))
        {
            payload[position++] = (byte)(pictureId & 0x7F);
        }

        if (facts.Has(PayloadFlags.Tl0PictureIndex))
            payload[position + 1] = tl0PictureIndex;
    }

    private static bool TrySkipReferences(ReadOnlySpan<byte> payload, ref int position)
    {
        // Up to three P_DIFF bytes; the lowest bit says that another follows.
        for (var i = 0; i < 3; i++)
        {
            if (payload.Length <= position)
                return false;
            if ((payload[position++] & 0x01) == 0)
                return true;
        }

        return false;
    }

    private static bool TrySkipScalabilityStructure(ReadOnlySpan<byte> payload, ref int position)
    {
        if (payload.Length <= position)
            return false;
        var header = payload[position++];
        if ((header & 0x10) != 0)
            position += 4 * ((header >> 5) + 1);
        if ((header & 0x08) != 0)
        {
            if (payload.Length <= position)
                return false;
            var pictures = payload[position++];
            for (var i = 0; i < pictures; i++)
            {
                if (payload.Length <= position)
                    return false;
                position += 1 + (payload[position] >> 2 & 0x03);
            }
        }

        return position <= payload.Length;
    }
}
