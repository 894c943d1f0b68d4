using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Result of a join.</summary>
/// <param name="Sid">The session, when there is no error.</param>
/// <param name="Error">Why the client is refused, else null.</param>
/// <param name="Offer">What the client offered along with it, if anything: to be built, then given to <see cref="RoomCore.FinishOffer"/>.</param>
/// <param name="State">What a client that resumes said along with it, if anything: to be handled as its first request.</param>
public readonly record struct JoinResult(ParticipantSid Sid, JoinError? Error, OfferWork? Offer = null, SyncState? State = null);

/// <summary>Coming and going.</summary>
public sealed partial class RoomCore
{
    /// <summary>How long media may take to connect after a join.</summary>
    public static readonly TimeSpan JoinTimeout = TimeSpan.FromMinutes(1);

    /// <summary>How long a participant whose media failed may take to resume.</summary>
    public static readonly TimeSpan ResumeGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long a resumed session's media may take to be back.</summary>
    public static readonly TimeSpan ResumeTimeout = TimeSpan.FromSeconds(30);

    private const int PingIntervalSeconds = 5;
    private const int PingTimeoutSeconds = 15;

    /// <summary>
    /// A client connects. On success the join or reconnect response is the first message in <paramref name="sink"/>; a resume of an
    /// unknown session also succeeds here, and its only message tells the client to start anew.
    /// </summary>
    public JoinResult Join(JoinAttempt attempt, ISignalSink sink, Instant now)
    {
        if (Ended)
        {
            return new JoinResult(default, JoinError.Unavailable);
        }

        var existing = _byIdentity.GetValueOrDefault(attempt.Claims.Identity);
        if (attempt.Parameters.Reconnect)
        {
            return Resumption.Resume(existing, attempt, sink, now);
        }

        var elsewhere = Relays.Find(attempt.Claims.Identity);
        var participant = new Participant(
            new ParticipantSid(Services.Sids.Next("PA_")), attempt.Claims, attempt.Parameters, Services.Limits)
        {
            Region = Services.Server.Region,
            JoinedAt = Services.Clock.At(now),
            Signal = sink,
            State = ParticipantInfo.Types.State.Joined,
            MediaDeadline = now + JoinTimeout,
            NextTokenRefresh = now + FirstTokenRefresh,
            Replaces = elsewhere is null ? [] : [elsewhere.Sid.Value],
        };
        if (Options.MaxParticipants > 0 && existing is null && elsewhere is null && participant.CountsAsParticipant
            && Members.Count(p => p.CountsAsParticipant) >= Options.MaxParticipants)
        {
            return new JoinResult(default, JoinError.RoomFull);
        }

        if (existing is null && elsewhere is null && !Bounds.MaySay(participant, 1))
        {
            return new JoinResult(default, JoinError.RoomSaysTooMuch);
        }

        if (existing is not null)
        {
            Leave(existing, DisconnectReason.DuplicateIdentity, LeaveAction.Disconnect, now);
        }

        if (elsewhere is not null)
        {
            // Its own node sends it away when it hears of this one.
            Relays.Forget(elsewhere, DisconnectReason.DuplicateIdentity, now);
        }

        var comesBack = ComesBack(participant.Identity, now);
        _closeAt = Instant.Never;
        EverJoined = true;
        _emptySince = null;
        _bySid.Add(participant.Sid.Value, participant);
        _byIdentity.Add(participant.Identity, participant);

        // Media may make an offer as soon as it has the peer, and join must be the first message.
        participant.Send(new SignalResponse { Join = MakeJoinResponse(participant, now) });
        participant.Media = _media.AddPeer(MakePeerOptions(participant), new PeerEvents(this, participant), now);
        if (!participant.Hidden)
        {
            News.Publish(participant, now);
        }
        else
        {
            Relays.MemberChanged(participant, atOnce: false, now);
        }

        Subscriptions.ReconcileSubscriber(participant, now);
        DataTracks.ReconcileSubscriber(participant, now);
        if (comesBack && HeldNews.IsFor(attempt.Parameters.Client))
        {
            participant.HeldNews = new HeldNews(now);
            Schedule(participant.HeldNews.Until);
        }

        foreach (var request in attempt.Parameters.AddTracks.Take(Services.Limits.PendingTracks))
        {
            Publishing.Announce(participant, request, now);
        }

        var offer = attempt.Parameters.Offer is { } description
            ? Requests.BeginOffer(participant, attempt.Parameters.PublisherOffer!.Id, description, now)
            : null;
        RoomChanged(now);
        Schedule(Instant.Min(participant.MediaDeadline, participant.NextTokenRefresh));
        return new JoinResult(participant.Sid, null, offer);
    }

