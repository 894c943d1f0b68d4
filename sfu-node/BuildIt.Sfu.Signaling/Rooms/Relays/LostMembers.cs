using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;

namespace BuildIt.Sfu.Signaling.Rooms.Relays;

/// <summary>Members of other nodes who were known by links that are over: they stay for a while, because they may come another way. Used on the room's loop.</summary>
internal sealed class LostMembers(RoomMembers members, RemoteMembers remote, RelayNews news, RelayRefresh refresh, RoomTimer timer) : IDeadline
{
    /// <summary>How long somebody whose node cannot be heard stays in the room: about as long as it takes to find another way.</summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(8);

    private readonly Dictionary<RoomLink, Instant> _ended = [];

    public Instant NextDeadline { get; private set; } = Instant.Never;

    public void HandleTimeout(Instant now)
    {
        if (now < NextDeadline)
        {
            return;
        }

        NextDeadline = Instant.Never;
        foreach (var (link, at) in _ended.ToArray())
        {
            if (now - at < LostAfter)
            {
                NextDeadline = Instant.Min(NextDeadline, at + LostAfter);
                continue;
            }

            LoseAll(link, now);
        }

        timer.Schedule(NextDeadline);
    }

    public void LinkEnded(RoomLink link, Instant now)
    {
        if (members.Elsewhere.Any(member => member.Via == link))
        {
            _ended[link] = now;
            NextDeadline = Instant.Min(NextDeadline, now + LostAfter);
            timer.Schedule(NextDeadline);
        }
    }

    /// <summary>The other node has said everything: who came from it before and was not named is not there any more.</summary>
    public void HeardAll(RoomLink link, Instant now)
    {
        foreach (var old in _ended.Keys.Where(old => old.Options.Node == link.Options.Node).ToArray())
        {
            LoseAll(old, now);
        }
    }

    /// <summary>Nobody came back of those who are known by a link that has ended.</summary>
    private void LoseAll(RoomLink ended, Instant now)
    {
        _ended.Remove(ended);
        foreach (var member in members.Elsewhere.Where(member => member.Via == ended).ToArray())
        {
            Lose(member, now);
        }

        refresh.Ask(now);
    }

    /// <summary>Its node cannot be heard: it may be back with the same session, but for now it is gone, and those further on are told.</summary>
    private void Lose(RemoteMember member, Instant now)
    {
        var wasPublisher = member.IsPublisher;
        remote.Remove(member, DisconnectReason.ConnectionTimeout, now, isLost: true);
        news.MemberLost(member, wasPublisher, DisconnectReason.ConnectionTimeout, now);
    }
}
