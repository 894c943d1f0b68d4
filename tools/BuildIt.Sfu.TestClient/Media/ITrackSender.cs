using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>A track of ours that plays a clip on one section. Used on one loop.</summary>
internal interface ITrackSender : IDisposable
{
    MediaKind Kind { get; }

    /// <summary>The id under which it is announced.</summary>
    string Cid { get; }

    /// <summary>Rids of its layers from small to large; empty when it has one stream.</summary>
    IReadOnlyList<string> Rids { get; }

    IReadOnlyList<OutgoingStream> Streams { get; }

    /// <summary>When <see cref="Play"/> has something to send.</summary>
    Instant NextDeadline { get; }

    /// <summary>Takes payload types and extension ids from the node's answer for its section.</summary>
    void Configure(SdpMedia answer);

    void Play(Instant now);

    void SetMuted(bool muted);

    /// <summary>A key frame is wanted of the stream with this source.</summary>
    void RequestKeyFrame(Ssrc source);
}