    /// <summary>Ends the room: everybody is sent away.</summary>
    public void End(DisconnectReason reason, RoomEndReason why, Instant now, LeaveAction action = LeaveAction.Disconnect)
    {
        if (Ended)
        {
            return;
        }

        foreach (var participant in _bySid.Values.ToArray())
        {
            Leave(participant, reason, action, now);
        }

        Relays.Close(now);
        Ended = true;
        NextDeadline = Instant.Never;
        _media.Close(now);
        if (!Options.IsEdge)
        {
            _observer.OnEvent(new WebhookEvent { Event = "room_finished", Room = Info(), RoomEndReason = why });
        }

        _observer.OnEnded(this, why);
    }

    /// <summary>
    /// Asks participants to connect again, because the room is moving: at most <paramref name="count"/> of them, in order of joining.
    /// With <see cref="LeaveAction.Resume"/> a session is kept until its media is gone; with
    /// <see cref="LeaveAction.Reconnect"/> it ends here at once.
    /// </summary>
    /// <returns>How many are left that have not been asked.</returns>
    public int SendAway(int count, DisconnectReason reason, LeaveAction action, Instant now)
    {
        var waiting = _bySid.Values.Where(p => p.Signal is not null).OrderBy(p => p.JoinedAt).ToArray();
        foreach (var participant in waiting.Take(count))
        {
            Leave(participant, reason, action, now);
        }

        return Math.Max(0, waiting.Length - count);
    }

    /// <summary>The node asks a participant to go, come back, or resume.</summary>
    internal void Leave(Participant participant, DisconnectReason reason, LeaveAction action, Instant now)
    {
        participant.Send(new SignalResponse
        {
            Leave = new LeaveRequest { Reason = reason, Action = action, CanReconnect = action != LeaveAction.Disconnect },
        });
        if (action == LeaveAction.Resume)
        {
            participant.Signal?.Close();
            participant.Signal = null;
            return;
        }

        Left(participant, reason, now);
    }

    /// <summary>A participant is gone.</summary>
    internal void Left(Participant participant, DisconnectReason reason, Instant now)
    {
        if (!_bySid.Remove(participant.Sid.Value))
        {
            return;
        }

        _byIdentity.Remove(participant.Identity);
        Expect(participant.Identity, now);
        var wasPublisher = participant.IsPublisher;
        participant.Signal?.Close();
        participant.Signal = null;
        participant.State = ParticipantInfo.Types.State.Disconnected;
        participant.DisconnectReason = reason;
        foreach (var track in participant.Tracks.Values.ToArray())
        {
            _tracks.Remove(track.Sid.Value);
            Subscriptions.TrackGone(track);
            if (track.Published)
            {
                Raise("track_unpublished", participant, track);
            }
        }

        participant.Tracks.Clear();
        DataTracks.RemoveAll(participant, now);
        participant.Changed();
        participant.Media.Close(now);
        foreach (var received in participant.DataTracks.Handles.Keys.Select(DataTracks.Find).OfType<DataTrack>().ToArray())
        {
            Relays.DataTrackWatched(received, now);
        }

        Newcomers.Forget(participant);
        Data.Forget(participant);
        Rpc.Abandon(participant);
        if (!participant.Hidden)
        {
            News.PublishGone(participant, wasPublisher, now);
        }

        Relays.MemberGone(participant, wasPublisher, now);

        Raise(participant.EverActive ? "participant_left" : "participant_connection_aborted", participant);
        RoomChanged(now);
        _servedBefore += Services.Clock.At(now) - participant.JoinedAt;
        if (_bySid.Count == 0 && !Ended)
        {
            _emptySince = now;
            CloseAfter(Options.DepartureTimeout, now);
        }
    }

