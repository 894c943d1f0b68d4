using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.TestClient.FrameEncryption;

/// <summary>What a participant's frames are encrypted with before they become packets. Thread-safe.</summary>
public interface IFrameKey
{
    /// <summary>Makes what seals the frames of one stream.</summary>
    IFrameSealer CreateSealer(TrackSource source);
}

/// <summary>Seals the frames of one stream. Used on one loop.</summary>
public interface IFrameSealer : IDisposable
{
    /// <summary>How much longer a sealed frame may be, in bytes.</summary>
    int Overhead { get; }

    /// <summary>Seals a frame into <paramref name="sealedFrame"/>, which is at least <see cref="Overhead"/> longer.</summary>
    /// <param name="frame">The encoder's frame.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="ssrc">Source of its stream.</param>
    /// <param name="timestamp">Its RTP time.</param>
    /// <param name="sealedFrame">Where the sealed frame is written.</param>
    /// <returns>Length of the sealed frame.</returns>
    int Seal(ReadOnlySpan<byte> frame, FrameKind kind, uint ssrc, uint timestamp, Span<byte> sealedFrame);
}

/// <summary>What a frame is.</summary>
public enum FrameKind
{
    Opus,
    Vp8Key,
    Vp8Delta,
}
