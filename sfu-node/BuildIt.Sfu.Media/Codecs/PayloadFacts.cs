namespace BuildIt.Sfu.Media.Codecs;

/// <summary>Yes-or-no facts about one media packet.</summary>
[Flags]
public enum PayloadFlags : ushort
{
    None = 0,

    /// <summary>First packet of a frame (of one spatial layer where the codec has several in a picture).</summary>
    FrameStart = 1,

    /// <summary>Last packet of a frame (of one spatial layer where the codec has several in a picture).</summary>
    FrameEnd = 2,

    /// <summary>First packet of a frame at which decoding can start.</summary>
    KeyFrame = 4,

    /// <summary>
    /// VP8 (Y bit): this frame needs only the base temporal layer, so its layer may be taken from here on.
    /// VP9 (U bit): temporal layers above this frame's may be taken after it.
    /// </summary>
    SwitchingUpPoint = 8,

    /// <summary><see cref="PayloadFacts.PictureId"/> is present.</summary>
    PictureId = 16,

    /// <summary>The picture id has 15 (else 7) bits.</summary>
    LongPictureId = 32,

    /// <summary><see cref="PayloadFacts.Tl0PictureIndex"/> is present.</summary>
    Tl0PictureIndex = 64,

    /// <summary>The layers of the packet are known; without it the packet belongs to every layer.</summary>
    Layers = 128,

    /// <summary>A dependency descriptor was read: <see cref="PayloadFacts.Structure"/> and the decode target indications are valid.</summary>
    DependencyDescriptor = 256,

    /// <summary>The dependency descriptor carries its template structure.</summary>
    TemplateStructure = 512,

    /// <summary>The dependency descriptor carries a mask of active decode targets.</summary>
    ActiveDecodeTargets = 1024,
}

/// <summary>
/// What forwarding needs to know of one packet's payload, read once from the clear descriptor (never from what end-to-end encryption hides)
/// and kept beside the packet for retransmissions.
/// </summary>
public struct PayloadFacts
{
    public PayloadFlags Flags;

    /// <summary>0 is the base layer.</summary>
    public byte SpatialLayer;

    /// <summary>0 is the base layer.</summary>
    public byte TemporalLayer;

    /// <summary>Bytes of payload descriptor before the codec's own data.</summary>
    public byte DescriptorLength;

    public byte Tl0PictureIndex;

    /// <summary>Picture id of VP8 and VP9, frame number of a dependency descriptor.</summary>
    public ushort PictureId;

    /// <summary>Where the active decode target mask is, or would go, in the dependency descriptor; in bits.</summary>
    public ushort ActiveMaskBit;

    /// <summary>Decode targets the publisher currently produces, bit by decode target.</summary>
    public uint ActiveDecodeTargets;

    /// <summary>Two bits by decode target, the first in the lowest bits; see <see cref="DecodeTargetIndication"/>.</summary>
    public ulong DecodeTargetIndications;

    /// <summary>Structure that the dependency descriptor refers to.</summary>
    public DependencyStructure? Structure;

    public readonly bool Has(PayloadFlags flag) => (Flags & flag) != 0;

    public readonly bool IsFrameStart => (Flags & PayloadFlags.FrameStart) != 0;

    public readonly bool IsFrameEnd => (Flags & PayloadFlags.FrameEnd) != 0;

    public readonly bool IsKeyFrame => (Flags & PayloadFlags.KeyFrame) != 0;

    /// <summary>What the packet is to <paramref name="decodeTarget"/> (0 to 31).</summary>
    public readonly DecodeTargetIndication IndicationFor(int decodeTarget) =>
        (DecodeTargetIndication)(DecodeTargetIndications >> 2 * decodeTarget & 3);
}
