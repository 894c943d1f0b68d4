using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms.Administration;

/// <summary>Why a moderation request could not be carried out.</summary>
public enum ModerationError
{
    None,
    ParticipantNotFound,
    TrackNotFound,
    RemoteUnmuteDisabled,
    LimitExceeded,
}

/// <summary>What the server API does to a room and to those who are connected to this node. Used on the room's loop.</summary>
public sealed class Moderation
{
    private readonly RoomState _state;
    private readonly Departures _departures;
    private readonly TrackPublisher _publishing;
    private readonly SubscriptionEngine _subscriptions;
    private readonly ParticipantTexts _texts;
    private readonly ParticipantRights _rights;
    private readonly DataRelay _data;
    private readonly RoomRpc _rpc;
    private readonly RoomUpdates _updates;
    private readonly RelayNews _relayNews;

    internal Moderation(
        RoomState state,
        Departures departures,
        TrackPublisher publishing,
        SubscriptionEngine subscriptions,
        ParticipantTexts texts,
        ParticipantRights rights,
        DataRelay data,
        RoomRpc rpc,
        RoomUpdates updates,
        RelayNews relayNews)
    {
        _state = state;
        _departures = departures;
        _publishing = publishing;
        _subscriptions = subscriptions;
        _texts = texts;
        _rights = rights;
        _data = data;
        _rpc = rpc;
        _updates = updates;
        _relayNews = relayNews;
    }

    /// <summary>Bytes of the largest data message that can be sent.</summary>
    public int LargestData => _data.LargestMessage;

    public ModerationError RemoveParticipant(string identity, Instant now)
    {
        if (_state.Members.FindHere(identity) is not { } participant)
        {
            return ModerationError.ParticipantNotFound;
        }

        _departures.Leave(participant, DisconnectReason.ParticipantRemoved, LeaveAction.Disconnect, now);
        return ModerationError.None;
    }

    /// <summary>
    /// Removes a participant, here or at another node, whose token was issued before <paramref name="notBefore"/> or does not say when.
    /// </summary>
    /// <returns>False when there is none here.</returns>
    public bool Revoke(string identity, DateTimeOffset notBefore, Instant now)
    {
        _relayNews.Revoked(identity, notBefore, now);
        return _departures.Revoke(identity, notBefore, now);
    }

    public ModerationError MuteTrack(string identity, string trackSid, bool muted, Instant now, out TrackInfo? info)
    {
        info = null;
        if (_state.Members.FindHere(identity) is not { } participant)
        {
            return ModerationError.ParticipantNotFound;
        }

        if (!participant.Tracks.TryGetValue(trackSid, out var track))
        {
            return ModerationError.TrackNotFound;
        }

        if (!muted && track.Info.Muted && !_state.Options.EnableRemoteUnmute)
        {
            return ModerationError.RemoteUnmuteDisabled;
        }

        if (track.Info.Muted != muted)
        {
            _publishing.SetMuted(participant, track, muted, now);
            participant.Send(new SignalResponse { Mute = new MuteTrackRequest { Sid = trackSid, Muted = muted } });
        }

        info = track.Info.Clone();
        return ModerationError.None;
    }

    /// <summary>Empty metadata, name and attributes, and a null permission, leave things as they are.</summary>
    public ModerationError UpdateParticipant(UpdateParticipantRequest request, Instant now, out ParticipantInfo? info)
    {
        info = null;
        if (_state.Members.FindHere(request.Identity) is not { } participant)
        {
            return ModerationError.ParticipantNotFound;
        }

        var changesText = request.Metadata.Length > 0 || request.Name.Length > 0 || request.Attributes.Count > 0;
        if (changesText && !_texts.TryUpdate(participant, request.Name, request.Metadata, request.Attributes, now))
        {
            return ModerationError.LimitExceeded;
        }

        if (request.Permission is { } permission)
        {
            _rights.Set(participant, permission, now);
        }

        info = participant.Snapshot;
        return ModerationError.None;
    }

    public ModerationError UpdateSubscriptions(UpdateSubscriptionsRequest request, Instant now)
    {
        if (_state.Members.FindHere(request.Identity) is not { } participant)
        {
            return ModerationError.ParticipantNotFound;
        }

        _subscriptions.Update(participant, request.TrackSids, request.ParticipantTracks, request.Subscribe, now);
        return ModerationError.None;
    }

    /// <summary>Sends a message as the server. False when it is larger than a data channel carries.</summary>
    public bool SendData(SendDataRequest request, Instant now)
    {
        var packet = new DataPacket { Kind = request.Kind, User = new UserPacket { Payload = request.Data, Nonce = request.Nonce } };
        packet.DestinationIdentities.AddRange(request.DestinationIdentities);
        packet.User.DestinationIdentities.AddRange(request.DestinationIdentities);
        packet.User.DestinationSids.AddRange(request.DestinationSids);
        if (request.HasTopic)
        {
            packet.User.Topic = request.Topic;
        }

        return _data.FromServer(packet, request.Nonce, now);
    }

    /// <summary>False when the metadata is too large.</summary>
    public bool TrySetMetadata(string metadata, Instant now)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(metadata) > JoinLimits.MaxMetadata)
        {
            return false;
        }

        _state.Metadata = metadata;
        _updates.Send(now);
        _relayNews.RoomChanged(now);
        return true;
    }

    /// <summary>Calls a participant's method; <paramref name="done"/> is called on the loop, once.</summary>
    public ModerationError PerformRpc(PerformRpcRequest request, Action<RpcOutcome> done, Instant now)
    {
        if (_state.Members.FindHere(request.DestinationIdentity) is not { } callee)
        {
            return ModerationError.ParticipantNotFound;
        }

        _rpc.Perform(callee, request, done, now);
        return ModerationError.None;
    }
}
