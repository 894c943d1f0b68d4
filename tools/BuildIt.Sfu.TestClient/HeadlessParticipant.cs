using System.Collections.Concurrent;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Net;
using BuildIt.Sfu.Net.Timing;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient.Clips;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Negotiation;
using BuildIt.Sfu.TestClient.Signalling;
using BuildIt.Sfu.TestClient.Statistics;
using Google.Protobuf;

namespace BuildIt.Sfu.TestClient;

/// <summary>The session could not be made, or ended.</summary>
public sealed class HeadlessException(string message) : Exception(message);

/// <summary>
/// A participant without screen, camera or codecs that speaks the protocol as any SDK does. It sends pre-encoded clips and checks
/// what it receives frame by frame without decoding. Any thread may use it; events come on its media loop and must return soon.
/// </summary>
public sealed partial class HeadlessParticipant : IAsyncDisposable
{
    private readonly HeadlessOptions _options;
    private readonly MediaLoop _loop;
    private readonly SignalChannel _signal = new();
    private readonly TaskCompletionSource<JoinResponse> _joined = NewCompletion<JoinResponse>();
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _ended = NewCompletion<string>();
    private readonly ConcurrentDictionary<string, ParticipantInfo> _others = new(StringComparer.Ordinal);
    private readonly Instant _joinStarted = MonotonicClock.Read();
    private Instant _connectedAt = Instant.Never;
    private string _endReason = "";
    private long _messages;
    private bool _leaving;

    private HeadlessParticipant(HeadlessOptions options)
    {
        _options = options;
        _loop = options.Network.TakeLoop();
    }

    /// <summary>A message of the node, after it has been handled.</summary>
    public event Action<SignalResponse>? SignalReceived;

    /// <summary>A packet of another participant on a data channel, by label.</summary>
    public event Action<string, DataPacket>? DataReceived;

    public string Identity => Join.Participant.Identity;

    public string Sid => Join.Participant.Sid;

    /// <summary>The node's first answer.</summary>
    public JoinResponse Join => _joined.Task.Result;

    /// <summary>The other participants and their tracks as last announced, by sid.</summary>
    public IReadOnlyDictionary<string, ParticipantInfo> Others => _others;

    /// <summary>Completes when the session ends, with the reason.</summary>
    public Task<string> Ended => _ended.Task;

    /// <summary>True until the session ends from either side.</summary>
    public bool IsActive => Volatile.Read(ref _endReason).Length == 0;

