using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms.Events;

/// <summary>Learns what happens in rooms, in order. Called on the room's loop; must not block.</summary>
public interface IRoomObserver
{
    void OnEvent(RoomEvent happened)
    {
    }

    /// <summary>The room has ended here and takes nothing more; at the node that owns it the event of that has come before.</summary>
    void OnEnded(RoomEndReason reason)
    {
    }

    /// <summary>A participant is held back by a limit. Told at most every <see cref="LimitReports.NoticeInterval"/> of each.</summary>
    void OnLimited(ParticipantSid participant, ClientLimit limit)
    {
    }
}

/// <summary>Several observers as one, told in order.</summary>
internal sealed class RoomObservers(IEnumerable<IRoomObserver> observers) : IRoomObserver
{
    private readonly IRoomObserver[] _observers = [.. observers];

    public void OnEvent(RoomEvent happened)
    {
        foreach (var observer in _observers)
        {
            observer.OnEvent(happened);
        }
    }

    public void OnEnded(RoomEndReason reason)
    {
        foreach (var observer in _observers)
        {
            observer.OnEnded(reason);
        }
    }

    public void OnLimited(ParticipantSid participant, ClientLimit limit)
    {
        foreach (var observer in _observers)
        {
            observer.OnLimited(participant, limit);
        }
    }
}
