using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Codecs;

/// <summary>
/// Reads what forwarding needs of each packet of one incoming stream. Holds the stream's dependency structure between packets.
/// Used on one loop.
/// </summary>
public sealed class PayloadInspector(CodecKind codec)
{
    private DependencyStructure? _structure;
    private uint _activeTargets = uint.MaxValue;

    public CodecKind Codec { get; } = codec;

    /// <summary>
    /// Reads <paramref name="packet"/>. False when its descriptor is malformed or refers to a dependency structure that has not arrived:
    /// the packet cannot be forwarded, and a key frame is needed.
    /// </summary>
    public bool TryInspect(in RtpPacketView packet, in RtpHeaderExtensions extensions, out PayloadFacts facts)
    {
        switch (Codec)
        {
            case CodecKind.Vp8:
                return Vp8Descriptor.TryRead(packet.Payload, packet.Marker, out facts);
            case CodecKind.Vp9:
                return Vp9Descriptor.TryRead(packet.Payload, out facts);
            case CodecKind.H264:
                return H264Payload.TryRead(packet.Payload, packet.Marker, out facts);
            case CodecKind.Av1:
                if (!Av1Payload.TryRead(packet.Payload, packet.Marker, out facts))
                    return false;
                return !extensions.Has(ExtensionKind.DependencyDescriptor)
                    || DependencyDescriptor.TryRead(
                        extensions.DataOf(ExtensionKind.DependencyDescriptor, packet.Datagram), ref _structure, ref _activeTargets, ref facts);
            default:
                facts = default;
                facts.Flags = PayloadFlags.FrameStart | PayloadFlags.FrameEnd;
                return true;
        }
    }
}
