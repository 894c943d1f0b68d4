using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>What a fleet sets while the room is open, and what it is told about the room as a whole.</summary>
public sealed partial class RoomCore
{
    private TimeSpan _servedBefore;

    private Instant? _emptySince;

    /// <summary>Whether anybody has ever joined.</summary>
    public bool EverJoined { get; private set; }

    /// <summary>For how long nobody has been there; null while somebody is there or nobody has been.</summary>
    public TimeSpan? EmptyFor(Instant now) => now - _emptySince;

    public int PublisherCount
    {
        get
        {
            var count = 0;
            foreach (var participant in _bySid.Values)
            {
                count += participant.IsPublisher ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>Participants that may receive media.</summary>
    public int SubscriberCount
    {
        get
        {
            var count = 0;
            foreach (var participant in _bySid.Values)
            {
                count += participant.Permission.CanSubscribe ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>True when there are tracks and each is announced as encrypted end to end.</summary>
    public bool IsEndToEndEncrypted
    {
        get
        {
            foreach (var track in _tracks.Values)
            {
                if (track.Info.Encryption == Encryption.Types.Type.None)
                {
                    return Options.E2eeRequired;
                }
            }

            return Options.E2eeRequired || _tracks.Count > 0;
        }
    }

    /// <summary>Time that participants have spent here, added up.</summary>
    public TimeSpan ParticipantTime(Instant now)
    {
        var total = _servedBefore;
        foreach (var participant in _bySid.Values)
        {
            total += Services.Clock.At(now) - participant.JoinedAt;
        }

        return total;
    }

    /// <summary>Those who are connected here by the region in which they arrived (empty for this node's own), with how many of them publish.</summary>
    public IReadOnlyDictionary<string, (int Participants, int Publishers)> Arrivals()
    {
        var arrivals = new Dictionary<string, (int Participants, int Publishers)>(StringComparer.Ordinal);
        foreach (var participant in _bySid.Values)
        {
            var (participants, publishers) = arrivals.GetValueOrDefault(participant.Join.Arrival);
            arrivals[participant.Join.Arrival] = (participants + 1, publishers + (participant.IsPublisher ? 1 : 0));
        }

        return arrivals;
    }

    /// <summary>Who is connected here: identity, when they joined, whether they publish.</summary>
    public IReadOnlyList<(string Identity, DateTimeOffset JoinedAt, bool Publishes)> MembersHere() =>
        [.. _bySid.Values.Select(p => (p.Identity, p.JoinedAt, p.IsPublisher))];

    /// <summary>Takes new settings over at once. The name and the trailer for server-made frames stay as they are.</summary>
    public void Reconfigure(RoomOptions options, Instant now)
    {
        var old = Options;
        var next = options with { Name = old.Name, Sid = old.Sid, SifTrailer = old.SifTrailer, Metadata = old.Metadata };
        if (Ended || next == old)
        {
            return;
        }

        Options = next;
        if (_bySid.Count == 0)
        {
            CloseAfter(!EverJoined ? next.EmptyTimeout : next.DepartureTimeout, now);
        }

        foreach (var participant in _bySid.Values)
        {
            foreach (var track in participant.Tracks.Values.Where(t => !MayPublish(participant, t.Info.Source)).ToArray())
            {
                Publishing.Unpublish(participant, track, now);
            }
        }

        RoomChanged(now);
    }

    /// <summary>Removes a participant whose token was issued before <paramref name="notBefore"/> or does not say when.</summary>
    /// <returns>False when there is none.</returns>
    public bool Revoke(string identity, DateTimeOffset notBefore, Instant now)
    {
        Relays.Revoked(identity, notBefore, now);
        return RevokeHere(identity, notBefore, now);
    }

    internal bool RevokeHere(string identity, DateTimeOffset notBefore, Instant now)
    {
        if (!_byIdentity.TryGetValue(identity, out var participant) || participant.Claims.IssuedAt >= notBefore)
        {
            return false;
        }

        Leave(participant, DisconnectReason.ParticipantRemoved, LeaveAction.Disconnect, now);
        return true;
    }

    internal bool MayPublish(Participant participant, TrackSource source) =>
        (Options.AllowScreenShare || source is not (TrackSource.ScreenShare or TrackSource.ScreenShareAudio))
        && Permissions.MayPublish(participant.Permission, source);

    private void CloseAfter(TimeSpan timeout, Instant now)
    {
        _closeAt = Options.EndsWhenEmpty ? now + timeout : Instant.Never;
        Schedule(_closeAt);
    }
}
