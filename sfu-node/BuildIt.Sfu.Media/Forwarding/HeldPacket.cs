using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>An accepted packet in memory of its own, for the short time until it is forwarded. Reused; used on one loop.</summary>
internal sealed class HeldPacket
{
    /// <summary>Longer ones come over TCP only, and seldom: they are not held.</summary>
    public const int MaxLength = 2048;

    private readonly byte[] _bytes = new byte[MaxLength];
    private int _length;
    private RtpHeaderExtensions _extensions;
    private PayloadFacts _facts;
    private IncomingLayer _source = null!;
    private long _sequence;
    private Instant _arrival;
    private bool _isInOrder;

    /// <summary>The stream it belongs to; null once it is forwarded.</summary>
    public PublicationEncoding? Encoding { get; private set; }

    public void Hold(PublicationEncoding encoding, in IncomingPacket packet)
    {
        Encoding = encoding;
        packet.Rtp.Datagram.CopyTo(_bytes);
        _length = packet.Rtp.Datagram.Length;
        _extensions = packet.Extensions;
        _facts = packet.Facts;
        _source = packet.Source;
        _sequence = packet.Sequence;
        _arrival = packet.Arrival;
        _isInOrder = packet.IsInOrder;
    }

    /// <summary>The simulcast layer it is of.</summary>
    public int Layer => _source.Index;

    /// <summary>The packet as it was when it was accepted, valid until the next <see cref="Hold"/>.</summary>
    public IncomingPacket Open()
    {
        // It was parsed before, so this cannot fail.
        RtpPacketView.TryParse(_bytes.AsSpan(0, _length), out var view);
        return new IncomingPacket
        {
            Rtp = view,
            Extensions = _extensions,
            Facts = _facts,
            Sequence = _sequence,
            Source = _source,
            Layer = _source.Index,
            IsInOrder = _isInOrder,
            Arrival = _arrival,
        };
    }

    public void Release() => Encoding = null;

    /// <summary>False when <paramref name="track"/> can tell at a glance that it has no use for the packet.</summary>
    public bool MayConcern(DownTrack track) => track.MayConcern(_source.Index, _isInOrder, _facts.IsKeyFrame);
}
