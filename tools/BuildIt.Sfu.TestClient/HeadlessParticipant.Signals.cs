using System.Text.Json;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Net.Timing;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Negotiation;
using Google.Protobuf;

namespace BuildIt.Sfu.TestClient;

/// <summary>The side that answers the node. Everything here runs on the loop.</summary>
public sealed partial class HeadlessParticipant : IConnectionOwner, IDeadlineHandler
{
    private static readonly string[] ChannelLabels = ["_reliable", "_lossy", "_data_track"];

    private readonly Dictionary<string, Announcement> _announced = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ITrackSender> _published = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Instant> _knownTracks = new(StringComparer.Ordinal);

    // Why no media is expected of a track, by reason.
    private readonly HashSet<string> _hidden = new(StringComparer.Ordinal);
    private readonly HashSet<string> _mutedTracks = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pausedTracks = new(StringComparer.Ordinal);
    private readonly List<(SignalTarget Target, string Line)> _earlyCandidates = [];

    private ClientConnection? _publisher;
    private ClientConnection? _subscriber;
    private ConnectionNegotiation? _publishing;
    private ConnectionNegotiation? _subscribing;
    private LoopTimer? _pingTimer;
    private TimeSpan _pingInterval = TimeSpan.FromSeconds(5);

    void IDeadlineHandler.OnDeadline(Instant now)
    {
        Send(new SignalRequest { PingReq = new Ping { Timestamp = now.Milliseconds } });
        _pingTimer!.Schedule(now + _pingInterval);
    }

    Instant IConnectionOwner.KnownSince(string trackSid) => _knownTracks.GetValueOrDefault(trackSid, _joinStarted);

    bool IConnectionOwner.IsPaused(string trackSid) =>
        _hidden.Contains(trackSid) || _mutedTracks.Contains(trackSid) || _pausedTracks.Contains(trackSid);

    void IConnectionOwner.OnConnected(ClientConnection connection, Instant now)
    {
        if (connection == (Join.SubscriberPrimary ? _subscriber : _publisher) && _connectedAt == Instant.Never)
        {
            _connectedAt = now;
            _connected.TrySetResult();
        }
    }

    void IConnectionOwner.OnFailed(ClientConnection connection, string reason) => Close($"transport failed: {reason}");

    void IConnectionOwner.OnDataConnected(ClientConnection connection, DataChannelSet channels, Instant now)
    {
        // With two connections the node opens the channels on which it sends.
        if (connection == _publisher)
        {
            foreach (var label in ChannelLabels)
            {
                channels.Open(label, label == "_reliable" ? DataChannelSettings.Reliable : DataChannelSettings.Lossy);
            }
        }
    }

    void IConnectionOwner.OnChannelOpen(ClientConnection connection, DataChannel channel)
    {
    }

    void IConnectionOwner.OnMessage(DataChannel channel, ReadOnlySpan<byte> message)
    {
        try
        {
            DataReceived?.Invoke(channel.Label, DataPacket.Parser.ParseFrom(message));
        }
        catch (InvalidProtocolBufferException error)
        {
            Close($"a data packet cannot be read: {error.Message}");
        }
    }

    private void OnSignal(SignalResponse message) => _loop.Post(() => Handle(message));

    private void OnSignalClosed(string reason) => _loop.Post(() => Close($"signalling ended: {reason}"));