    internal void MediaReady(Participant participant, Instant now)
    {
        participant.MediaDeadline = Instant.Never;
        if (participant.EverActive)
        {
            return;
        }

        participant.EverActive = true;
        participant.Signal?.MediaReady();
        participant.State = ParticipantInfo.Types.State.Active;
        participant.Changed();
        News.Publish(participant, now);
        Raise("participant_joined", participant);
    }

    /// <summary>A peer connection is gone: the client is asked to resume, and given a little time to do so.</summary>
    internal void MediaFailed(Participant participant, Instant now)
    {
        if (!participant.EverActive)
        {
            return; // The join timeout decides.
        }

        participant.MediaDeadline = now + ResumeGrace;
        Schedule(participant.MediaDeadline);
        Leave(participant, DisconnectReason.ConnectionTimeout, LeaveAction.Resume, now);
    }

    internal ReconnectResponse MakeReconnectResponse(Participant participant, Instant now)
    {
        var response = new ReconnectResponse
        {
            ServerInfo = Services.Server,
            ClientConfiguration = participant.Simulation.ForceRelay
                ? new ClientConfiguration { ForceRelay = ClientConfigSetting.Enabled }
                : null,
        };
        response.IceServers.AddRange(Services.IceServers(participant.Sid.Value, Services.Clock.At(now)));
        return response;
    }

    private JoinResponse MakeJoinResponse(Participant participant, Instant now)
    {
        var response = new JoinResponse
        {
            Room = Info(),
            Participant = participant.Snapshot,
            ServerVersion = Services.Server.Version,
            ServerRegion = Services.Server.Region,
            ServerInfo = Services.Server,
            SubscriberPrimary = !participant.Join.SinglePeerConnection
                && participant.Permission.CanSubscribe
                && ProtocolFeatures.SubscriberPrimary(participant.Join.Protocol),
            PingInterval = PingIntervalSeconds,
            PingTimeout = PingTimeoutSeconds,
            SifTrailer = Google.Protobuf.ByteString.CopyFrom(Options.SifTrailer.Span),
            FastPublish = participant.Permission.CanPublish,
        };
        response.OtherParticipants.AddRange(Members.Where(p => p != participant && !p.Hidden).Select(p => p.Snapshot));
        response.IceServers.AddRange(Services.IceServers(participant.Sid.Value, Services.Clock.At(now)));
        response.EnabledPublishCodecs.AddRange(PublishCodecs());
        return response;
    }

    private MediaPeerOptions MakePeerOptions(Participant participant)
    {
        var join = participant.Join;
        var browser = join.Client.Browser;
        var firefox = browser.Contains("firefox", StringComparison.OrdinalIgnoreCase);
        var safari = browser.Contains("safari", StringComparison.OrdinalIgnoreCase);
        return new MediaPeerOptions
        {
            Sid = participant.Sid,
            SinglePeerConnection = join.SinglePeerConnection,
            IceLite = Services.IceLite && ProtocolFeatures.IceLite(join.Protocol) && !join.DisableIceLite && !firefox,
            AllowPause = join.SubscriberAllowPause ?? Options.AllowPause,
            DisabledCodecs = [.. Options.RefusedVideoCodecs],
            ReuseTransceivers = ProtocolFeatures.TransceiverReuse(join.Protocol) && !safari,
            SupportsRed = !firefox && !safari,
        };
    }
}
