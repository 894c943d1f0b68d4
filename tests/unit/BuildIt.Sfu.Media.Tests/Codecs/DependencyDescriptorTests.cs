using BuildIt.Sfu.Media.Codecs;

namespace BuildIt.Sfu.Media.Tests.Codecs;

/// <summary>Descriptors written bit by bit after appendix A.8 of the AV1 RTP specification, L2T2 with four decode targets.</summary>
public sealed class DependencyDescriptorTests
{
    private static readonly (int Spatial, int Temporal)[] Layers = [(0, 0), (0, 1), (1, 0), (1, 1)];

    [Fact]
    public void Structure_layers_and_indications_are_read()
    {
        DependencyStructure? structure = null;
        uint active = 0;
        var facts = default(PayloadFacts);
        Assert.True(DependencyDescriptor.TryRead(KeyFrame(0x1234, null), ref structure, ref active, ref facts));
        Assert.True(facts.IsKeyFrame && facts.IsFrameStart && facts.IsFrameEnd);
        Assert.Equal(0x1234, facts.PictureId);
        Assert.NotNull(structure);
        Assert.Equal(4, structure.DecodeTargetCount);
        Assert.Equal(0xFu, active);
        for (var target = 0; target < 4; target++)
            Assert.Equal(((byte)Layers[target].Spatial, (byte)Layers[target].Temporal), structure.LayersOf(target));
        Assert.Equal(2, structure.BestTarget(1, 0, active));
        Assert.Equal(1, structure.BestTarget(1, 1, 0b0011));
        Assert.Equal(0b0011u, structure.TargetsWithin(1));

        // Template 3: spatial 1, temporal 1 is in the last decode target only.
        facts = default;
        Assert.True(DependencyDescriptor.TryRead([0xC0 | 8, 0, 2], ref structure, ref active, ref facts));
        Assert.Equal((1, 1), (facts.SpatialLayer, facts.TemporalLayer));
        Assert.Equal(DecodeTargetIndication.NotPresent, facts.IndicationFor(1));
        Assert.NotEqual(DecodeTargetIndication.NotPresent, facts.IndicationFor(3));
        Assert.False(facts.IsKeyFrame);
    }

    [Fact]
    public void Repeated_structure_is_the_same_object_and_unknown_templates_are_refused()
    {
        DependencyStructure? structure = null;
        uint active = 0;
        var facts = default(PayloadFacts);
        Assert.False(DependencyDescriptor.TryRead([0xC5, 0, 1], ref structure, ref active, ref facts));
        Assert.True(DependencyDescriptor.TryRead(KeyFrame(1, null), ref structure, ref active, ref facts));
        var first = structure;
        Assert.True(DependencyDescriptor.TryRead(KeyFrame(9, 0b0111), ref structure, ref active, ref facts));
        Assert.Same(first, structure);
        Assert.Equal(0b0111u, active);
        Assert.False(DependencyDescriptor.TryRead([0xC0 | 20, 0, 1], ref structure, ref active, ref facts));
        Assert.Same(first, structure);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0b1111)]
    public void Mask_and_frame_number_are_rewritten(int? mask)
    {
        DependencyStructure? structure = null;
        uint active = 0;
        var facts = default(PayloadFacts);
        var source = KeyFrame(7, mask);
        Assert.True(DependencyDescriptor.TryRead(source, ref structure, ref active, ref facts));
        var destination = new byte[DependencyDescriptor.MaxRewrittenLength(source.Length)];
        var length = DependencyDescriptor.Rewrite(source, facts, 0xBEEF, 0b0011, destination);

        DependencyStructure? again = null;
        uint maskAgain = 0;
        var rewritten = default(PayloadFacts);
        Assert.True(DependencyDescriptor.TryRead(destination.AsSpan(0, length), ref again, ref maskAgain, ref rewritten));
        Assert.Equal(0xBEEF, rewritten.PictureId);
        Assert.Equal(0b0011u, maskAgain);
        Assert.Equal(facts.DecodeTargetIndications, rewritten.DecodeTargetIndications);
        Assert.Equal(structure!.DecodeTargetCount, again!.DecodeTargetCount);
        Assert.True(rewritten.IsKeyFrame);
    }

    internal static byte[] KeyFrame(ushort frameNumber, int? mask)
    {
        var bytes = new byte[64];
        var writer = new BitWriter(bytes);
        const int TemplateIdOffset = 5;
        writer.Write(0b11, 2);
        writer.Write(TemplateIdOffset, 6);
        writer.Write(frameNumber, 16);
        writer.Write(1, 1);
        writer.Write(mask is null ? 0u : 1u, 1);
        writer.Write(0, 3);
        writer.Write(TemplateIdOffset, 6);
        writer.Write(3, 5);
        uint[] next = [1, 2, 1, 3];
        foreach (var idc in next)
            writer.Write(idc, 2);
        foreach (var layer in Layers)
        {
            foreach (var target in Layers)
                writer.Write(layer.Spatial <= target.Spatial && layer.Temporal <= target.Temporal ? 2u : 0, 2);
        }

        for (var template = 0; template < 4; template++)
        {
            writer.Write(1, 1);
            writer.Write(3, 4);
            writer.Write(0, 1);
        }

        // Two chains: ns(5) codes 2 as two bits; each target by ns(2); four bits for each template and chain.
        writer.Write(2, 2);
        foreach (var target in Layers)
            writer.Write((uint)target.Spatial, 1);
        writer.Write(0x12345678, 32);
        writer.Write(1, 1);
        writer.Write(319 << 16 | 179, 32);
        writer.Write(639 << 16 | 359, 32);
        if (mask is { } value)
            writer.Write((uint)value, 4);
        return bytes[..((writer.Position + 7) / 8)];
    }
}