    /// <summary>Joins and waits until the transport on which the participant receives (or the only one) is connected.</summary>
    /// <exception cref="HeadlessException">The node refused or nothing connected in time.</exception>
    public static async Task<HeadlessParticipant> JoinAsync(HeadlessOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var participant = new HeadlessParticipant(options);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(options.JoinTimeout);
            await participant._signal.OpenAsync(JoinAddress.Create(options), participant.OnSignal, participant.OnSignalClosed, limit.Token);
            await participant._joined.Task.WaitAsync(limit.Token);
            await participant._connected.Task.WaitAsync(limit.Token);
            return participant;
        }
        catch (Exception error)
        {
            await participant.DisposeAsync();
            throw error is HeadlessException || cancellation.IsCancellationRequested
                ? error
                : new HeadlessException($"Joining failed: {error.Message}");
        }
    }

    /// <summary>Publishes the camera clip; returns the track's sid once it is negotiated.</summary>
    public Task<string> PublishVideoAsync(VideoPublication? publication = null, CancellationToken cancellation = default)
    {
        publication ??= new VideoPublication();
        var clips = Clip.Camera.Take(publication.Layers).ToArray();
        var request = NewTrack(TrackType.Video, TrackSource.Camera);
        request.Width = (uint)clips[^1].Width;
        request.Height = (uint)clips[^1].Height;
        if (publication.Simulcast)
        {
            request.Layers.Add(clips.Select((clip, i) => LayerOf(clip, i, clips.Length)));
        }
        else
        {
            request.Layers.Add(LayerOf(clips[^1], 2, 1));
        }

        var codec = new SimulcastCodec { Codec = "vp8", Cid = request.Cid };
        codec.Layers.Add(request.Layers);
        request.SimulcastCodecs.Add(codec);
        return PublishAsync(
            request, (connection, mid) => new VideoSender(connection, mid, request.Cid, publication, _loop.Now), cancellation);
    }

    /// <summary>Publishes the tone; returns the track's sid once it is negotiated.</summary>
    public Task<string> PublishAudioAsync(CancellationToken cancellation = default)
    {
        var request = NewTrack(TrackType.Audio, TrackSource.Microphone);
        request.DisableRed = true;
        return PublishAsync(request, (connection, mid) => new AudioSender(connection, mid, request.Cid, _loop.Now), cancellation);
    }

    public Task UnpublishAsync(string trackSid) => _loop.InvokeAsync(() =>
    {
        if (_published.Remove(trackSid, out var sender))
        {
            _publisher!.Remove(sender);
            _publishing!.RemoveSender(sender);
            OfferIfNeeded();
        }
    });

    public Task SetMutedAsync(string trackSid, bool muted) => _loop.InvokeAsync(() =>
    {
        _published.GetValueOrDefault(trackSid)?.SetMuted(muted);
        Send(new SignalRequest { Mute = new MuteTrackRequest { Sid = trackSid, Muted = muted } });
    });

    /// <summary>Sets the level that audio packets announce: 0 (loudest) to 127 (silent), in -dBov.</summary>
    public Task SetAudioLevelAsync(int level) => _loop.InvokeAsync(() =>
    {
        foreach (var sender in _published.Values.OfType<AudioSender>())
        {
            sender.Level = Math.Clamp(level, 0, 127);
        }
    });

    public void Subscribe(bool subscribe, params IEnumerable<string> trackSids)
    {
        var update = new UpdateSubscription { Subscribe = subscribe };
        update.TrackSids.Add(trackSids);
        Send(new SignalRequest { Subscription = update });
    }

    /// <summary>Says how large tracks are shown, in pixels, or that they are not.</summary>
    public Task SetTrackSettingsAsync(IEnumerable<string> trackSids, uint width, uint height, bool disabled = false)
    {
        var settings = new UpdateTrackSettings { Width = width, Height = height, Disabled = disabled };
        settings.TrackSids.Add(trackSids);
        return _loop.InvokeAsync(() =>
        {
            foreach (var sid in settings.TrackSids)
            {
                SetPaused(_hidden, sid, disabled);
            }

            Send(new SignalRequest { TrackSetting = settings });
        });
    }

    /// <summary>Sends a data packet; false when the channel is not open or full.</summary>
    public Task<bool> SendDataAsync(ReadOnlyMemory<byte> payload, bool reliable = true, string? topic = null)
    {
        var user = new UserPacket { Payload = ByteString.CopyFrom(payload.Span) };
        if (topic is not null)
        {
            user.Topic = topic;
        }

        return SendDataAsync(new DataPacket { User = user }, reliable);
    }

    /// <inheritdoc cref="SendDataAsync(ReadOnlyMemory{byte}, bool, string?)"/>
    public Task<bool> SendDataAsync(DataPacket packet, bool reliable = true) => _loop.InvokeAsync(() =>
        _publisher?.Send(reliable ? "_reliable" : "_lossy", packet.ToByteArray(), _loop.Now) ?? false);

    /// <summary>Any other request of the protocol.</summary>
    public void Send(SignalRequest request) => _signal.Send(request);

    public Task<ParticipantStatistics> GetStatisticsAsync() => _loop.InvokeAsync(() =>
    {
        var now = _loop.Now;
        ClientConnection?[] connections = [_publisher, _subscriber];
        var used = connections.OfType<ClientConnection>().ToArray();
        var latency = new LatencyHistogram();
        Array.ForEach(used, connection => latency.Merge(connection.Latency));
        var streams = used.SelectMany(connection => connection.Senders).SelectMany(sender => sender.Streams).ToArray();
        return new ParticipantStatistics
        {
            Identity = Identity,
            Received = [.. used.SelectMany(connection => connection.Snapshot(now))],
            Latency = latency,
            PacketsSent = streams.Sum(stream => stream.Packets),
            BytesSent = streams.Sum(stream => stream.Bytes),
            PacketsResent = streams.Sum(stream => stream.Resent),
            KeyFrameRequestsReceived = _published.Values.OfType<VideoSender>().Sum(sender => sender.KeyFrameRequests),
            JoinTime = _connectedAt == Instant.Never ? TimeSpan.Zero : _connectedAt - _joinStarted,
            MessagesReceived = _messages,
            EndReason = _endReason,
        };
    });

    /// <summary>Forgets the delays measured so far: those of joining say nothing about those of a room that stands.</summary>
    public Task ClearLatencyAsync() => _loop.InvokeAsync(() =>
    {
        _publisher?.Latency.Clear();
        _subscriber?.Latency.Clear();
    });

    /// <summary>Forgets the gaps between frames so far: those of joining say nothing about what comes.</summary>
    public Task ClearGapsAsync() => _loop.InvokeAsync(() =>
    {
        _publisher?.ClearGaps();
        _subscriber?.ClearGaps();
    });

    /// <summary>Says goodbye and frees everything.</summary>
    public async ValueTask DisposeAsync()
    {
        _leaving = true;
        Send(new SignalRequest { Leave = new LeaveRequest { Reason = DisconnectReason.ClientInitiated } });
        await _signal.DisposeAsync();
        await _loop.InvokeAsync(() =>
        {
            Close("left");
            _publisher?.Dispose();
            _subscriber?.Dispose();
            _pingTimer?.Cancel();
        });
    }

    private async Task<string> PublishAsync(
        AddTrackRequest request, Func<ClientConnection, string, ITrackSender> create, CancellationToken cancellation)
    {
        var published = NewCompletion<string>();
        await _loop.InvokeAsync(() =>
        {
            _announced[request.Cid] = new Announcement(request, create, published);
            Send(new SignalRequest { AddTrack = request });
        });
        return await published.Task.WaitAsync(_options.JoinTimeout, cancellation);
    }

    private AddTrackRequest NewTrack(TrackType type, TrackSource source) => new()
    {
        Cid = Guid.NewGuid().ToString(),
        Name = source.ToString().ToLowerInvariant(),
        Type = type,
        Source = source,
        Encryption = _options.Key is null ? Encryption.Types.Type.None : Encryption.Types.Type.Gcm,
    };

    private static VideoLayer LayerOf(IvfClip clip, int index, int count) => new()
    {
        Quality = (VideoQuality)(count == 1 ? 2 : index),
        Width = (uint)clip.Width,
        Height = (uint)clip.Height,
        Bitrate = (uint)(clip.Frames.Sum(frame => frame.Length) * 8 * clip.FramesPerSecond / clip.Frames.Count),
        Rid = count > 1 ? ((string[])["q", "h", "f"])[index] : "",
    };

    private static TaskCompletionSource<T> NewCompletion<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
