using System.Buffers.Binary;
using System.Security.Cryptography;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.TestClient.FrameEncryption;

/// <summary>
/// Frame format version 1 of the conference client, a second time and from its description alone (conference-client/README.md, "Frames,
/// byte by byte"): so that two programs agree about every byte.
/// </summary>
public static class ConferenceFrame
{
    /// <summary>How much longer a sealed frame is.</summary>
    public const int Overhead = HeaderLength + TagLength + TrailerLength;

    public const int TagLength = 16;

    private const int HeaderLength = 12;
    private const int TrailerLength = 2;
    private const byte Version = 1;

    private static ReadOnlySpan<byte> Label => "buildit-frame-v1"u8;

    /// <summary>How many bytes at the start of a frame stay readable.</summary>
    public static int ClearBytes(FrameKind kind) => kind switch
    {
        FrameKind.Vp8Key => 10,
        FrameKind.Vp8Delta => 1,
        _ => 0,
    };

    /// <summary>Seals a frame.</summary>
    /// <param name="cipher">AES-GCM with the sender's 32-byte key, and tags of 16 bytes.</param>
    /// <param name="epoch">The epoch of the key.</param>
    /// <param name="salt">Drawn once for each stream.</param>
    /// <param name="count">How many frames this stream has sealed in this epoch.</param>
    /// <param name="source">What the track shows.</param>
    /// <param name="clear">How many of the frame's first bytes stay readable.</param>
    /// <param name="frame">The encoder's frame.</param>
    /// <param name="sealedFrame">Where the sealed frame is written: <see cref="Overhead"/> bytes more.</param>
    /// <returns>Length of the sealed frame.</returns>
    public static int Seal(
        AesGcm cipher, uint epoch, uint salt, uint count, TrackSource source, int clear, ReadOnlySpan<byte> frame, Span<byte> sealedFrame)
    {
        ArgumentNullException.ThrowIfNull(cipher);
        var body = frame.Length - clear;
        var length = frame.Length + Overhead;
        frame[..clear].CopyTo(sealedFrame);
        var header = sealedFrame.Slice(clear, HeaderLength);
        BinaryPrimitives.WriteUInt32BigEndian(header, epoch);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], salt);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], count);
        cipher.Encrypt(
            header, frame[clear..], sealedFrame.Slice(clear + HeaderLength, body), sealedFrame.Slice(clear + HeaderLength + body, TagLength),
            AdditionalData(header, source, frame[..clear]));
        sealedFrame[length - 2] = (byte)clear;
        sealedFrame[length - 1] = Version;
        return length;
    }

    /// <summary>Opens a sealed frame.</summary>
    /// <param name="cipher">AES-GCM with the sender's key of the epoch that the frame names.</param>
    /// <param name="source">What the track shows.</param>
    /// <param name="sealedFrame">Any bytes.</param>
    /// <returns>The frame; null when it is none of this sender.</returns>
    public static byte[]? Open(AesGcm cipher, TrackSource source, ReadOnlySpan<byte> sealedFrame)
    {
        ArgumentNullException.ThrowIfNull(cipher);
        if (sealedFrame.Length < Overhead || sealedFrame[^1] != Version)
        {
            return null;
        }

        var clear = sealedFrame[^2];
        if (clear is not (0 or 1 or 10) || sealedFrame.Length < Overhead + clear)
        {
            return null;
        }

        var header = sealedFrame.Slice(clear, HeaderLength);
        var body = sealedFrame[(clear + HeaderLength)..^(TagLength + TrailerLength)];
        var frame = new byte[clear + body.Length];
        sealedFrame[..clear].CopyTo(frame);
        try
        {
            cipher.Decrypt(
                header, body, sealedFrame[^(TagLength + TrailerLength)..^TrailerLength], frame.AsSpan(clear), AdditionalData(header, source, sealedFrame[..clear]));
            return frame;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>What the tag covers beside the frame itself.</summary>
    public static byte[] AdditionalData(ReadOnlySpan<byte> header, TrackSource source, ReadOnlySpan<byte> clear) =>
        [.. Label, .. header, (byte)clear.Length, Version, (byte)source, .. clear];
}
