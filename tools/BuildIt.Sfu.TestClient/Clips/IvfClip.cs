using System.Buffers.Binary;

namespace BuildIt.Sfu.TestClient.Clips;

/// <summary>A short loop of encoded video frames, read whole from an IVF file.</summary>
public sealed class IvfClip
{
    private const int FileHeaderLength = 32;
    private const int FrameHeaderLength = 12;

    private IvfClip(int width, int height, double framesPerSecond, IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        Width = width;
        Height = height;
        FramesPerSecond = framesPerSecond;
        Frames = frames;
    }

    public int Width { get; }

    public int Height { get; }

    public double FramesPerSecond { get; }

    /// <summary>Frames in order; the first is a key frame, so that the loop can start again at any time.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Frames { get; }

    /// <exception cref="InvalidDataException">The bytes are not a VP8 IVF file that starts with a key frame.</exception>
    public static IvfClip Parse(ReadOnlyMemory<byte> file)
    {
        var span = file.Span;
        if (span.Length < FileHeaderLength || !span.StartsWith("DKIF"u8) || !span[8..12].SequenceEqual("VP80"u8))
        {
            throw new InvalidDataException("Not an IVF file with VP8 video.");
        }

        var frames = new List<ReadOnlyMemory<byte>>();
        for (var at = (int)BinaryPrimitives.ReadUInt16LittleEndian(span[6..]); at + FrameHeaderLength <= span.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(span[at..]);
            at += FrameHeaderLength;
            if (length <= 0 || length > span.Length - at)
            {
                throw new InvalidDataException($"Frame {frames.Count} of the IVF file is cut off.");
            }

            frames.Add(file.Slice(at, length));
            at += length;
        }

        if (frames.Count == 0 || !IsKeyFrame(frames[0].Span))
        {
            throw new InvalidDataException("The clip does not start with a key frame.");
        }

        var rate = BinaryPrimitives.ReadUInt32LittleEndian(span[16..]);
        var scale = Math.Max(1u, BinaryPrimitives.ReadUInt32LittleEndian(span[20..]));
        return new IvfClip(
            BinaryPrimitives.ReadUInt16LittleEndian(span[12..]),
            BinaryPrimitives.ReadUInt16LittleEndian(span[14..]),
            (double)rate / scale,
            frames);
    }

    /// <summary>RFC 6386 section 9.1: the first bit of a frame is 0 for a key frame.</summary>
    public static bool IsKeyFrame(ReadOnlySpan<byte> frame) => !frame.IsEmpty && (frame[0] & 1) == 0;
}
