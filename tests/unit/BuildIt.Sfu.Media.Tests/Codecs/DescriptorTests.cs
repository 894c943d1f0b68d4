using BuildIt.Sfu.Media.Codecs;

namespace BuildIt.Sfu.Media.Tests.Codecs;

public sealed class DescriptorTests
{
    [Fact]
    public void Vp8_key_frame_with_long_picture_id_and_layers()
    {
        // X S=1 | I L T | picture id 0x1234 | tl0 7 | TID 1, Y | P bit 0
        var payload = Convert.FromHexString("90E0923407" + "60" + "00FFFF");
        Assert.True(Vp8Descriptor.TryRead(payload, false, out var facts));
        Assert.Equal((0x1234, 7, 1, 6), (facts.PictureId, facts.Tl0PictureIndex, facts.TemporalLayer, facts.DescriptorLength));
        Assert.True(facts.IsKeyFrame && facts.IsFrameStart && facts.Has(PayloadFlags.SwitchingUpPoint));

        var rewritten = new byte[Vp8Descriptor.MaxLength];
        Assert.Equal(6, Vp8Descriptor.Rewrite(payload, facts, 0x0555, 9, rewritten));
        Assert.Equal("90E085550960", Convert.ToHexString(rewritten));
    }

    [Fact]
    public void Vp8_short_picture_id_is_rewritten_as_long()
    {
        var payload = Convert.FromHexString("80804201");
        Assert.True(Vp8Descriptor.TryRead(payload, true, out var facts));
        Assert.Equal((0x42, 3), (facts.PictureId, facts.DescriptorLength));
        Assert.False(facts.IsKeyFrame || facts.IsFrameStart);
        Assert.True(facts.IsFrameEnd);
        var rewritten = new byte[Vp8Descriptor.MaxLength];
        Assert.Equal(4, Vp8Descriptor.Rewrite(payload, facts, 0x42, 0, rewritten));
        Assert.Equal("80808042", Convert.ToHexString(rewritten, 0, 4));
    }

    [Fact]
    public void Vp8_delta_frame_and_later_partition_are_no_key_frames()
    {
        Assert.True(Vp8Descriptor.TryRead([0x10, 0x01], false, out var delta));
        Assert.True(delta.IsFrameStart && !delta.IsKeyFrame);
        Assert.True(Vp8Descriptor.TryRead([0x11, 0x00], false, out var partition));
        Assert.False(partition.IsFrameStart || partition.IsKeyFrame);
    }

    [Fact]
    public void Vp9_non_flexible_layers()
    {
        // I L B E | 15-bit id 0x7ABC | TID 2, U, SID 1, D | tl0 0x33
        var payload = Convert.FromHexString("ACFABC5333" + "AABB");
        Assert.True(Vp9Descriptor.TryRead(payload, out var facts));
        Assert.Equal((0x7ABC, 2, 1, 0x33, 5), (facts.PictureId, facts.TemporalLayer, facts.SpatialLayer, facts.Tl0PictureIndex, facts.DescriptorLength));
        Assert.True(facts.IsFrameStart && facts.IsFrameEnd && facts.Has(PayloadFlags.SwitchingUpPoint));
        Assert.False(facts.IsKeyFrame);

        Vp9Descriptor.RewriteInPlace(payload, facts, 0x0001, 0x34);
        Assert.Equal("AC80015334AABB", Convert.ToHexString(payload));
    }

    [Fact]
    public void Vp9_flexible_references_and_scalability_structure_are_skipped()
    {
        // I P L F B | 7-bit id | TID 0 SID 0 | two P_DIFF
        Assert.True(Vp9Descriptor.TryRead(Convert.FromHexString("F805000302AA"), out var flexible));
        Assert.Equal(5, flexible.DescriptorLength);
        Assert.False(flexible.IsKeyFrame);
        // L B V, key | layers | tl0 | SS: N_S=2, Y, G | 3 x width, height | N_G=1 | TID 0, R=1 | P_DIFF
        var structure = Convert.FromHexString("2A0000" + "58" + "014000B4" + "02800168" + "050002D0" + "01" + "04" + "01" + "FF");
        Assert.True(Vp9Descriptor.TryRead(structure, out var facts));
        Assert.Equal(structure.Length - 1, facts.DescriptorLength);
        Assert.True(facts.IsKeyFrame);
        Assert.False(Vp9Descriptor.TryRead(structure.AsSpan(0, 10), out _));
        Assert.False(Vp9Descriptor.TryRead(Convert.FromHexString("F80500030303"), out _));
    }

    [Theory]
    [InlineData("67420028", true)]
    [InlineData("65AA", true)]
    [InlineData("41AA", false)]
    [InlineData("78000267420001" + "68", true)]
    [InlineData("7C85AA", true)]
    [InlineData("7C05AA", false)]
    [InlineData("5C81AA", false)]
    public void H264_key_frames_by_nal_headers(string hex, bool isKey)
    {
        Assert.True(H264Payload.TryRead(Convert.FromHexString(hex), true, out var facts));
        Assert.Equal(isKey, facts.IsKeyFrame);
    }

    [Theory]
    [InlineData("78FFFF67")]
    [InlineData("7C")]
    [InlineData("")]
    public void H264_broken_payloads_are_refused(string hex) => Assert.False(H264Payload.TryRead(Convert.FromHexString(hex), true, out _));

    [Fact]
    public void Av1_starts_at_a_new_sequence()
    {
        Assert.True(Av1Payload.TryRead([0x18, 0x0A], false, out var key));
        Assert.True(key.IsKeyFrame);
        Assert.True(Av1Payload.TryRead([0x90, 0x0A], true, out var rest));
        Assert.True(!rest.IsKeyFrame && rest.IsFrameEnd);
        Assert.False(Av1Payload.TryRead([0x88], true, out _));
    }
}
