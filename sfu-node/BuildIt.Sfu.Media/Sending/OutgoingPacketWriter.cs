using System.Buffers.Binary;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>What is rewritten in a packet on its way to one subscriber.</summary>
internal readonly struct Rewrite
{
    public required ushort Sequence { get; init; }

    public required uint Timestamp { get; init; }

    public required bool Marker { get; init; }

    public ushort PictureId { get; init; }

    public byte Tl0PictureIndex { get; init; }

    public uint ActiveTargets { get; init; }
}

/// <summary>
/// Writes packets of one outgoing stream: header and extensions by the subscriber's ids, then the payload with its descriptor rewritten.
/// Most packets carry only extensions that are the same each time; their header is copied from a template.
/// </summary>
internal sealed class OutgoingPacketWriter
{
    /// <summary>More than any header with its extensions grows by.</summary>
    public const int MaxOverhead = 128;

    private static readonly ExtensionKind[] PassedOn =
    [
        ExtensionKind.DependencyDescriptor, ExtensionKind.AbsoluteCaptureTime, ExtensionKind.VideoOrientation, ExtensionKind.PlayoutDelay,
        ExtensionKind.FrameMarking, ExtensionKind.AudioLevel,
    ];

    private readonly ExtensionMap _extensions;
    private readonly CodecKind _codec;
    private readonly bool _unwrapRed;
    private readonly byte[] _template;
    private readonly byte[] _mid;
    private readonly int _passedOnMask;
    private readonly int _templateTransportSequence;
    private readonly int _templateSendTime;

    public OutgoingPacketWriter(Ssrc ssrc, byte payloadType, CodecKind codec, ExtensionMap extensions, RtpIdentifier mid, bool unwrapRed = false)
    {
        Ssrc = ssrc;
        PayloadType = payloadType;
        _codec = codec;
        _unwrapRed = unwrapRed;
        _extensions = extensions;
        Span<byte> buffer = stackalloc byte[MaxOverhead];
        _mid = buffer[..mid.Write(buffer)].ToArray();
        foreach (var kind in PassedOn)
        {
            if (extensions.Has(kind))
                _passedOnMask |= 1 << (int)kind;
        }

        var writer = new RtpHeaderWriter(buffer, payloadType, false, default, default, ssrc, FixedNeedTwoByte);
        AddFixed(ref writer, out _templateSendTime, out _templateTransportSequence);
        _template = buffer[..writer.Finish()].ToArray();
    }

    public Ssrc Ssrc { get; }

    public byte PayloadType { get; }

    private bool FixedNeedTwoByte =>
        _extensions.IdOf(ExtensionKind.Mid) > 14 || _extensions.IdOf(ExtensionKind.TransportSequence) > 14
        || _extensions.IdOf(ExtensionKind.AbsoluteSendTime) > 14;

    /// <summary>Room to reserve for a packet made from <paramref name="source"/>.</summary>
    public static int Capacity(in RtpPacketView source) => source.Datagram.Length + MaxOverhead;

    /// <summary>
    /// Writes a packet made from <paramref name="source"/> and returns its length. A non-negative <paramref name="originalSequence"/>
    /// makes it a retransmission (RFC 4588 section 4).
    /// </summary>
    public int Write(
        in RtpPacketView source, in RtpHeaderExtensions found, in PayloadFacts facts, in Rewrite rewrite, int originalSequence,
        Span<byte> destination, out int transportSequenceOffset, out int sendTimeOffset)
    {
        var position = found.HasAny(_passedOnMask)
            ? WriteHeader(source, found, facts, rewrite, destination, out transportSequenceOffset, out sendTimeOffset)
            : WriteTemplate(rewrite, destination, out transportSequenceOffset, out sendTimeOffset);
        if (originalSequence >= 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[position..], (ushort)originalSequence);
            position += RtxPacket.HeaderLength;
        }

