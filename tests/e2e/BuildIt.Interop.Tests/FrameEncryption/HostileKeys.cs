using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient.FrameEncryption;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>
/// What a node that lies could send as somebody's frames: those of the real sender, but changed, or sent again. A participant that
/// joined under the victim's identity sends them, because to the others that is the same.
/// </summary>
internal sealed class HostileKey(IFrameKey real, HostileKey.Change change) : IFrameKey
{
    /// <summary>Changes a sealed frame, which is kept from one call to the next, and returns its length.</summary>
    public delegate int Change(ReadOnlySpan<byte> frame, Span<byte> sealedFrame, int length, long count);

    /// <summary>Another bit of each frame is flipped.</summary>
    public static HostileKey FlippingBits(IFrameKey real) => new(real, static (_, sealedFrame, length, count) =>
    {
        var bit = (int)(count * 37 % (length * 8));
        // Not the bit that says whether it is a key frame: an SFU would see and a decoder ask for another.
        bit = bit == 0 ? 1 : bit;
        sealedFrame[bit / 8] ^= (byte)(1 << (bit % 8));
        return length;
    });

    /// <summary>The frames as the encoder made them, although they are announced as encrypted.</summary>
    public static HostileKey InClear(IFrameKey real) => new(real, static (frame, sealedFrame, _, _) =>
    {
        frame.CopyTo(sealedFrame);
        return frame.Length;
    });

    /// <summary>What was sealed for one track, on another.</summary>
    public static IFrameKey OfAnotherTrack(IFrameKey real) => new SwappedKey(real);

    public IFrameSealer CreateSealer(TrackSource source) => new Sealer(real.CreateSealer(source), change);

    private sealed class SwappedKey(IFrameKey real) : IFrameKey
    {
        public IFrameSealer CreateSealer(TrackSource source) =>
            real.CreateSealer(source is TrackSource.Camera ? TrackSource.ScreenShare : TrackSource.ScreenShareAudio);
    }

    private sealed class Sealer(IFrameSealer real, Change change) : IFrameSealer
    {
        private long _count;

        public int Overhead => real.Overhead;

        public int Seal(ReadOnlySpan<byte> frame, FrameKind kind, uint ssrc, uint timestamp, Span<byte> sealedFrame) =>
            change(frame, sealedFrame, real.Seal(frame, kind, ssrc, timestamp, sealedFrame), _count++);

        public void Dispose() => real.Dispose();
    }
}

/// <summary>Seals the first frames of each stream, and then sends those again and again.</summary>
internal sealed class ReplayingKey(IFrameKey real, int distinct) : IFrameKey
{
    public IFrameSealer CreateSealer(TrackSource source) => new Sealer(real.CreateSealer(source), distinct);

    private sealed class Sealer(IFrameSealer real, int distinct) : IFrameSealer
    {
        private readonly List<byte[]> _recorded = [];
        private int _next;

        public int Overhead => real.Overhead + 64_000;

        public int Seal(ReadOnlySpan<byte> frame, FrameKind kind, uint ssrc, uint timestamp, Span<byte> sealedFrame)
        {
            if (_recorded.Count < distinct)
            {
                var length = real.Seal(frame, kind, ssrc, timestamp, sealedFrame);
                _recorded.Add(sealedFrame[..length].ToArray());
                return length;
            }

            var again = _recorded[_next++ % distinct];
            again.CopyTo(sealedFrame);
            return again.Length;
        }

        public void Dispose() => real.Dispose();
    }
}
