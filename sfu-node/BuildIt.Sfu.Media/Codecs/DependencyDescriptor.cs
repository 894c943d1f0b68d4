using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Codecs;

/// <summary>The dependency descriptor header extension (AV1 RTP specification, appendix A).</summary>
public static class DependencyDescriptor
{
    /// <summary>Bits up to and including the five flags of the extended part.</summary>
    private const int ExtendedHeaderBits = 29;

    /// <summary>
    /// Reads a descriptor into <paramref name="facts"/> (layers, frame bounds, key frame, decode target indications).
    /// <paramref name="structure"/> is the stream's last structure and becomes the new one when the descriptor brings one.
    /// False when malformed or when the structure it refers to is not known yet.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> data, ref DependencyStructure? structure, ref uint activeTargets, ref PayloadFacts facts)
    {
        if (data.Length < 3)
            return false;

        var flags = facts.Flags & ~(PayloadFlags.FrameStart | PayloadFlags.FrameEnd | PayloadFlags.KeyFrame);
        flags |= PayloadFlags.DependencyDescriptor | PayloadFlags.Layers | PayloadFlags.PictureId | PayloadFlags.LongPictureId;
        if ((data[0] & 0x80) != 0)
            flags |= PayloadFlags.FrameStart;
        if ((data[0] & 0x40) != 0)
            flags |= PayloadFlags.FrameEnd;
        facts.PictureId = BinaryPrimitives.ReadUInt16BigEndian(data[1..]);

        var used = structure;
        var active = activeTargets;
        var customIndications = false;
        var reader = new BitReader(data);
        reader.Read(24);
        if (data.Length > 3)
        {
            var hasStructure = reader.ReadFlag();
            var hasActive = reader.ReadFlag();
            customIndications = reader.ReadFlag();
            reader.Read(2);
            if (hasStructure)
            {
                used = DependencyStructure.Read(data, ref reader, structure);
                if (used is null)
                    return false;
                active = used.AllDecodeTargets;
                flags |= PayloadFlags.TemplateStructure;
                if ((flags & PayloadFlags.FrameStart) != 0)
                    flags |= PayloadFlags.KeyFrame;
            }

            if (used is null)
                return false;
            facts.ActiveMaskBit = (ushort)reader.Position;
            if (hasActive)
            {
                // Appendix A.8.2: bit i, counted from the least significant, belongs to decode target i.
                active = reader.Read(used.DecodeTargetCount);
                flags |= PayloadFlags.ActiveDecodeTargets;
            }
        }

        if (used is null || !used.TryGetTemplate(data[0] & 0x3F, out facts.SpatialLayer, out facts.TemporalLayer, out var indications))
            return false;
        if (customIndications)
        {
            indications = 0;
            for (var target = 0; target < used.DecodeTargetCount; target++)
                indications |= (ulong)reader.Read(2) << 2 * target;
        }

        if (reader.Failed)
            return false;
        structure = used;
        activeTargets = active;
        facts.Flags = flags;
        facts.Structure = used;
        facts.ActiveDecodeTargets = active;
        facts.DecodeTargetIndications = indications;
        return true;
    }

    /// <summary>Room that <see cref="Rewrite"/> may need for a descriptor of <paramref name="length"/> bytes.</summary>
    public static int MaxRewrittenLength(int length) => length + 4;

    /// <summary>
    /// Copies a descriptor with another frame number and, where it brings a structure or a mask, with
    /// <paramref name="activeTargets"/> as its mask of active decode targets. Returns the new length.
    /// </summary>
    public static int Rewrite(
        ReadOnlySpan<byte> source, in PayloadFacts facts, ushort frameNumber, uint activeTargets, Span<byte> destination)
    {
        if (!facts.Has(PayloadFlags.TemplateStructure | PayloadFlags.ActiveDecodeTargets) || facts.Structure is null)
        {
            source.CopyTo(destination);
            BinaryPrimitives.WriteUInt16BigEndian(destination[1..], frameNumber);
            return source.Length;
        }

        var targets = facts.Structure.DecodeTargetCount;
        destination[..MaxRewrittenLength(source.Length)].Clear();
        var reader = new BitReader(source);
        var writer = new BitWriter(destination);
        writer.Copy(ref reader, 25);
        reader.Read(1);
        writer.Write(1, 1);
        writer.Copy(ref reader, ExtendedHeaderBits - 26);
        writer.Copy(ref reader, facts.ActiveMaskBit - ExtendedHeaderBits);
        if (facts.Has(PayloadFlags.ActiveDecodeTargets))
            reader.Read(targets);
        writer.Write(activeTargets & facts.Structure.AllDecodeTargets, targets);
        writer.Copy(ref reader, source.Length * 8 - reader.Position);
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], frameNumber);

        // What lies past the last field is zero padding (appendix A.8.1): without a mask before, up to 32 bits were added.
        return (writer.Position + 7) / 8;
    }
}