        var payload = source.Payload;
        if (_codec == CodecKind.Vp8)
        {
            position += Vp8Descriptor.Rewrite(payload, facts, rewrite.PictureId, rewrite.Tl0PictureIndex, destination[position..]);
            payload = payload[facts.DescriptorLength..];
            payload.CopyTo(destination[position..]);
        }
        else
        {
            if (_unwrapRed)
                payload = RedPayload.Primary(payload);
            payload.CopyTo(destination[position..]);
            if (_codec == CodecKind.Vp9)
                Vp9Descriptor.RewriteInPlace(destination[position..], facts, rewrite.PictureId, rewrite.Tl0PictureIndex);
        }

        return position + payload.Length;
    }

    /// <summary>Writes a packet without payload (RFC 3550 section 5.1 padding only when <paramref name="padding"/> is over 0).</summary>
    public int WriteEmpty(
        in Rewrite rewrite, byte padding, Span<byte> destination, out int transportSequenceOffset, out int sendTimeOffset)
    {
        var length = WriteTemplate(rewrite, destination, out transportSequenceOffset, out sendTimeOffset);
        return padding == 0 ? length : RtpHeaderWriter.AddPadding(destination, length, padding);
    }

    private int WriteTemplate(in Rewrite rewrite, Span<byte> destination, out int transportSequenceOffset, out int sendTimeOffset)
    {
        _template.CopyTo(destination);
        destination[1] = (byte)(PayloadType | (rewrite.Marker ? 0x80 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], rewrite.Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], rewrite.Timestamp);
        transportSequenceOffset = _templateTransportSequence;
        sendTimeOffset = _templateSendTime;
        return _template.Length;
    }

    private int WriteHeader(
        in RtpPacketView source, in RtpHeaderExtensions found, in PayloadFacts facts, in Rewrite rewrite,
        Span<byte> destination, out int transportSequenceOffset, out int sendTimeOffset)
    {
        var twoByte = FixedNeedTwoByte || PassedOnNeedTwoByte(source, found);
        var writer = new RtpHeaderWriter(
            destination, PayloadType, rewrite.Marker, new(rewrite.Sequence), new(rewrite.Timestamp), Ssrc, twoByte);
        AddFixed(ref writer, out sendTimeOffset, out transportSequenceOffset);
        Span<byte> descriptor = stackalloc byte[256];
        foreach (var kind in PassedOn)
        {
            if ((_passedOnMask & 1 << (int)kind) == 0 || !found.Has(kind))
                continue;
            scoped var data = found.DataOf(kind, source.Datagram);
            if (kind == ExtensionKind.DependencyDescriptor && facts.Has(PayloadFlags.DependencyDescriptor)
                && DependencyDescriptor.MaxRewrittenLength(data.Length) <= byte.MaxValue)
            {
                var length = DependencyDescriptor.Rewrite(data, facts, rewrite.PictureId, rewrite.ActiveTargets, descriptor);
                data = descriptor[..length];
            }

            writer.Add(_extensions.IdOf(kind), data);
        }

        return writer.Finish();
    }

    private bool PassedOnNeedTwoByte(in RtpPacketView source, in RtpHeaderExtensions found)
    {
        foreach (var kind in PassedOn)
        {
            if ((_passedOnMask & 1 << (int)kind) == 0 || !found.Has(kind))
                continue;
            var length = found.DataOf(kind, source.Datagram).Length;
            if (kind == ExtensionKind.DependencyDescriptor)
                length = DependencyDescriptor.MaxRewrittenLength(length);
            if (RtpHeaderWriter.NeedsTwoByte(_extensions.IdOf(kind), length))
                return true;
        }

        return false;
    }

    private void AddFixed(ref RtpHeaderWriter writer, out int sendTimeOffset, out int transportSequenceOffset)
    {
        sendTimeOffset = _extensions.Has(ExtensionKind.AbsoluteSendTime) ? writer.Add(_extensions.IdOf(ExtensionKind.AbsoluteSendTime), 3) : 0;
        transportSequenceOffset = _extensions.Has(ExtensionKind.TransportSequence)
            ? writer.Add(_extensions.IdOf(ExtensionKind.TransportSequence), 2)
            : 0;
        if (_extensions.Has(ExtensionKind.Mid) && _mid.Length > 0)
            writer.Add(_extensions.IdOf(ExtensionKind.Mid), _mid);
    }
}
