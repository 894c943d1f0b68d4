using System.Buffers.Binary;
using System.Security.Cryptography;

namespace BuildIt.Sfu.TestClient.FrameEncryption;

/// <summary>
/// Encrypts the frames of one stream as LiveKit's stock worker does: clear bytes, ciphertext with its tag, 12-byte IV, length of
/// the IV, key index. Used on one loop.
/// </summary>
internal sealed class FrameSealer(FrameKey key) : IDisposable
{
    public const int TagLength = 16;

    /// <summary>How much longer a sealed frame is.</summary>
    public const int Overhead = TagLength + IvLength + 2;

    private const int IvLength = 12;

    // What of a frame stays readable: the headers of RFC 6386 section 9.1, and the TOC byte of RFC 6716 section 3.1.
    private const int ClearOfKeyFrame = 10;
    private const int ClearOfDeltaFrame = 3;
    private const int ClearOfOpus = 1;

    private readonly AesGcm _cipher = key.CreateCipher();
    private uint _count;

    public static int ClearBytesOfVideo(bool isKeyFrame) => isKeyFrame ? ClearOfKeyFrame : ClearOfDeltaFrame;

    public static int ClearBytesOfAudio => ClearOfOpus;

    /// <summary>Seals a frame into <paramref name="sealedFrame"/>, which is at least <see cref="Overhead"/> longer.</summary>
    /// <param name="frame">The encoder's frame.</param>
    /// <param name="clear">How many of its first bytes stay readable.</param>
    /// <param name="ssrc">Source of the stream; with the timestamp and a count it makes each IV a new one.</param>
    /// <param name="timestamp">RTP time of the frame.</param>
    /// <param name="sealedFrame">Where it is written.</param>
    /// <returns>Length of the sealed frame.</returns>
    public int Seal(ReadOnlySpan<byte> frame, int clear, uint ssrc, uint timestamp, Span<byte> sealedFrame)
    {
        clear = Math.Min(clear, frame.Length);
        var body = frame.Length - clear;
        frame[..clear].CopyTo(sealedFrame);
        var iv = sealedFrame.Slice(frame.Length + TagLength, IvLength);
        BinaryPrimitives.WriteUInt32BigEndian(iv, ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(iv[4..], timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(iv[8..], _count++);
        _cipher.Encrypt(iv, frame[clear..], sealedFrame.Slice(clear, body), sealedFrame.Slice(frame.Length, TagLength), frame[..clear]);
        sealedFrame[frame.Length + TagLength + IvLength] = IvLength;
        sealedFrame[frame.Length + TagLength + IvLength + 1] = 0;
        return frame.Length + Overhead;
    }

    public void Dispose() => _cipher.Dispose();
}
