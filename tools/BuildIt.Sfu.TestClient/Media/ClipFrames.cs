using System.Buffers.Binary;
using BuildIt.Sfu.TestClient.Clips;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>Recognises the frames of the built-in clips by length and last bytes, so that damage on the way shows.</summary>
internal static class ClipFrames
{
    private static readonly HashSet<(int Length, ulong End)> Known =
        [.. Clip.Camera.SelectMany(clip => clip.Frames).Select(frame => (frame.Length, EndOfFrame(frame.Span)))];

    public static bool Contains(int length, ulong end) => Known.Contains((length, end));

    /// <summary>The last eight bytes of a packet's data.</summary>
    public static ulong EndOf(ReadOnlySpan<byte> data) => data.Length >= 8 ? BinaryPrimitives.ReadUInt64BigEndian(data[^8..]) : (ulong)data.Length;

    private static ulong EndOfFrame(ReadOnlySpan<byte> frame)
    {
        // The last packet of the frame decides, as it does at the receiver.
        var count = Vp8Packetizer.CountPackets(frame.Length);
        return EndOf(frame[(int)((long)frame.Length * (count - 1) / count)..]);
    }
}
