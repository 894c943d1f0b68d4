using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>RTP packets of an authenticated but hostile publisher: header, extensions, retransmissions, descriptors of every codec.</summary>
internal sealed class RtpTarget : IFuzzTarget
{
    // Ids of the one-byte and of the two-byte form.
    private static readonly ExtensionMap Map = MakeMap();

    private static readonly CodecKind[] Codecs = Enum.GetValues<CodecKind>();

    private readonly byte[] _scratch = new byte[4096];

    public string Name => "rtp";

    public int MaxLength => 400;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            // First byte: which codec reads it, and whether a second packet follows (AV1 structures outlive their packet).
            foreach (var codec in Codecs)
            {
                foreach (var payload in Payloads(codec))
                {
                    yield return [(byte)codec, .. Packet(payload, twoByte: false)];
                    yield return [(byte)codec, .. Packet(payload, twoByte: true)];
                }
            }
        }
    }

    public IReadOnlyList<byte[]> Dictionary { get; } =
        [[0xBE, 0xDE], [0x10, 0x00], [0x90], [0x80, 0x80], [0x9D, 0x01, 0x2A], [0x78, 0x67], [0x7C, 0x85], [0x80, 0x02, 0x80]];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var inspector = new PayloadInspector(Codecs[input[0] % Codecs.Length]);
        var rest = input[1..];

        // With the top bit set the input is two packets of one stream, so that what the first leaves behind meets the second.
        if ((input[0] & 0x80) != 0 && rest.Length > 1)
        {
            var first = Math.Min((int)rest[0], rest.Length - 1);
            Check(rest.Slice(1, first), inspector);
            rest = rest[(1 + first)..];
        }

        Check(rest, inspector);
    }

    private void Check(ReadOnlySpan<byte> datagram, PayloadInspector inspector)
    {
        if (!RtpPacketView.TryParse(datagram, out var packet))
        {
            return;
        }

        Property.Holds(packet.HeaderLength + packet.PayloadLength + packet.PaddingLength == datagram.Length, "header, payload and padding are the packet");
        Property.Holds(packet.PayloadLength >= 0 && packet.PaddingLength is >= 0 and <= 255, "lengths are in range");
        CheckExtensions(datagram, packet);
        var extensions = RtpHeaderExtensions.Read(packet, Map);
        _ = extensions.TryGetTransportSequence(datagram, out _);
        if (extensions.TryGetAudioLevel(datagram, out var level, out _))
        {
            Property.Holds(level <= 127, "an audio level has seven bits");
        }

        foreach (var kind in (ReadOnlySpan<ExtensionKind>)[ExtensionKind.Mid, ExtensionKind.Rid, ExtensionKind.RepairedRid])
        {
            var data = extensions.DataOf(kind, datagram);
            if (RtpIdentifier.TryRead(data, out var identifier))
            {
                var written = identifier.Write(_scratch);
                Property.Holds(_scratch.AsSpan(0, written).SequenceEqual(data), "an identifier is written as it was read");
            }
        }

        CheckPayload(packet, extensions, inspector);
    }

    /// <summary>The elements that were read, written again, have to be read alike.</summary>
    private void CheckExtensions(ReadOnlySpan<byte> datagram, in RtpPacketView packet)
    {
        var total = 0;
        var twoByte = false;
        for (var reader = packet.Extensions; reader.MoveNext();)
        {
            Property.Holds(reader.Offset >= packet.ExtensionOffset && reader.Offset + reader.Length <= packet.HeaderLength, "an element lies inside the header");
            Property.Holds(reader.Id != 0, "padding is no element");
            twoByte |= RtpHeaderWriter.NeedsTwoByte(reader.Id, reader.Length);
            total += 2 + reader.Length;
        }

        Property.Holds(total <= 2 * datagram.Length, "elements are no longer than the packet");
        var writer = new RtpHeaderWriter(
            _scratch, packet.PayloadType, packet.Marker, packet.SequenceNumber, packet.Timestamp, packet.Ssrc, twoByte);
        for (var reader = packet.Extensions; reader.MoveNext();)
        {
            writer.Add(reader.Id, reader.Data);
        }

        var length = writer.Finish();
        Property.Holds(RtpPacketView.TryParse(_scratch.AsSpan(0, length), out var again), "what is written parses");
        Property.Holds(
            again.Marker == packet.Marker && again.PayloadType == packet.PayloadType && again.SequenceNumber == packet.SequenceNumber
                && again.Timestamp == packet.Timestamp && again.Ssrc == packet.Ssrc && again.PayloadLength == 0,
            "the fixed header survives");
        var copy = again.Extensions;
        for (var reader = packet.Extensions; reader.MoveNext();)
        {
            Property.Holds(copy.MoveNext() && copy.Id == reader.Id && copy.Data.SequenceEqual(reader.Data), "every extension element survives");
        }

        Property.Holds(!copy.MoveNext(), "no extension element is made up");
    }

    private void CheckPayload(in RtpPacketView packet, in RtpHeaderExtensions extensions, PayloadInspector inspector)
    {
        if (!inspector.TryInspect(packet, extensions, out var facts))
        {
            return;
        }

        Property.Holds(facts.DescriptorLength <= packet.PayloadLength, "a descriptor lies inside the payload");
        for (var target = 0; target < 32; target++)
        {
            _ = facts.IndicationFor(target);
        }

        if (inspector.Codec == CodecKind.Red)
        {
            var primary = RedPayload.Primary(packet.Payload);
            Property.Holds(primary.IsEmpty || packet.Payload[^primary.Length..].SequenceEqual(primary), "the newest block is the end of the payload");
        }
        else if (inspector.Codec == CodecKind.Vp8)
        {
            var length = Vp8Descriptor.Rewrite(packet.Payload, facts, 0x1234, 0x56, _scratch);
            Property.Holds(length <= Vp8Descriptor.MaxLength, "a rewritten VP8 descriptor keeps to its maximum");
            packet.Payload[facts.DescriptorLength..].CopyTo(_scratch.AsSpan(length));
            var rewritten = _scratch.AsSpan(0, length + packet.PayloadLength - facts.DescriptorLength);
            Property.Holds(Vp8Descriptor.TryRead(rewritten, packet.Marker, out var again), "a rewritten VP8 descriptor parses");
            Property.Holds(again.DescriptorLength == length, "a rewritten VP8 descriptor is as long as it says");
            Property.Holds(again.TemporalLayer == facts.TemporalLayer && again.IsKeyFrame == facts.IsKeyFrame, "VP8 layer and key frame survive");
            Property.Holds(!facts.Has(PayloadFlags.PictureId) || again.PictureId == 0x1234, "the new VP8 picture id is read");
            Property.Holds(!facts.Has(PayloadFlags.Tl0PictureIndex) || again.Tl0PictureIndex == 0x56, "the new TL0PICIDX is read");
        }
        else if (inspector.Codec == CodecKind.Vp9)
        {
            var payload = _scratch.AsSpan(0, packet.PayloadLength);
            packet.Payload.CopyTo(payload);
            Vp9Descriptor.RewriteInPlace(payload, facts, 0x0034, 0x56);
            Property.Holds(Vp9Descriptor.TryRead(payload, out var again), "a rewritten VP9 descriptor parses");
            Property.Holds(
                again.Flags == facts.Flags && again.SpatialLayer == facts.SpatialLayer && again.TemporalLayer == facts.TemporalLayer
                    && again.DescriptorLength == facts.DescriptorLength,
                "all but the rewritten fields of VP9 survive");
            Property.Holds(!facts.Has(PayloadFlags.PictureId) || again.PictureId == 0x34, "the new VP9 picture id is read");
        }
    }

    private static ExtensionMap MakeMap()
    {
        var map = new ExtensionMap();
        byte id = 1;
        foreach (var kind in Enum.GetValues<ExtensionKind>())
        {
            map.TryAdd(id++, kind);
        }

        return map;
    }

    private static byte[] Packet(byte[] payload, bool twoByte)
    {
        var packet = new byte[512];
        var writer = new RtpHeaderWriter(packet, 96, true, new SequenceNumber(65000), new RtpTimestamp(90000), new Ssrc(0xCAFE), twoByte);
        foreach (var kind in Enum.GetValues<ExtensionKind>())
        {
            if (kind == ExtensionKind.DependencyDescriptor)
            {
                // Start and end of frame, template 0, frame 1, with the structure of L1T2 (AV1 RTP specification, appendix A).
                writer.Add(Map.IdOf(kind), [0xC0, 0x00, 0x01, 0x80, 0x00, 0x01, 0x1E, 0xA8, 0x51, 0x41, 0x01, 0x0C]);
            }
            else if (Map.Has(kind))
            {
                writer.Add(Map.IdOf(kind), kind == ExtensionKind.Mid ? "0"u8 : [0x8A, 1, 2]);
            }
        }

        var length = writer.Finish();
        payload.CopyTo(packet, length);
        return packet[..(length + payload.Length)];
    }

    private static IEnumerable<byte[]> Payloads(CodecKind codec) => codec switch
    {
        CodecKind.Vp8 => [[0x90, 0xF0, 0x81, 0x23, 0x07, 0x60, 0x10, 0x00, 0x00, 0x9D, 0x01, 0x2A], [0x10, 0x01, 0x02], [0x90, 0x80, 0x11, 0x01]],
        CodecKind.Vp9 => [[0xAA, 0x81, 0x23, 0x08, 0x05, 0x39, 0x01, 0x40, 0x00, 0xF0, 0x02, 0x80, 0x01, 0x68, 0x00, 0x60], [0xF8, 0x81, 0x23, 0x20, 0x03, 0x04]],
        CodecKind.H264 => [[0x67, 0x42, 0xE0, 0x1F], [0x78, 0x00, 0x04, 0x67, 0x42, 0xE0, 0x1F, 0x00, 0x02, 0x68, 0xCE], [0x7C, 0x85, 0x88], [0x65, 0x88]],
        CodecKind.Red => [[0xEF, 0x0F, 0x00, 0x03, 0x6F, 1, 2, 3, 4, 5], [0x6F, 1, 2]],
        CodecKind.Av1 => [[0x18, 0x0A, 0x0B, 0x00], [0x90, 0x01, 0x02]],
        _ => [[0x78, 0x01, 0x02]],
    };
}
