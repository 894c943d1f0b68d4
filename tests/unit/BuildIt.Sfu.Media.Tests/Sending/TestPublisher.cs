using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Sending;

/// <summary>
/// A publisher of VP8 simulcast with three temporal layers in libvpx's pattern (0 2 1 2), in virtual time. Each layer has its own random
/// starting points; each frame's payload names its frame and packet, so that receivers can tell what they got.
/// </summary>
internal sealed class TestPublisher
{
    public const int ClockRate = 90_000;
    public const byte PayloadType = 96;
    public const byte RtxPayloadType = 97;
    public const uint FirstSsrc = 0x1000;

    private readonly Layer[] _layers;
    private int _frame;

    public TestPublisher(int layers, Random random)
    {
        _layers = new Layer[layers];
        for (var i = 0; i < layers; i++)
        {
            _layers[i] = new Layer
            {
                Sequence = (ushort)random.Next(65536),
                TimestampBase = (uint)random.NextInt64(1L << 32),
                PictureId = (ushort)random.Next(32768),
                Tl0PictureIndex = (byte)random.Next(256),
                KeyFrameWanted = true,
            };
        }

        Track = new IncomingTrack(
            new IncomingTrackOptions
            {
                Codec = CodecKind.Vp8,
                ClockRate = ClockRate,
                PayloadType = PayloadType,
                RtxPayloadType = RtxPayloadType,
                Nack = true,
            },
            Extensions)
        { IsSimulcast = layers > 1 };
    }

    public ExtensionMap Extensions { get; } = new();

    public IncomingTrack Track { get; }

    /// <summary>Publisher's NTP time at instant zero, so that layers can be aligned.</summary>
    public static readonly NtpTime NtpAtZero = new(0xE000_0000_0000_0000);

    public void WantKeyFrame(int layer) => _layers[layer].KeyFrameWanted = true;

    /// <summary>The packets of the next picture on every layer: (layer, bytes).</summary>
    public List<(int Layer, byte[] Bytes)> NextPicture(Instant now)
    {
        var packets = new List<(int, byte[])>();
        ReadOnlySpan<byte> pattern = [0, 2, 1, 2];
        for (var index = 0; index < _layers.Length; index++)
        {
            var layer = _layers[index];
            var isKey = layer.KeyFrameWanted;
            if (isKey)
                layer.PatternPosition = 0;
            layer.KeyFrameWanted = false;
            var temporal = pattern[layer.PatternPosition % 4];
            // In libvpx's pattern the first frame of each higher layer needs the base layer only.
            var sync = temporal > 0 && layer.PatternPosition % 4 <= 2;
            layer.PatternPosition++;
            layer.PictureId = (ushort)(layer.PictureId + 1 & 0x7FFF);
            if (temporal == 0)
                layer.Tl0PictureIndex++;
            var count = 1 + index + (isKey ? 2 : 0);
            var timestamp = layer.TimestampBase + (uint)(now.Microseconds * 9 / 100);
            for (var part = 0; part < count; part++)
            {
                var bytes = new byte[12 + 6 + 20];
                var writer = new RtpHeaderWriter(
                    bytes, PayloadType, part == count - 1, new(layer.Sequence++), new(timestamp), new(FirstSsrc + (uint)index));
                var position = writer.Finish();
                bytes[position] = (byte)(0x80 | (part == 0 ? 0x10 : 0));
                bytes[position + 1] = 0xE0;
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(position + 2), (ushort)(layer.PictureId | 0x8000));
                bytes[position + 4] = layer.Tl0PictureIndex;
                bytes[position + 5] = (byte)(temporal << 6 | (sync ? 0x20 : 0));
                bytes[position + 6] = (byte)(part == 0 && isKey ? 0 : 1);
                bytes[position + 7] = (byte)index;
                BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(position + 8), _frame);
                bytes[position + 12] = (byte)part;
                bytes[position + 13] = (byte)count;
                bytes[position + 14] = temporal;
                packets.Add((index, bytes));
            }
        }

        _frame++;
        return packets;
    }

    /// <summary>Delivers sender reports of all layers that were seen.</summary>
    public void Report(Instant now)
    {
        for (var index = 0; index < _layers.Length; index++)
        {
            var timestamp = _layers[index].TimestampBase + (uint)(now.Microseconds * 9 / 100);
            Track.Layer(index)?.HandleSenderReport(
                new SenderInfo(new(FirstSsrc + (uint)index), NtpAtZero + (now - Instant.Zero), new(timestamp), 0, 0), now);
        }
    }

    private sealed class Layer
    {
        public ushort Sequence;
        public uint TimestampBase;
        public ushort PictureId;
        public byte Tl0PictureIndex;
        public int PatternPosition;
        public bool KeyFrameWanted;
    }
}