    private void Handle(SignalResponse message)
    {
        var now = _loop.Now;
        _messages++;
        switch (message.MessageCase)
        {
            case SignalResponse.MessageOneofCase.Join:
                OnJoin(message.Join, now);
                break;
            case SignalResponse.MessageOneofCase.Answer:
                OnAnswer(message.Answer, now);
                break;
            case SignalResponse.MessageOneofCase.Offer:
                OnOffer(message.Offer, now);
                break;
            case SignalResponse.MessageOneofCase.Trickle:
                OnCandidate(message.Trickle);
                break;
            case SignalResponse.MessageOneofCase.Update:
                OnParticipants(message.Update.Participants, now);
                break;
            case SignalResponse.MessageOneofCase.TrackPublished:
                OnTrackPublished(message.TrackPublished);
                break;
            case SignalResponse.MessageOneofCase.MediaSectionsRequirement:
                _publishing!.AddReceivers(MediaKind.Audio, (int)message.MediaSectionsRequirement.NumAudios);
                _publishing.AddReceivers(MediaKind.Video, (int)message.MediaSectionsRequirement.NumVideos);

                // None may be missing: then the node wants another offer of those there are.
                _publishing.RequestOffer();
                OfferIfNeeded();
                break;
            case SignalResponse.MessageOneofCase.SubscribedQualityUpdate:
                OnQualityUpdate(message.SubscribedQualityUpdate);
                break;
            case SignalResponse.MessageOneofCase.StreamStateUpdate:
                foreach (var state in message.StreamStateUpdate.StreamStates)
                {
                    SetPaused(_pausedTracks, state.TrackSid, state.State == StreamState.Paused);
                }

                break;
            case SignalResponse.MessageOneofCase.RequestResponse:
                OnRequestResponse(message.RequestResponse);
                break;
            case SignalResponse.MessageOneofCase.Leave:
                Close($"the node ended the session: {message.Leave.Reason}");
                break;
        }

        SignalReceived?.Invoke(message);
    }

    private void OnJoin(JoinResponse join, Instant now)
    {
        _publisher = new ClientConnection(_options.Network, _loop, this, _options, controlling: true);
        _publishing = new ConnectionNegotiation(_publisher, _options.Network.Dtls.LocalFingerprint);
        if (!_options.SinglePeerConnection)
        {
            // RFC 8445 section 6.1.1: the node offers there, and controls unless it is lite; the agent settles a conflict.
            _subscriber = new ClientConnection(_options.Network, _loop, this, _options, controlling: false);
            _subscribing = new ConnectionNegotiation(_subscriber, _options.Network.Dtls.LocalFingerprint);
        }

        _pingInterval = TimeSpan.FromSeconds(Math.Max(1, join.PingInterval));
        _pingTimer = _loop.CreateTimer(this);
        _pingTimer.Schedule(now + _pingInterval);
        _joined.TrySetResult(join);
        OnParticipants(join.OtherParticipants, now);
        if (_options.SinglePeerConnection)
        {
            _publishing.AddReceivers(MediaKind.Audio, 1);
            _publishing.AddReceivers(MediaKind.Video, 1);
        }
        else if (_options.Data || !join.SubscriberPrimary)
        {
            _publishing.RequestOffer();
        }

        OfferIfNeeded();
    }

    private void OfferIfNeeded()
    {
        if (_publishing is { NeedsOffer: true, AwaitsAnswer: false })
        {
            var sdp = _publishing.MakeOffer();
            Send(new SignalRequest { Offer = new SessionDescription { Type = "offer", Sdp = sdp, Id = _publishing.OfferId } });
        }
    }

    private void OnAnswer(SessionDescription answer, Instant now)
    {
        if (answer.Id != 0 && answer.Id != _publishing!.OfferId)
        {
            return;
        }

        if (_publishing!.ApplyAnswer(answer.Sdp, answer.MidToTrackId, now) is { } fault)
        {
            Close(fault);
            return;
        }

        AddEarlyCandidates();
        foreach (var (cid, announcement) in _announced.Where(entry => entry.Value.Sender is not null).ToArray())
        {
            if (announcement.Sender!.NextDeadline != Instant.Never)
            {
                _announced.Remove(cid);
                announcement.Published.TrySetResult(announcement.Sid);
            }
        }

        _publisher!.Reschedule();
        OfferIfNeeded();
    }

    private void OnOffer(SessionDescription offer, Instant now)
    {
        if (_subscribing is null)
        {
            Close("the node made an offer on a single connection");
            return;
        }

        if (_subscribing.Answer(offer.Sdp, offer.MidToTrackId, now, out var error) is not { } sdp)
        {
            Close(error);
            return;
        }

        AddEarlyCandidates();
        Send(new SignalRequest { Answer = new SessionDescription { Type = "answer", Sdp = sdp, Id = offer.Id } });
    }

