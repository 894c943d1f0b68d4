using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>
/// One outgoing stream of a model client: VP8 frames of a given rate whose payload names layer, frame and part, or Opus packets.
/// Answers NACKs over a repair stream (RFC 4588), for sound with the same packet again.
/// </summary>
internal sealed class ModelSource
{
    public const byte Vp8 = 96;
    public const byte OtherVp8 = 98;
    public const byte Opus = 111;
    public const byte Red = 63;
    public const byte Pcmu = 0;
    public const byte MidId = 4;
    public const byte RidId = 10;
    public const byte RepairedRidId = 11;
    public const byte TransportId = 3;
    private const int MaxPayload = 1000;
    private const int Remembered = 1024;

    private readonly Random _random;
    private const int CopyLength = 8;

    private readonly byte[] _mid;
    private readonly byte[] _rid;
    private readonly int _layer;
    private readonly DataRate _rate;
    private readonly TimeSpan _interval;
    private readonly byte[]?[] _sent = new byte[Remembered][];
    private ushort _sequence;
    private ushort _repairSequence;
    private readonly uint _timestampBase;
    private ushort _picture;
    private Instant _next;
    private int _frame;
    private bool _keyFrameWanted = true;

    public ModelSource(string mid, string rid, int layer, DataRate rate, double framesPerSecond, int seed, Instant start)
    {
        _random = new Random(seed);
        Mid = mid;
        _mid = System.Text.Encoding.ASCII.GetBytes(mid);
        _rid = System.Text.Encoding.ASCII.GetBytes(rid);
        _layer = layer;
        _rate = rate;
        _interval = TimeSpan.FromSeconds(1 / framesPerSecond);
        _sequence = (ushort)_random.Next(0x8000);
        _picture = (ushort)_random.Next(0x8000);
        _timestampBase = (uint)_random.NextInt64(1L << 32);
        _next = start;
        Ssrc = new Ssrc((uint)_random.NextInt64(1, 1L << 32));
        RepairSsrc = new Ssrc((uint)_random.NextInt64(1, 1L << 32));
    }

    public Ssrc Ssrc { get; }

    public Ssrc RepairSsrc { get; }

    public string Mid { get; }

    public bool IsAudio => _layer < 0;

    /// <summary>Of the video it sends; the one above it is that of its repairs.</summary>
    public byte VideoType { get; set; } = Vp8;

    /// <summary>Whether each sound goes out behind a copy of the one before (RFC 2198).</summary>
    public bool IsRed { get; set; }

    /// <summary>Whether sound goes out as telephones send it.</summary>
    public bool IsTelephone { get; set; }

    /// <summary>False while the node says that nobody watches.</summary>
    public bool IsActive { get; set; } = true;

    public long Bytes { get; private set; }

    public long Repaired { get; private set; }

    public long KeyFrames { get; private set; }

    /// <summary>Times that a key frame was asked for.</summary>
    public int KeyFrameRequests { get; private set; }

    public void WantKeyFrame()
    {
        KeyFrameRequests++;
        _keyFrameWanted = true;
    }

    public void Play(Instant now, ref ushort transportSequence, Action<byte[]> send)
    {
        if (now >= _next)
        {
            // A camera does not make up for frames of the time before it was switched on.
            _next = Instant.Max(_next + _interval, now);
            if (!IsActive)
            {
                return;
            }

            var key = _keyFrameWanted && !IsAudio;
            _keyFrameWanted = false;
            KeyFrames += key ? 1 : 0;
            var size = Math.Max(40, (int)(_rate.BitsPerSecond / 8 * _interval.TotalSeconds * (IsAudio ? 1 : 0.8 + 0.4 * _random.NextDouble()) * (key ? 3 : 1)));
            var parts = IsAudio ? 1 : (size + MaxPayload - 1) / MaxPayload;
            _picture = (ushort)(_picture + 1 & 0x7FFF);
            for (var part = 0; part < parts; part++)
            {
                var packet = Packet(part, parts, key, size / parts, Timestamp(now), ref transportSequence);
                _sent[_sequence % Remembered] = packet;
                _sequence++;
                Bytes += packet.Length;
                send(packet);
            }

            _frame++;
        }
    }

    public void Repair(SequenceNumber wanted, ref ushort transportSequence, Action<byte[]> send)
    {
        if (_sent[wanted.Value % Remembered] is not { } kept || !RtpPacketView.TryParse(kept, out var packet) || packet.SequenceNumber != wanted)
        {
            return;
        }

        Repaired++;
        if (IsAudio)
        {
            send(kept);
            return;
        }

        var bytes = new byte[kept.Length + 16];
        var writer = new RtpHeaderWriter(bytes, (byte)(packet.PayloadType + 1), packet.Marker, new(_repairSequence++), packet.Timestamp, RepairSsrc);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(writer.Add(TransportId, 2)), transportSequence++);
        writer.Add(MidId, _mid);
        writer.Add(RepairedRidId, _rid);
        var position = writer.Finish();
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(position), wanted.Value);
        packet.Payload.CopyTo(bytes.AsSpan(position + 2));
        send(bytes[..(position + 2 + packet.PayloadLength)]);
    }

    public RtpTimestamp Timestamp(Instant now) => new(_timestampBase + (uint)(now.Microseconds * (IsAudio ? 48 : 90) / 1000));

    private byte[] Packet(int part, int parts, bool key, int size, RtpTimestamp timestamp, ref ushort transportSequence)
    {
        var bytes = new byte[size + 80];
        var writer = new RtpHeaderWriter(bytes, IsAudio ? IsTelephone ? Pcmu : IsRed ? Red : Opus : VideoType, IsAudio || part == parts - 1, new(_sequence), timestamp, Ssrc);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(writer.Add(TransportId, 2)), transportSequence++);
        writer.Add(MidId, _mid);
        if (!IsAudio)
        {
            writer.Add(RidId, _rid);
        }

        var position = writer.Finish();
        if (IsAudio)
        {
            var sound = position;
            if (IsRed)
            {
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(position), (0x80u | Opus) << 24 | 960 << 10 | CopyLength);
                bytes[position + 4] = Opus;
                sound += 5 + CopyLength;
            }

            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(sound), _frame);
        }
        else
        {
            // RFC 7741 section 4.2: X and I, start of partition in the first packet, a 15-bit picture id.
            bytes[position] = (byte)(0x80 | (part == 0 ? 0x10 : 0));
            bytes[position + 1] = 0x80;
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(position + 2), (ushort)(_picture | 0x8000));
            bytes[position + 4] = (byte)(part == 0 && key ? 0 : 1);
            bytes[position + 5] = (byte)_layer;
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(position + 6), _frame);
            bytes[position + 10] = (byte)part;
            bytes[position + 11] = (byte)parts;
        }

        return bytes[..(position + size)];
    }
}
