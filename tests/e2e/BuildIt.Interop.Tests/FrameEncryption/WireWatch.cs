using System.Buffers.Binary;
using System.Security.Cryptography;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient.FrameEncryption;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>
/// All media that the node has of others, out of SRTP: how many frames each of them sealed, and what is none of those. Not whether some
/// known bytes are among it, but that nothing is except what members sealed.
/// </summary>
/// <param name="whose">Who sealed a frame; null when nobody did. Called on the media loop.</param>
internal sealed class WireWatch(WireWatch.Judge whose)
{
    /// <summary>The name for all members together, where they cannot be told apart.</summary>
    public const string Anybody = "anybody";

    private const byte Opus = 111;
    private const byte Red = 63;
    private const byte Vp8 = 96;
    private const byte Vp8Repair = 97;

    private readonly Dictionary<string, int> _sealed = [];
    private readonly Dictionary<uint, Picture> _pictures = [];
    private readonly List<string> _clear = [];
    private readonly Lock _lock = new();

    /// <summary>Says who sealed a frame, or null.</summary>
    public delegate string? Judge(TrackSource source, ReadOnlySpan<byte> frame);

    /// <summary>What was none of a member's frames, described.</summary>
    public IReadOnlyList<string> Clear
    {
        get
        {
            lock (_lock)
            {
                return [.. _clear];
            }
        }
    }

    /// <summary>Takes for sealed what opens with the key of a member, by name.</summary>
    public static WireWatch OfKeys(IReadOnlyDictionary<string, byte[]> keys) => new((source, frame) =>
    {
        foreach (var (member, key) in keys)
        {
            using var cipher = new AesGcm(key, ConferenceFrame.TagLength);
            if (ConferenceFrame.Open(cipher, source, frame) is not null)
            {
                return member;
            }
        }

        return null;
    });

    /// <summary>
    /// Takes for sealed what has the form of a sealed frame and names this epoch, where the keys are the members' alone: six bytes that no
    /// encoder writes by accident.
    /// </summary>
    public static WireWatch OfEpoch(uint epoch) => new((source, frame) =>
        frame.Length >= ConferenceFrame.Overhead && frame[^1] == 1 && frame[^2] == ClearBytes(source, frame[0]) && BinaryPrimitives.ReadUInt32BigEndian(frame[frame[^2]..]) == epoch
            ? Anybody
            : null);

    /// <summary>How many frames of somebody have come.</summary>
    public int Sealed(string member)
    {
        lock (_lock)
        {
            return _sealed.GetValueOrDefault(member);
        }
    }

    /// <summary>Takes a packet. Called on the media loop.</summary>
    public void Add(ReadOnlySpan<byte> packet)
    {
        // Padding alone measures what the way carries; it is nobody's media.
        if (!RtpPacketView.TryParse(packet, out var view) || view.PayloadLength == 0 || view.PayloadType == Vp8Repair)
        {
            return;
        }

        lock (_lock)
        {
            switch (view.PayloadType)
            {
                case Opus or Red:
                    Count(TrackSource.Microphone, view.Payload, view.PayloadType);
                    break;
                case Vp8:
                    AddPicture(view);
                    break;
                default:
                    _clear.Add($"{view.PayloadLength} bytes of type {view.PayloadType}");
                    break;
            }
        }
    }

    private void AddPicture(in RtpPacketView view)
    {
        if (!Vp8Descriptor.TryRead(view.Payload, view.Marker, out var facts))
        {
            _clear.Add($"{view.PayloadLength} bytes that are no VP8");
            return;
        }

        if (!_pictures.TryGetValue(view.Ssrc.Value, out var picture))
        {
            _pictures[view.Ssrc.Value] = picture = new Picture();
        }

        if (facts.Has(PayloadFlags.FrameStart))
        {
            picture.Bytes.SetLength(0);
            picture.IsWhole = true;
        }
        else if (view.SequenceNumber.Value != (ushort)(picture.Last + 1))
        {
            // Something was lost, or comes in another order: it cannot be told what this frame is.
            picture.IsWhole = false;
        }

        picture.Last = view.SequenceNumber.Value;
        picture.Bytes.Write(view.Payload[facts.DescriptorLength..]);
        if (picture.IsWhole && facts.Has(PayloadFlags.FrameEnd))
        {
            Count(TrackSource.Camera, picture.Bytes.ToArray(), view.PayloadType);
            picture.IsWhole = false;
        }
    }

    // RFC 7741 section 4.3: the first bit of a VP8 frame is 0 in a key frame.
    private static int ClearBytes(TrackSource source, byte first) =>
        ConferenceFrame.ClearBytes(source is TrackSource.Microphone ? FrameKind.Opus : (first & 1) == 0 ? FrameKind.Vp8Key : FrameKind.Vp8Delta);

    private void Count(TrackSource source, ReadOnlySpan<byte> frame, byte payloadType)
    {
        if (whose(source, frame) is { } member)
        {
            _sealed[member] = _sealed.GetValueOrDefault(member) + 1;
        }
        else
        {
            _clear.Add($"a frame of {frame.Length} bytes, type {payloadType}");
        }
    }

    /// <summary>A frame of a picture as far as it has come.</summary>
    private sealed class Picture
    {
        public MemoryStream Bytes { get; } = new();

        public ushort Last { get; set; }

        public bool IsWhole { get; set; }
    }
}
