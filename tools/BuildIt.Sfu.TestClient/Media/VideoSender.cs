using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient.Clips;
using BuildIt.Sfu.TestClient.FrameEncryption;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>Sends the camera clip as one stream or as simulcast, without encoding: a wanted key frame is jumped to. Used on one loop.</summary>
internal sealed class VideoSender : ITrackSender
{
    private const int ClockRate = 90_000;

    // A clip has few key frames, so a jump is cheap; but not more often than an encoder would make one.
    private static readonly TimeSpan KeyFrameInterval = TimeSpan.FromMilliseconds(300);

    private readonly ClientConnection _connection;
    private readonly Layer[] _layers;
    private readonly TimeSpan _frameInterval;
    private readonly uint _timestampBase;
    private Instant _start;
    private long _frames;
    private bool _configured;
    private bool _muted;

    public VideoSender(ClientConnection connection, string mid, string cid, VideoPublication publication, Instant now)
    {
        _connection = connection;
        Cid = cid;
        var clips = Clip.Camera.Take(publication.Layers).ToArray();
        if (!publication.Simulcast)
        {
            clips = clips[^1..];
        }

        Rids = publication.Simulcast && clips.Length > 1 ? RidNames[..clips.Length] : [];
        _layers = [.. clips.Select((clip, i) => new Layer(clip, new OutgoingStream(connection, mid, Rids.Count > 0 ? Rids[i] : "", ClockRate), connection.Key?.CreateSealer(TrackSource.Camera)))];
        Streams = [.. _layers.Select(layer => layer.Stream)];
        _frameInterval = TimeSpan.FromSeconds(1 / clips[0].FramesPerSecond);
        _timestampBase = connection.NextRandom();

        // Cameras of different participants are not in step.
        _start = now + TimeSpan.FromMicroseconds(connection.NextRandom() % (uint)_frameInterval.TotalMicroseconds);
    }

    private static readonly string[] RidNames = ["q", "h", "f"];

    public MediaKind Kind => MediaKind.Video;

    public string Cid { get; }

    public IReadOnlyList<string> Rids { get; }

    public IReadOnlyList<OutgoingStream> Streams { get; }

    public long KeyFrameRequests { get; private set; }

    public Instant NextDeadline => _configured ? FrameTime(_frames) : Instant.Never;

    public void Configure(SdpMedia answer)
    {
        var vp8 = answer.Codecs.FirstOrDefault(codec => codec.Is("VP8"));
        if (vp8 is null || answer.Rejected)
        {
            return;
        }

        var repair = answer.Codecs.FirstOrDefault(codec => codec.AssociatedPayloadType == vp8.PayloadType)?.PayloadType ?? 0;
        foreach (var stream in Streams)
        {
            stream.PayloadType = vp8.PayloadType;
            stream.RepairPayloadType = repair;
            stream.Extensions = ExtensionIds.From(answer.Extensions);
        }

        _configured = true;
    }

    public void Play(Instant now)
    {
        // After a stall of the machine go on from now instead of catching up in a burst.
        if (now - FrameTime(_frames) > TimeSpan.FromMilliseconds(500))
        {
            _start += now - FrameTime(_frames);
        }

        while (FrameTime(_frames) <= now)
        {
            var timestamp = _timestampBase + (uint)(_frames * ClockRate * _frameInterval.TotalSeconds);
            _frames++;
            if (_muted || !_connection.Transport.IsConnected)
            {
                continue;
            }

            foreach (var layer in _layers)
            {
                if (layer.Enabled)
                {
                    layer.Send(timestamp, now);
                }
            }
        }
    }

    public void SetMuted(bool muted)
    {
        _muted = muted;
        foreach (var layer in _layers)
        {
            layer.Restart();
        }
    }

    /// <summary>Sends only the layers somebody watches; index 0 is the smallest.</summary>
    public void SetEnabled(int layer, bool enabled)
    {
        if (layer < _layers.Length && _layers[layer].Enabled != enabled)
        {
            _layers[layer].Enabled = enabled;
            _layers[layer].Restart();
        }
    }

    public void RequestKeyFrame(Ssrc source)
    {
        foreach (var layer in _layers)
        {
            if (layer.Stream.Ssrc == source)
            {
                KeyFrameRequests++;
                layer.RequestKeyFrame();
            }
        }
    }

    public void Dispose() => Array.ForEach(_layers, layer => layer.Dispose());

    private Instant FrameTime(long frame) => _start + _frameInterval * frame;

    private sealed class Layer(IvfClip clip, OutgoingStream stream, IFrameSealer? sealer) : IDisposable
    {
        private readonly byte[] _sealed = sealer is null ? [] : new byte[clip.Frames.Max(frame => frame.Length) + sealer.Overhead];
        private int _position;
        private ushort _picture;
        private Instant _lastKeyFrame;
        private bool _keyFrameWanted;

        public OutgoingStream Stream { get; } = stream;

        public bool Enabled { get; set; } = true;

        public void Restart()
        {
            _position = 0;
            _keyFrameWanted = false;
        }

        public void RequestKeyFrame() => _keyFrameWanted = true;

        public void Send(uint timestamp, Instant now)
        {
            if (_keyFrameWanted && now - _lastKeyFrame >= KeyFrameInterval)
            {
                while (!IvfClip.IsKeyFrame(clip.Frames[_position].Span))
                {
                    _position = (_position + 1) % clip.Frames.Count;
                }
            }

            var frame = clip.Frames[_position].Span;
            _position = (_position + 1) % clip.Frames.Count;
            if (IvfClip.IsKeyFrame(frame))
            {
                _lastKeyFrame = now;
                _keyFrameWanted = false;
            }

            if (sealer is not null)
            {
                var kind = IvfClip.IsKeyFrame(frame) ? FrameKind.Vp8Key : FrameKind.Vp8Delta;
                frame = _sealed.AsSpan(0, sealer.Seal(frame, kind, Stream.Ssrc.Value, timestamp, _sealed));
            }

            var count = Vp8Packetizer.CountPackets(frame.Length);
            for (var i = 0; i < count; i++)
            {
                var payload = Stream.Begin(timestamp, i == count - 1, i == 0, -1, Vp8Packetizer.DescriptorLength + Vp8Packetizer.MaxFragment, now);
                if (payload.IsEmpty)
                {
                    return;
                }

                Stream.Commit(Vp8Packetizer.Write(frame, i, count, _picture, payload), now);
            }

            _picture = (ushort)((_picture + 1) & 0x7FFF);
        }

        public void Dispose() => sealer?.Dispose();
    }
}

/// <summary>What video a participant publishes.</summary>
public sealed record VideoPublication
{
    /// <summary>Layers of the clip, from the smallest: 1 is 320x180, 2 up to 640x360, 3 up to 1280x720.</summary>
    public int Layers { get; init; } = 3;

    /// <summary>False sends the largest of them alone.</summary>
    public bool Simulcast { get; init; } = true;
}