    private void OnCandidate(TrickleRequest trickle)
    {
        try
        {
            using var candidate = JsonDocument.Parse(trickle.CandidateInit);
            if (candidate.RootElement.GetProperty("candidate").GetString() is { Length: > 0 } line)
            {
                _earlyCandidates.Add((trickle.Target, line));
                AddEarlyCandidates();
            }
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            Close($"a candidate cannot be read: {error.Message}");
        }
    }

    private void AddEarlyCandidates()
    {
        foreach (var (target, line) in _earlyCandidates)
        {
            (target == SignalTarget.Subscriber ? _subscriber : _publisher)?.AddRemoteCandidate(line);
        }

        _earlyCandidates.Clear();
    }

    private void OnParticipants(IEnumerable<ParticipantInfo> participants, Instant now)
    {
        foreach (var participant in participants)
        {
            if (participant.Sid == Sid)
            {
                continue;
            }

            if (participant.State == ParticipantInfo.Types.State.Disconnected)
            {
                _others.TryRemove(participant.Sid, out _);
                continue;
            }

            _others[participant.Sid] = participant;
            foreach (var track in participant.Tracks)
            {
                _knownTracks.TryAdd(track.Sid, now);
                SetPaused(_mutedTracks, track.Sid, track.Muted);
            }
        }
    }

    private void OnTrackPublished(TrackPublishedResponse response)
    {
        if (_announced.TryGetValue(response.Cid, out var announcement) && announcement.Sender is null)
        {
            announcement.Sid = response.Track.Sid;
            announcement.Sender = announcement.Create(_publisher!, _publishing!.NextMid);
            _publisher!.Add(announcement.Sender);
            _publishing.AddSender(announcement.Sender);
            _published[response.Track.Sid] = announcement.Sender;
            OfferIfNeeded();
        }
    }

    private void OnQualityUpdate(SubscribedQualityUpdate update)
    {
        if (_published.GetValueOrDefault(update.TrackSid) is not VideoSender sender)
        {
            return;
        }

        foreach (var quality in update.SubscribedCodecs.SelectMany(codec => codec.Qualities))
        {
            // Qualities name the layers from small to large; a single stream goes on while any is wanted.
            if (sender.Rids.Count > 0)
            {
                sender.SetEnabled((int)quality.Quality, quality.Enabled);
            }
        }

        if (sender.Rids.Count == 0)
        {
            sender.SetEnabled(0, update.SubscribedCodecs.Any(codec => codec.Qualities.Any(quality => quality.Enabled)));
        }
    }

    private void OnRequestResponse(RequestResponse response)
    {
        if (response.Reason != RequestResponse.Types.Reason.Ok
            && response.RequestCase == RequestResponse.RequestOneofCase.AddTrack
            && _announced.Remove(response.AddTrack.Cid, out var announcement))
        {
            announcement.Published.TrySetException(new HeadlessException($"The track was refused: {response.Reason} {response.Message}"));
        }
    }

    private void SetPaused(HashSet<string> reason, string trackSid, bool paused)
    {
        if (paused ? !reason.Add(trackSid) : !reason.Remove(trackSid))
        {
            return;
        }

        var isPaused = ((IConnectionOwner)this).IsPaused(trackSid);
        foreach (var connection in (ClientConnection?[])[_publisher, _subscriber])
        {
            foreach (var track in connection?.Tracks ?? [])
            {
                if (track.Section.TrackSid == trackSid)
                {
                    track.SetPaused(isPaused);
                }
            }
        }
    }

    private void Close(string reason)
    {
        if (_endReason.Length > 0)
        {
            return;
        }

        Volatile.Write(ref _endReason, _leaving ? "left" : reason);
        var error = new HeadlessException(reason);
        _joined.TrySetException(error);
        _connected.TrySetException(error);
        _ended.TrySetResult(_endReason);
        foreach (var announcement in _announced.Values)
        {
            announcement.Published.TrySetException(error);
        }
    }

    private sealed class Announcement(
        AddTrackRequest request, Func<ClientConnection, string, ITrackSender> create, TaskCompletionSource<string> published)
    {
        public AddTrackRequest Request { get; } = request;

        public Func<ClientConnection, string, ITrackSender> Create { get; } = create;

        public TaskCompletionSource<string> Published { get; } = published;

        public ITrackSender? Sender { get; set; }

        public string Sid { get; set; } = "";
    }
}
