using System.Buffers.Binary;
using System.Security.Cryptography;

namespace BuildIt.Sfu.TestClient.FrameEncryption;

/// <summary>
/// Encrypts the frames of one stream as LiveKit's stock worker does: clear bytes, ciphertext with its tag, 12-byte IV, length of
/// the IV, key index.
/// </summary>
internal sealed class FrameSealer(AesGcm cipher) : IFrameSealer
{
    public const int TagLength = 16;

    private const int IvLength = 12;

    // What of a frame stays readable: the headers of RFC 6386 section 9.1, and the TOC byte of RFC 6716 section 3.1.
    private const int ClearOfKeyFrame = 10;
    private const int ClearOfDeltaFrame = 3;
    private const int ClearOfOpus = 1;

    private uint _count;

    public int Overhead => TagLength + IvLength + 2;

    public int Seal(ReadOnlySpan<byte> frame, FrameKind kind, uint ssrc, uint timestamp, Span<byte> sealedFrame)
    {
        var clear = Math.Min(ClearBytes(kind), frame.Length);
        var body = frame.Length - clear;
        frame[..clear].CopyTo(sealedFrame);
        var iv = sealedFrame.Slice(frame.Length + TagLength, IvLength);
        BinaryPrimitives.WriteUInt32BigEndian(iv, ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(iv[4..], timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(iv[8..], _count++);
        cipher.Encrypt(iv, frame[clear..], sealedFrame.Slice(clear, body), sealedFrame.Slice(frame.Length, TagLength), frame[..clear]);
        sealedFrame[frame.Length + TagLength + IvLength] = IvLength;
        sealedFrame[frame.Length + TagLength + IvLength + 1] = 0;
        return frame.Length + Overhead;
    }

    public void Dispose() => cipher.Dispose();

    private static int ClearBytes(FrameKind kind) => kind switch
    {
        FrameKind.Vp8Key => ClearOfKeyFrame,
        FrameKind.Vp8Delta => ClearOfDeltaFrame,
        _ => ClearOfOpus,
    };
}
