using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Why a moderation request could not be carried out.</summary>
public enum ModerationError
{
    None,
    ParticipantNotFound,
    TrackNotFound,
    RemoteUnmuteDisabled,
    LimitExceeded,
}

/// <summary>What the server API does to a room.</summary>
public sealed partial class RoomCore
{
    public IReadOnlyList<ParticipantInfo> ListParticipants() => [.. Members.Where(p => !p.Hidden).Select(p => p.Snapshot)];

    public ParticipantInfo? FindParticipant(string identity) => _byIdentity.GetValueOrDefault(identity)?.Snapshot ?? Relays.Find(identity)?.Snapshot;

    public ModerationError RemoveParticipant(string identity, Instant now)
    {
        if (!_byIdentity.TryGetValue(identity, out var participant))
        {
            return ModerationError.ParticipantNotFound;
        }

        Leave(participant, DisconnectReason.ParticipantRemoved, LeaveAction.Disconnect, now);
        return ModerationError.None;
    }

    public ModerationError MuteTrack(string identity, string trackSid, bool muted, Instant now, out TrackInfo? info)
    {
        info = null;
        if (!_byIdentity.TryGetValue(identity, out var participant))
        {
            return ModerationError.ParticipantNotFound;
        }

        if (!participant.Tracks.TryGetValue(trackSid, out var track))
        {
            return ModerationError.TrackNotFound;
        }

        if (!muted && track.Info.Muted && !Options.EnableRemoteUnmute)
        {
            return ModerationError.RemoteUnmuteDisabled;
        }

        if (track.Info.Muted != muted)
        {
            Publishing.SetMuted(participant, track, muted, now);
            participant.Send(new SignalResponse { Mute = new MuteTrackRequest { Sid = trackSid, Muted = muted } });
        }

        info = track.Info.Clone();
        return ModerationError.None;
    }

    /// <summary>Empty metadata, name and attributes, and a null permission, leave things as they are.</summary>
    public ModerationError UpdateParticipant(UpdateParticipantRequest request, Instant now, out ParticipantInfo? info)
    {
        info = null;
        if (!_byIdentity.TryGetValue(request.Identity, out var participant))
        {
            return ModerationError.ParticipantNotFound;
        }

        var changesText = request.Metadata.Length > 0 || request.Name.Length > 0 || request.Attributes.Count > 0;
        if (changesText && !TryUpdate(participant, request.Name, request.Metadata, request.Attributes, now))
        {
            return ModerationError.LimitExceeded;
        }

        if (request.Permission is { } permission)
        {
            SetPermission(participant, permission, now);
        }

        info = participant.Snapshot;
        return ModerationError.None;
    }

    public ModerationError UpdateSubscriptions(UpdateSubscriptionsRequest request, Instant now)
    {
        if (!_byIdentity.TryGetValue(request.Identity, out var participant))
        {
            return ModerationError.ParticipantNotFound;
        }

        Subscriptions.Update(participant, request.TrackSids, request.Subscribe, now);
        foreach (var publisher in request.ParticipantTracks)
        {
            Subscriptions.Update(participant, publisher.TrackSids, request.Subscribe, now);
        }

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

        return Data.FromServer(packet, request.Nonce, now);
    }

    /// <summary>False when the metadata is too large.</summary>
    public bool TrySetMetadata(string metadata, Instant now)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(metadata) > JoinLimits.MaxMetadata)
        {
            return false;
        }

        _metadata = metadata;
        SendRoomUpdate(now);
        Relays.RoomChanged(now);
        return true;
    }

    /// <summary>Calls a participant's method; <paramref name="done"/> is called on the loop, once.</summary>
    public ModerationError PerformRpc(PerformRpcRequest request, Action<RpcOutcome> done, Instant now)
    {
        if (!_byIdentity.TryGetValue(request.DestinationIdentity, out var callee))
        {
            return ModerationError.ParticipantNotFound;
        }

        Rpc.Perform(callee, request, done, now);
        return ModerationError.None;
    }

    /// <summary>Changes texts within the limits; an empty name or metadata, and absent attributes, stay as they are.</summary>
    internal bool TryUpdate(
        Participant participant, string name, string metadata, IEnumerable<KeyValuePair<string, string>> attributes, Instant now)
    {
        var merged = new Dictionary<string, string>(participant.Attributes, StringComparer.Ordinal);
        foreach (var (key, value) in attributes)
        {
            if (value.Length == 0)
            {
                merged.Remove(key);
            }
            else
            {
                merged[key] = value;
            }
        }

        var nextMetadata = metadata.Length > 0 ? metadata : participant.Metadata;
        if (name.Length > JoinLimits.MaxName || !JoinLimits.Fits(nextMetadata, merged))
        {
            return false;
        }

        var nextName = name.Length > 0 ? name : participant.Name;
        if (!Bounds.MaySay(participant, TextSize(nextName, nextMetadata, merged) - TextSize(participant.Name, participant.Metadata, participant.Attributes)))
        {
            return false;
        }

        participant.Name = nextName;
        participant.Metadata = nextMetadata;
        participant.Attributes.Clear();
        foreach (var (key, value) in merged)
        {
            participant.Attributes.Add(key, value);
        }

        participant.Changed();
        News.Publish(participant, now);
        return true;
    }

    private static int TextSize(string name, string metadata, IReadOnlyDictionary<string, string> attributes) =>
        System.Text.Encoding.UTF8.GetByteCount(name) + System.Text.Encoding.UTF8.GetByteCount(metadata) + JoinLimits.Size(attributes);

    /// <summary>Applies new permissions at once: what is no longer allowed ends, what is now allowed starts.</summary>
    internal void SetPermission(Participant participant, ParticipantPermission permission, Instant now)
    {
        if (participant.Permission.Equals(permission))
        {
            return;
        }

        var wasHidden = participant.Hidden;
        participant.Permission = permission.Clone();
        participant.RightsSince = Services.Clock.At(now);
        foreach (var track in participant.Tracks.Values.Where(t => !MayPublish(participant, t.Info.Source)).ToArray())
        {
            Publishing.Unpublish(participant, track, now);
        }

        if (!permission.CanPublishData)
        {
            DataTracks.RemoveAll(participant, now);
        }

        participant.Changed();
        if (participant.Hidden && !wasHidden)
        {
            News.PublishGone(participant, participant.IsPublisher, now);
        }

        News.Publish(participant, now);
        Subscriptions.ReconcileSubscriber(participant, now);
        Subscriptions.ReconcilePublisher(participant, now);
        DataTracks.ReconcileSubscriber(participant, now);
        DataTracks.ReconcilePublisher(participant, now);
        RefreshToken(participant, now);
        RoomChanged(now);
    }
}
