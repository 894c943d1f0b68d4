using System.Buffers.Binary;
using System.Security.Cryptography;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.TestClient.FrameEncryption;

/// <summary>The key of one sender in one epoch, as the conference client has them. Thread-safe.</summary>
public sealed class ConferenceFrameKey : IFrameKey
{
    private readonly byte[] _key;
    private readonly uint _epoch;

    /// <exception cref="ArgumentException">The key has not 32 bytes.</exception>
    public ConferenceFrameKey(ReadOnlySpan<byte> key, uint epoch)
    {
        if (key.Length != 32)
        {
            throw new ArgumentException("A frame key has 32 bytes.", nameof(key));
        }

        _key = key.ToArray();
        _epoch = epoch;
    }

    public IFrameSealer CreateSealer(TrackSource source) => new Sealer(new AesGcm(_key, ConferenceFrame.TagLength), _epoch, source);

    public override string ToString() => "frame key";

    private sealed class Sealer(AesGcm cipher, uint epoch, TrackSource source) : IFrameSealer
    {
        private readonly uint _salt = BinaryPrimitives.ReadUInt32BigEndian(RandomNumberGenerator.GetBytes(4));
        private uint _count;

        public int Overhead => ConferenceFrame.Overhead;

        public int Seal(ReadOnlySpan<byte> frame, FrameKind kind, uint ssrc, uint timestamp, Span<byte> sealedFrame) =>
            ConferenceFrame.Seal(cipher, epoch, _salt, _count++, source, ConferenceFrame.ClearBytes(kind), frame, sealedFrame);

        public void Dispose() => cipher.Dispose();
    }
}
