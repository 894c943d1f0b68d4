using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>
/// One accepted media packet with everything read from it, so that forwarding it to many subscribers reads nothing twice.
/// Valid during the call that handles the packet.
/// </summary>
public ref struct IncomingPacket
{
    public RtpPacketView Rtp;

    public RtpHeaderExtensions Extensions;

    public PayloadFacts Facts;

    /// <summary>Widened sequence number within the layer.</summary>
    public long Sequence;

    /// <summary>The stream it came in.</summary>
    public IncomingLayer Source;

    /// <summary>Simulcast layer, 0 the lowest; 0 for a single stream, scalable or not.</summary>
    public int Layer;

    /// <summary>True when it is the newest of its layer; false when it fills a gap.</summary>
    public bool IsInOrder;

    /// <summary>When it arrived.</summary>
    public Instant Arrival;

    /// <summary>A packet of padding only, which the publisher sent to probe its own link: never forwarded.</summary>
    public readonly bool IsPaddingOnly => Rtp.PayloadLength == 0;
}
