using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.News;

namespace BuildIt.Sfu.Signaling.Rooms.Relays;

/// <summary>
/// Has everybody said anew after links broke or ended, so that what was known by them is known by others: at this node, and, by asking, at
/// all that can be reached. Used on the room's loop.
/// </summary>
internal sealed class RelayRefresh(RoomLinks links, RelayNumbers numbers, RelayNews news, RoomTimer timer) : IDeadline
{
    /// <summary>Shortest time between two rounds in which everybody here is said anew because others ask.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private Instant _saidAt = Instant.Zero;

    // A link broke: what others know by it has to come another way.
    private bool _broke;

    public Instant NextDeadline { get; private set; } = Instant.Never;

    public void HandleTimeout(Instant now)
    {
        if (NextDeadline <= now)
        {
            SayAll(now);
        }
    }

    /// <summary>Asks all nodes that can be reached to say anew who is there.</summary>
    public void Ask(Instant now)
    {
        if (links.AnyUp)
        {
            links.Tell(new RelayMessage { Refresh = new Refresh { Id = numbers.Next() } }, now);
        }
    }

    /// <summary>Everybody is said anew, here and wherever this node is heard.</summary>
    public void SayAnew(Instant now)
    {
        Ask(now);
        SayAll(now);
    }

    /// <summary>A link is over: as it was meant to be, or not.</summary>
    public void LinkEnded(bool broke, Instant now)
    {
        _broke |= broke;
        Ask(now);
    }

    /// <summary>Another node is heard, and has been told everything.</summary>
    public void LinkUp(Instant now)
    {
        if (_broke)
        {
            // The other node may believe that it still hears those here by the way that broke further on: what is said anew is newer.
            _broke = false;
            SayAnew(now);
        }
    }

    /// <summary>Another node asks to have everybody said anew.</summary>
    public void Hear(RoomLink link, RelayMessage message, Instant now)
    {
        if (!numbers.IsNewRefresh(message.Refresh.Id))
        {
            return;
        }

        NextDeadline = Instant.Min(NextDeadline, Instant.Max(now, _saidAt + Interval));
        if (NextDeadline <= now)
        {
            SayAll(now);
        }
        else
        {
            timer.Schedule(NextDeadline);
        }

        links.Pass(message, link, now);
    }

    private void SayAll(Instant now)
    {
        NextDeadline = Instant.Never;
        _saidAt = now;
        news.SayAll(now);
    }
}
