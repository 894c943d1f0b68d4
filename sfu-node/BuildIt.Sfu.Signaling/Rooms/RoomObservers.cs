using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

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

    public void OnEnded(RoomCore room, RoomEndReason reason)
    {
        foreach (var observer in _observers)
        {
            observer.OnEnded(room, reason);
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
