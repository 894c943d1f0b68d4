using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>What happens by the passing of time: closing, room updates, fresh tokens, giving up on media.</summary>
public sealed partial class RoomCore
{
    public static readonly TimeSpan FirstTokenRefresh = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan TokenRefreshInterval = TimeSpan.FromMinutes(5);

    /// <summary>Validity of a refreshed token: long enough to outlast a missed refresh.</summary>
    public static readonly TimeSpan RefreshedTokenLifetime = TimeSpan.FromMinutes(10);

    /// <summary>Shortest time between two updates about counts.</summary>
    public static readonly TimeSpan RoomUpdateInterval = TimeSpan.FromSeconds(5);

    // Participants may leave while they are walked. Kept, because a large room has something due several times a second.
    private readonly List<Participant> _walked = [];

    private Instant _closeAt;
    private Instant _roomUpdateAt = Instant.Never;
    private Instant _lastRoomUpdate = Instant.Zero - RoomUpdateInterval;

    public void HandleTimeout(Instant now)
    {
        if (Ended)
        {
            return;
        }

        if (_closeAt <= now && _bySid.Count == 0)
        {
            End(DisconnectReason.RoomClosed, RoomEndReason.RoomEndIdleTimeout, now);
            return;
        }

        News.HandleTimeout(now);
        Sweeps.HandleTimeout(now);
        DataHandles.HandleTimeout(now);
        Relays.HandleTimeout(now);
        if (_roomUpdateAt <= now)
        {
            SendRoomUpdate(now);
        }

        var next = Instant.Min(Instant.Min(_closeAt, _roomUpdateAt), Instant.Min(News.NextDeadline, Rpc.HandleTimeout(now)));
        _walked.Clear();
        _walked.AddRange(_bySid.Values);
        foreach (var participant in _walked)
        {
            next = Instant.Min(next, HandleTimeout(participant, now));
        }

        // Something above may have asked for an earlier moment already.
        NextDeadline = Instant.Min(
            Instant.Min(Instant.Min(next, _closeAt), Instant.Min(_roomUpdateAt, News.NextDeadline)), Instant.Min(Relays.NextDeadline, Instant.Min(Sweeps.NextDeadline, DataHandles.NextDeadline)));
    }

    /// <summary>Makes sure that <see cref="HandleTimeout(Instant)"/> is called by <paramref name="at"/>.</summary>
    internal void Schedule(Instant at)
    {
        if (at < NextDeadline)
        {
            NextDeadline = at;
            _deadlineMoved();
        }
    }

    /// <summary>Counts changed: everybody learns it, but not more often than the interval.</summary>
    internal void RoomChanged(Instant now)
    {
        if (Ended)
        {
            return;
        }

        _roomUpdateAt = Instant.Min(_roomUpdateAt, Instant.Max(now, _lastRoomUpdate + RoomUpdateInterval));
        Schedule(_roomUpdateAt);
    }

    internal void PublishersChanged(Instant now) => RoomChanged(now);

    /// <summary>Gives a participant a token that carries what it may do now.</summary>
    internal void RefreshToken(Participant participant, Instant now)
    {
        participant.NextTokenRefresh = now + TokenRefreshInterval;
        Schedule(participant.NextTokenRefresh);
        var claims = participant.Claims with
        {
            IssuedAt = participant.RightsSince,
            Name = participant.Name,
            Metadata = participant.Metadata,
            Attributes = new Dictionary<string, string>(participant.Attributes),
            Video = Permissions.ToGrant(participant.Permission, participant.Claims.Video),
        };
        participant.Send(new SignalResponse
        {
            RefreshToken = Services.Tokens.Sign(claims, Services.Clock.At(now), RefreshedTokenLifetime),
        });
    }

    internal void SendRoomUpdate(Instant now)
    {
        _roomUpdateAt = Instant.Never;
        _lastRoomUpdate = now;
        OutboundSignal message = new SignalResponse { RoomUpdate = new RoomUpdate { Room = Info() } };
        foreach (var participant in Participants)
        {
            participant.Send(message);
        }
    }

    private Instant HandleTimeout(Participant participant, Instant now)
    {
        if (participant.MediaDeadline <= now)
        {
            if (participant.EverActive)
            {
                Leave(participant, DisconnectReason.ConnectionTimeout, LeaveAction.Reconnect, now);
            }
            else
            {
                Leave(participant, DisconnectReason.JoinFailure, LeaveAction.Disconnect, now);
            }

            return Instant.Never;
        }

        if (participant.NextTokenRefresh <= now)
        {
            RefreshToken(participant, now);
        }

        if (participant.HeldNews is { } news && news.Until <= now)
        {
            TellHeldNews(participant, now);
        }

        if (participant.Simulation.SpeakingUntil <= now)
        {
            participant.Simulation.SpeakingUntil = Instant.Never;
            ToReceivers([new SpeakerInfo { Sid = participant.Sid.Value }], s => s.Sid, MakeSpeakers);
        }

        return Instant.Min(
            Instant.Min(participant.HeldNews?.Until ?? Instant.Never, Instant.Min(participant.MediaDeadline, participant.NextTokenRefresh)),
            Instant.Min(participant.Simulation.SpeakingUntil, SubscriptionEngine.HandleTimeout(participant, now)));
    }
}
