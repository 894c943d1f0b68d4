using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;
using RoomState = BuildIt.Sfu.Signaling.Rooms.Members.RoomState;

namespace BuildIt.Sfu.Signaling.Rooms.Relays;

/// <summary>
/// Keeps who is connected to other nodes as those nodes tell of them, so that to everybody here they are members as any. Each node passes on
/// what it hears, so that all of them know the same. Used on the room's loop.
/// </summary>
internal sealed class RemoteMembers(
    RoomState state,
    RoomLifetime lifetime,
    ClientLimits limits,
    RoomLinks links,
    RemoteTracks tracks,
    Departures departures,
    PublisherSweeps sweeps,
    GoneMembers gone,
    ParticipantNews news,
    RoomUpdates updates)
{
    private const int MaxMembers = 10_000;
    private const int MaxRemembered = 1_000;


    // Sessions that are over: what is said of them later comes from nodes that have not heard of it.
    private readonly RecentSet<string> _over = new(MaxRemembered);

    // What all members of other nodes say of themselves, in bytes.
    private long _said;

    /// <summary>A node says who somebody is that is connected to it.</summary>
    public void Hear(RoomLink link, RelayMessage message, Instant now)
    {
        var said = message.Member;
        var sid = said.Info.Sid;
        if (sid.Length == 0 || said.Info.Identity.Length == 0 || state.Members.FindSessionHere(sid) is not null || _over.Contains(sid))
        {
            return;
        }

        // A session is of one identity for as long as it lasts.
        var known = state.Members.FindSessionElsewhere(sid);
        if (known is not null && known.Identity != said.Info.Identity)
        {
            return;
        }

        var moves = known is not null && known.Via != link;
        if (known is not null && (said.Version < known.Version || (said.Version == known.Version && (!moves || known.IsHeard))))
        {
            return;
        }

        if (state.Members.FindHere(said.Info.Identity) is { } here)
        {
            if (MayStay(here, said))
            {
                return;
            }

            departures.Leave(here, DisconnectReason.DuplicateIdentity, LeaveAction.Disconnect, now);
        }

        if (state.Members.FindElsewhere(said.Info.Identity) is { } same && same != known)
        {
            if (said.Replaces.Contains(same.Sid.Value) || said.Info.JoinedAtMs > same.Snapshot.JoinedAtMs)
            {
                Forget(same, DisconnectReason.DuplicateIdentity, now);
            }
            else
            {
                return;
            }
        }

        if (known is null && state.Members.Elsewhere.Count >= MaxMembers)
        {
            return;
        }

        if ((known is null && !link.Allowance.TryTakeArrival(now))
            || _said + said.CalculateSize() - (known?.SaidSize ?? 0) > limits.RoomNewsBytes * 2L)
        {
            link.Fail(RelayFailure.Flood, now);
            return;
        }

        Take(link, known, said, now);
        links.Pass(message, link, now);
    }

    /// <summary>A node says that somebody who is connected to it, or was heard by it, is gone.</summary>
    /// <returns>Whether that one may be heard another way, which was not taken while this one seemed to go.</returns>
    public bool HearGone(RoomLink link, RelayMessage message, Instant now)
    {
        var said = message.MemberGone;
        if (state.Members.FindSessionElsewhere(said.Sid) is not { } member || (member.Via != link && said.Lost))
        {
            return false;
        }

        if (!said.Lost)
        {
            _over.Add(said.Sid);
        }

        Remove(member, said.Reason, now, isLost: said.Lost);
        links.Pass(message, link, now);
        return said.Lost;
    }

    /// <summary>A member of another node is here now under another session, or is not to be seen any more.</summary>
    public void Forget(RemoteMember member, DisconnectReason reason, Instant now)
    {
        _over.Add(member.Sid.Value);
        Remove(member, reason, now);
    }

    /// <param name="member">Who is to be seen no more.</param>
    /// <param name="reason">Why.</param>
    /// <param name="now">The time.</param>
    /// <param name="isLost">It may be there all the same: what other links said of its tracks holds, and is not said again.</param>
    public void Remove(RemoteMember member, DisconnectReason reason, Instant now, bool isLost = false)
    {
        state.Members.Remove(member);
        _said -= member.SaidSize;
        tracks.EndAll(member, isLost, now);
        gone.Forget(member, now);
        if (!member.Hidden)
        {
            news.PublishGone(member, member.IsPublisher, now, reason);
        }

        if (member.Via.Options.IsInner)
        {
            lifetime.LeftPart(now);
        }
    }

    /// <summary>Of two sessions of one identity, whether the one that is here stays.</summary>
    private static bool MayStay(Participant here, MemberChanged there)
    {
        if (there.Replaces.Contains(here.Sid.Value))
        {
            return false;
        }

        // Neither knew of the other: the later one stays, at every node alike.
        var joined = here.JoinedAt.ToUnixTimeMilliseconds();
        return here.Replaces.Contains(there.Info.Sid)
            || joined > there.Info.JoinedAtMs
            || (joined == there.Info.JoinedAtMs && string.CompareOrdinal(here.Sid.Value, there.Info.Sid) > 0);
    }

    /// <summary>Whether a member says the same again.</summary>
    private static bool Says(MemberChanged before, MemberChanged now) => before.Info.Equals(now.Info) && Equals(before.Access, now.Access);

    private void Take(RoomLink link, RemoteMember? known, MemberChanged said, Instant now)
    {
        var isNew = known is null;
        var wasHidden = known?.Hidden ?? false;
        var wasPublisher = known?.IsPublisher ?? false;
        var moves = !isNew && known!.Via != link;
        var unchanged = !isNew && Says(known!.Said, said);
        var member = known ?? new RemoteMember(said, link);
        var countedBefore = known?.CountsAsParticipant ?? false;
        _said -= known?.SaidSize ?? 0;
        member.Update(said);
        _said += member.SaidSize;
        member.Via = link;
        if (isNew)
        {
            state.Members.Add(member);
            if (link.Options.IsInner)
            {
                lifetime.Joined();
            }
        }

        tracks.Follow(member, now);
        tracks.Receive(link, member, now);
        if (moves)
        {
            tracks.Moved(member, now);
        }

        if (unchanged)
        {
            return;
        }

        member.Access = said.Access is { } access ? SubscriptionAccess.From(access) : null;
        if (!isNew)
        {
            sweeps.Start(member, now);
        }

        if (member.Hidden && !isNew && !wasHidden)
        {
            news.PublishGone(member, wasPublisher, now);
        }
        else if (!member.Hidden)
        {
            news.Publish(member, said.AtOnce, now);
        }

        updates.CountsChanged(now);
        if (member.CountsAsParticipant && !countedBefore)
        {
            EnforceLimit(now);
        }
    }

    /// <summary>Two nodes may have let in the last one at once: the last of all goes again, wherever that is.</summary>
    private void EnforceLimit(Instant now)
    {
        var limit = state.Options.MaxParticipants;
        if (limit <= 0)
        {
            return;
        }

        var counted = state.Members.All.Where(member => member.CountsAsParticipant).ToArray();
        if (counted.Length > limit
            && counted.OrderBy(member => member.Snapshot.JoinedAtMs).ThenBy(member => member.Sid.Value, StringComparer.Ordinal).ElementAt(limit) is Participant last)
        {
            departures.Leave(last, DisconnectReason.ParticipantRemoved, LeaveAction.Disconnect, now);
        }
    }
}
